// What a rater goes through: consent, headphones, items one by one, thanks. Where the answers are kept is the store's
// matter. Every step is a form or buttons, and each new step is announced by its heading, which gets the focus.

import { PASSED, TRIALS, newTrial, playTone, playTrial } from "./sound.js";
import { Stopwatch, TunePlayer, button, choice, chosenLanguage, chosenOf, element, keepLanguage } from "./elements.js";

const SECONDS_HEARD = 3; // of each tune, before an answer is taken
const SECONDS_OF_ITEM = { pairs: 70, rating: 60, machine: 35 };

export class RaterPage {
  constructor(root, test, store, texts, language, closed = false) {
    Object.assign(this, { root, test, store, texts, language, closed });
    const chosen = chosenLanguage();
    if (texts[chosen]) this.language = chosen;
    this.watch = null;
    this.again = () => {};
  }

  say(key, values = {}) {
    return this.texts[this.language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }

  async start() {
    try {
      this.state = await this.store.load();
    } catch (error) {
      this.show(() => [this.heading(this.say("title")), element("p", { class: "wrong", role: "alert", text: error.message })]);
      return;
    }
    if (this.closed && !this.state?.finished) this.show(() => [this.heading(this.say("title")), element("p", { text: this.say("closed") })]);
    else this.show(this.state ? this.stepAfterReturn() : () => this.welcome());
  }

  // ---------------------------------------------------------------- steps

  show(step) {
    this.again = step;
    this.watch?.stop();
    this.watch = null;
    document.documentElement.lang = this.language === "zh" ? "zh-CN" : this.language;
    document.title = this.test.title || this.say("title");
    this.root.replaceChildren(this.languages(), ...step());
    const heading = this.root.querySelector("h1, h2");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus();
    window.scrollTo(0, 0);
  }

  languages() {
    const names = { en: "English", zh: "中文" };
    const row = element("p", { class: "languages", role: "group", "aria-label": this.say("language") });
    for (const language of Object.keys(this.texts)) {
      const chosen = language === this.language;
      row.append(button(names[language], () => { keepLanguage(language); this.language = language; this.show(this.again); }, {
        "aria-pressed": String(chosen), lang: language === "zh" ? "zh-CN" : language, class: "plain",
      }));
    }
    return row;
  }

  heading(text) {
    return element("h1", { text });
  }

  message() {
    return element("p", { class: "wrong", role: "alert" });
  }

  welcome() {
    const { items, kind } = this.test;
    const minutes = Math.max(2, Math.round((items * SECONDS_OF_ITEM[kind]) / 60) + 2);
    const box = element("input", { type: "checkbox", id: "consent" });
    const message = this.message();
    const form = element("form", { onsubmit: (event) => {
      event.preventDefault();
      if (!box.checked) { message.textContent = this.say("consent_needed"); box.focus(); return; }
      this.keep(message, () => this.store.begin(), () => this.headphones());
    } },
      element("p", { class: "row" }, box, element("label", { for: "consent", text: this.say("consent_box") })),
      message, element("p", {}, element("button", { class: "main", text: this.say("begin") })));
    const where = this.say(this.store.byFile ? "consent_file" : "consent_server");
    return [
      this.heading(this.test.title || this.say("untitled")),
      element("p", { text: this.say(`intro_${kind}`, { items }) }), element("p", { text: this.say("intro_how", { minutes }) }),
      element("h2", { text: this.say("consent_title") }),
      element("p", { text: this.say("consent") }), element("p", { text: where }), form,
    ];
  }

  stepAfterReturn() {
    if (this.state.finished) return () => this.done();
    if (this.state.headphones === undefined) return () => this.headphones();
    const done = Object.keys(this.state.answers).length;
    return done ? () => this.paused("welcome_back", { done, of: this.state.order.length }) : () => this.item(0);
  }

  headphones() {
    const message = this.message();
    return [
      this.heading(this.say("headphones_title")), element("p", { text: this.say("headphones_why") }),
      element("p", { class: "row" }, button(this.say("headphones_volume"), () => playTone())),
      message,
      element("p", { class: "row" },
        button(this.say("headphones_start"), () => this.show(this.trialStep(1, 0)), { class: "main" }),
        button(this.say("headphones_skip"), () => this.keep(message, () => this.store.saveHeadphones(null), () => this.item(0)))),
    ];
  }

  trialStep(number, right) {
    const trial = newTrial();
    return () => {
      const message = this.message();
      const options = ["first", "second", "third"].map((name, i) => [String(i), this.say(`headphones_${name}`)]);
      const play = button(this.say("headphones_play"), async () => {
        play.disabled = true;
        await playTrial(trial);
        play.disabled = false;
      });
      const form = element("form", { onsubmit: (event) => {
        event.preventDefault();
        const chosen = chosenOf(form, "quietest");
        if (chosen === undefined) { message.textContent = this.say("headphones_choose"); return; }
        const sum = right + (Number(chosen) === trial.quiet ? 1 : 0);
        this.show(number < TRIALS ? this.trialStep(number + 1, sum) : () => this.checked(sum));
      } },
        element("p", {}, play), choice("quietest", this.say("headphones_question"), options),
        message, element("p", {}, element("button", { class: "main", text: this.say("next") })));
      return [this.heading(this.say("headphones_trial", { number, of: TRIALS })), form];
    };
  }

  checked(right) {
    const message = this.message();
    const passed = right >= PASSED;
    const goOn = button(this.say("go_on"), () => this.keep(message, () => this.store.saveHeadphones(right), () => this.item(0)), { class: "main" });
    return [
      this.heading(this.say("headphones_title")),
      element("p", { text: this.say(passed ? "headphones_passed" : "headphones_failed", { right, of: TRIALS }) }), message,
      element("p", { class: "row" }, goOn, passed ? null : button(this.say("headphones_again"), () => this.show(this.trialStep(1, 0)))),
    ];
  }

  // ---------------------------------------------------------------- items

  item(number) {
    const { order, answers } = this.state;
    const { item, tunes } = order[number];
    const before = answers[item];
    const labels = tunes.length === 2 ? ["tune_first", "tune_second"] : ["tune_only"];
    const players = tunes.map((tune, i) => new TunePlayer(this.say(labels[i]), this.store.sound(tune)));
    const message = this.message();
    const watch = new Stopwatch();
    this.watch = watch;
    const form = element("form", { onsubmit: (event) => {
      event.preventDefault();
      const values = this.values(form, tunes);
      const heard = players.map((player, i) => Math.max(player.share, before?.heard[i] ?? 0));
      if (!before && players.some((player) => player.seconds < SECONDS_HEARD && player.share < 0.9)) {
        message.textContent = this.say("listen_first");
      } else if (!values) {
        message.textContent = this.say("answer_all");
      } else {
        const seconds = (before?.seconds ?? 0) + watch.seconds;
        const answer = { item, first: tunes[0], values, seconds: Math.min(seconds, 86400), heard };
        this.keep(message, () => this.store.saveAnswer(answer), () => this.after(number));
      }
    } },
      element("div", { class: "players" }, ...players.map((player) => player.element)),
      ...this.questions(tunes, before?.values), message,
      element("p", { class: "row" },
        element("button", { class: "main", text: this.say("next") }),
        number ? button(this.say("back"), () => this.show(() => this.item(number - 1))) : null,
        button(this.say("pause"), () => this.show(() => this.paused("paused")))));
    const told = { number: number + 1, of: order.length };
    return [
      this.heading(this.say(`item_${this.test.kind}`, told)),
      element("progress", { max: order.length, value: Object.keys(answers).length, "aria-label": this.say(`item_${this.test.kind}`, told) }),
      this.store.keeps ? null : element("p", { class: "wrong", text: this.say("not_kept") }), form,
    ].filter(Boolean);
  }

  questions(tunes, before) {
    const { kind, questions } = this.test;
    if (kind === "pairs") {
      const options = tunes.map((tune, i) => [tune, this.say(i ? "prefer_second" : "prefer_first")]);
      return [choice("prefer", this.say("prefer"), options, before?.prefer)];
    }
    if (kind === "machine") {
      const options = [["true", this.say("machine_yes")], ["false", this.say("machine_no")]];
      return [choice("machine", this.say("machine"), options, before && String(before.machine))];
    }
    const scale = ["1", "2", "3", "4", "5"].map((value) => [value, value]);
    const asked = questions.map((name) => choice(name, this.say(name), scale, before && String(before[name]), this.say(`${name}_asks`)));
    return [element("p", { class: "quiet", text: this.say("lowest") }), element("div", { class: "questions" }, ...asked)];
  }

  values(form, tunes) {
    const found = {};
    for (const name of this.test.questions) {
      const chosen = chosenOf(form, name);
      if (chosen === undefined) return null;
      found[name] = this.test.kind === "pairs" ? chosen : JSON.parse(chosen);
    }
    return found;
  }

  after(number) {
    const { order, answers } = this.state;
    if (number + 1 < order.length) return this.item(number + 1);
    const left = order.findIndex(({ item }) => !answers[item]);
    return left < 0 ? this.finishing() : this.item(left);
  }

  paused(key, values = {}) {
    const { order, answers } = this.state;
    const left = order.findIndex(({ item }) => !answers[item]);
    const goOn = () => this.show(() => (left < 0 ? this.finishing() : this.item(left)));
    const told = key === "paused" && !this.store.keeps ? "not_kept" : key;
    return [
      this.heading(this.say(key === "paused" ? "paused_title" : "title")),
      element("p", { text: this.say(told, values) }), element("p", {}, button(this.say("resume"), goOn, { class: "main" })),
    ];
  }

  finishing() {
    const message = this.message();
    this.keep(message, () => this.store.finish(), () => this.done());
    return [this.heading(this.say("done_title")), message, element("p", {}, button(this.say("go_on"), () => this.show(() => this.finishing())))];
  }

  done() {
    const file = this.store.byFile;
    const parts = [
      this.heading(this.say("done_title")), element("p", { text: this.say("done") }),
      element("p", { text: this.say(file ? "done_file" : "done_server") }),
    ];
    if (!file) return parts;
    const another = button(this.say("another"), () => { this.store.forget(); this.start(); });
    another.disabled = true; // until the answers, which it forgets, are saved
    const save = () => { this.download(); another.disabled = false; };
    return [...parts,
      element("p", {}, button(this.say("download"), save, { class: "main" })),
      element("p", { class: "row" }, another,
        element("span", { class: "quiet", text: this.say("another_note") })),
    ];
  }

  download() {
    const { name, text } = this.store.file(this.language);
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    element("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  // Saves, then shows the next step; where that fails says so, and stays.
  async keep(message, save, next) {
    try {
      this.state = await save();
    } catch (error) {
      message.textContent = this.say("not_saved", { reason: error.message });
      return;
    }
    this.show(next);
  }
}
