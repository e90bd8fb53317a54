// One training on the page: where it stands, its curve, its honest numbers, and what can be done with it.

import { ask, events } from "./api.js";
import { Curve } from "./learn_curve.js";
import { Hearing } from "./learn_hear.js";
import { Pages } from "./learn_pages.js";
import { count, element, explained, figure, figures, known, lasting, pause, percent } from "./learn_parts.js";
import { KNOWN } from "./learn_read.js";
import { say } from "./words.js";

const OPEN = ["waiting", "running"];
const AGAIN = 2000;  // milliseconds until it is asked again, while it waits or where the line broke
let last = Promise.resolve();

// Does one thing after another: a page of many trainings asks for one curve at a time.
function oneByOne(act) {
  const mine = last.then(act, act);
  last = mine.catch(() => {});
  return mine;
}

export class Card {
  #gone = false;
  #said = "";

  // `told(card)` is called whenever the training has changed, `removed(card)` when it is gone.
  constructor(training, { told, removed }) {
    this.id = training.id;
    this.told = told;
    this.removed = removed;
    this.curve = new Curve();
    this.hearing = new Hearing(training.id);
    this.heading = element("h3", { tabindex: "-1", id: `training-${training.id}` });
    this.about = element("p", { class: "quiet" });
    this.state = element("p", { class: "state" });
    this.live = element("p", { class: "sr", role: "status" });
    this.bar = element("progress", { max: 1 });
    this.numbers = element("div");
    this.error = element("p", { class: "status wrong", role: "alert" });
    this.links = element("ul", { class: "reports" });
    this.linksStatus = element("p", { class: "status", role: "status" });
    this.pages = new Pages(this.links, this.linksStatus);
    this.choose = element("input", { type: "checkbox", onchange: () => told(this) });
    this.buttons = this.#buttons();
    this.acts = element("div", { class: "row acts" }, ...Object.values(this.buttons));
    this.element = element("article", { class: "panel card", "aria-labelledby": this.heading.id, "data-training": this.id },
      this.heading, this.about, this.state, this.live, this.bar, this.curve.element, this.numbers, this.acts, this.error,
      this.hearing.element, this.linksStatus, this.links);
    this.show(training);
    this.#follow();
  }

  #buttons() {
    const button = (key, act, main) => element("button", { type: "button", class: main ? "main" : false, onclick: act }, say(key));
    return {
      hear: this.hearing.button,
      make: element("a", { class: "button", href: "/" }, say("make_tunes")),
      stop: button("stop", () => this.#act("POST", "/stop")),
      resume: button("resume", () => this.#act("POST", "/resume"), true),
      scorecard: button("scorecard", () => this.pages.make("scorecard", [this.id])),
      run: button("run_page", () => this.pages.make("run", [this.id])),
      remove: button("remove", () => this.#remove()),
      compare: element("label", { class: "compare" }, this.choose, " ", say("to_compare")),
    };
  }

  get isOpen() { return OPEN.includes(this.training.state); }

  // Shows what is known of the training now.
  show(training) {
    const before = this.training;
    this.training = training;
    const { state, about, now } = training;
    this.heading.textContent = training.name;
    this.about.textContent = say("learns_from", { from: this.#from(), collection: training.collection_name });
    const text = this.#state();
    this.state.textContent = text;
    this.state.classList.toggle("wrong", state === "failed" || state === "diverged");
    this.#announce(state, now, text);
    const progress = now.progress;
    this.bar.hidden = !this.isOpen;
    if (progress) this.bar.value = this.#done(progress);
    else this.bar.removeAttribute("value");
    this.bar.setAttribute("aria-label", text);
    this.numbers.replaceChildren(...this.#numbers(about, progress));
    this.#offer(state, training);
    if (before && before.state !== state) this.error.textContent = "";
    this.told(this);
  }

  #offer(state, training) {
    const { buttons } = this;
    const stopping = Boolean(training.now.stopping);
    const idle = !this.isOpen && training.can_draw;
    buttons.hear.hidden = !training.can_draw;
    buttons.make.hidden = !idle;
    buttons.make.href = `/?model=${encodeURIComponent(training.model)}`;
    buttons.stop.hidden = !this.isOpen;
    buttons.stop.disabled = stopping;
    buttons.stop.textContent = say(state === "waiting" ? "leave_queue" : stopping ? "stopping" : "stop");
    buttons.resume.hidden = !training.can_resume;
    buttons.scorecard.hidden = buttons.compare.hidden = !idle;
    buttons.run.hidden = !idle || !training.collection;
    buttons.remove.hidden = this.isOpen;
  }

  // Said aloud only where something else begins, not with every step.
  #announce(state, now, text) {
    const what = `${state} ${now.phase ?? ""} ${now.stopping ?? ""}`;
    if (what === this.#said) return;
    if (this.#said) this.live.textContent = `${this.training.name}: ${text}`;
    this.#said = what;
  }

  #done({ step, steps, seconds, eta }) {
    return Math.max(step / steps, Number.isFinite(eta) && eta !== null ? seconds / Math.max(seconds + eta, 1e-9) : 0);
  }

  #from() {
    const { origin, origin_name: name, preset } = this.training;
    if (origin === "base") return say("origin_base");
    if (origin === "nothing") return preset && preset !== "default" ? say("origin_preset", { preset }) : say("origin_nothing");
    return name || say("origin_gone");
  }

  #state() {
    const { state, reason, error, place, about, now } = this.training;
    if (state === "waiting") return say("state_waiting", { place: count(place) });
    if (state === "running") {
      if (now.stopping) return say("state_stopping");
      if (!now.progress) return say(`state_${now.phase ?? "starting"}`);
      const left = now.progress.eta === null ? "" : say("left", { time: lasting(now.progress.eta) });
      return `${say("state_learning", { step: count(now.progress.step), steps: count(now.progress.steps) })} ${left}`.trim();
    }
    if (state === "failed") return say("state_failed", { error });
    const values = { steps: count(about.steps ?? 0), time: lasting(about.seconds ?? 0) || say("seconds", { count: 0 }) };
    if (state === "interrupted") return known(`state_interrupted_${reason}`, values) || say("state_interrupted_died", values);
    if (state === "early_stopped") return say(/no better/.test(about.stopped ?? "") ? "state_no_better" : "state_copies", values);
    return say(`state_${state}`, values);
  }

  #numbers(about, progress) {
    const pairs = [];
    if (about.bits_per_note !== undefined) {
      const note = about.bits_before === undefined ? "" : say("before", { bits: figure(about.bits_before) });
      pairs.push([say("bits_per_note"), figure(about.bits_per_note), note]);
    }
    if (progress) {
      pairs.push([say("training_loss"), figure(progress.train_loss)]);
      pairs.push([say("notes_per_second"), count(progress.notes_per_second)]);
      if (progress.eta !== null) pairs.push([say("time_left"), lasting(progress.eta)]);
    }
    if (about.copy_rate !== undefined) pairs.push([say("copies"), percent(about.copy_rate)]);
    const shown = pairs.length ? [figures(pairs)] : [];
    if (!this.isOpen && about.steps !== undefined) shown.push(element("ul", { class: "honest" }, this.#honest(about).map((text) => element("li", {}, text))));
    return shown;
  }

  // What the numbers mean, in plain words.
  #honest(about) {
    const told = [];
    const { bits_per_note: bits, bits_before: before, copy_rate: copies, best_step: best } = about;
    if (bits === undefined || bits === null) told.push(say("honest_unjudged"));
    else if (before === undefined) told.push(say("honest_bits", { bits: figure(bits) }));
    else if (!best || before - bits < 0.005) told.push(say("honest_no_better", { before: figure(before) }));
    else told.push(say("honest_better", { before: figure(before), bits: figure(bits) }));
    if (copies !== undefined) told.push(say("honest_copies", { share: percent(copies) }));
    else told.push(say("honest_copies_unknown"));
    if (this.training.origin === "base" && KNOWN.includes(this.training.collection)) told.push(say("built_in_known"));
    if (about.refused) told.push(say("honest_refused", { count: count(about.refused) }));
    return told;
  }

  async #act(method, what, body) {
    this.error.textContent = "";
    try {
      this.show(await ask(method, `/api/trainings/${this.id}${what}`, body));
      if (this.isOpen) this.#follow();
      this.heading.focus();
    } catch (error) {
      this.error.textContent = explained(error);
    }
  }

  async #remove() {
    if (!window.confirm(say("remove_really", { name: this.training.name }))) return;
    try {
      await ask("DELETE", `/api/trainings/${this.id}`);
      this.#gone = true;
      this.removed(this);
    } catch (error) {
      this.error.textContent = explained(error);
    }
  }

  // Follows the training to its end; where the line breaks, once more. Only one that learns has a line of its own.
  async #follow() {
    if (this.following) return;
    this.following = true;
    while (!this.#gone) {
      try {
        if (this.training.state === "running") await this.#learns();
        else if (this.isOpen) this.show(await ask("GET", `/api/trainings/${this.id}`));
        else {
          this.curve.add({ anew: true, points: await oneByOne(() => ask("GET", `/api/trainings/${this.id}/curve`)) });
          break;
        }
      } catch (error) {
        if (error.status === 404) break;
        if (!error.status) this.state.textContent = say("line_broken");
      }
      await pause(AGAIN);
    }
    this.following = false;
  }

  async #learns() {
    let anew = true;
    for await (const { event, data } of events("GET", `/api/trainings/${this.id}/events`)) {
      if (event === "points") {
        this.curve.add({ ...data, anew: data.anew || anew }, this.training.now.progress?.steps);
        anew = false;
      } else if (event === "training") this.show(data);
      else if (event === "gone") {
        this.#gone = true;
        this.removed(this);
      }
    }
  }
}
