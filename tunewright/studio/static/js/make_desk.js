// The desk: the tune that is shown, with its score, its player, its locked bars, its history.

import { ask } from "./api.js";
import { Certificate } from "./make_certificate.js";
import { addressOf } from "./make_wishes.js";
import { Newest, Several, write } from "./make_writing.js";
import { Player } from "./player.js";
import { Score } from "./score.js";
import { Shown, Strip } from "./history.js";
import { say } from "./words.js";

const by = (id) => document.getElementById(id);

export class Desk {
  constructor() {
    this.tune = null;
    this.bars = [];  // the numbers of the bars that are drawn
    this.marked = new Map();  // tune -> the bars that were clicked
    this.listeners = [];
    this.leaving = null;  // ends what is being written
    this.staying = new Set();  // the bars that stay in what is being written
    this.shown = new Shown();
    this.strip = new Strip(by("strip"), (tune) => this.show(tune));
    this.score = new Score(by("score"));
    this.player = new Player(by("player"), this.score);
    this.certificate = new Certificate(by("certificate"), this.score);
    this.several = new Several(by("fours"), by("cells"), (tune) => this.show(tune));
    this.live = new Newest((drawn) => this.picture(drawn), () => {}, () => this.score.width);
    this.score.on("bar", (number) => this.mark(number));
  }

  // Calls back when another tune is shown, or other bars are marked.
  onChange(listener) { this.listeners.push(listener); }
  #changed() { for (const listener of this.listeners) listener(this); }

  get locked() { return this.tune ? (this.marked.get(this.tune.id) ?? new Set()) : new Set(); }
  get isWriting() { return this.leaving !== null; }

  mark(number) {
    if (!this.tune || this.isWriting) return;
    const marked = new Set(this.locked);
    if (!marked.delete(number)) marked.add(number);
    this.setMarked(marked);
  }

  setMarked(marked) {
    this.marked.set(this.tune.id, marked);
    this.score.locked(marked);
    this.#changed();
  }

  // A score as the server drew it, on the paper.
  picture(drawn) {
    by("empty").hidden = true;
    this.drawn = drawn;
    this.bars = drawn.bars.map((bar) => bar.number);
    this.score.load(drawn);
    this.score.locked(this.isWriting ? this.staying : this.locked);
  }

  async show(tune) {
    this.stop();
    this.several.close();
    this.tune = tune;
    by("paper").hidden = by("change").hidden = false;
    this.shown.add(tune.id);
    if (tune.mine !== false) this.strip.add(tune);
    history.replaceState(null, "", `/t/${tune.id}`);
    this.heads();
    this.#changed();
    this.certificate.clear();
    try {
      const drawn = await ask("GET", `/api/tunes/${tune.id}/score?width=${this.score.width}`);
      if (this.tune !== tune) return;
      this.live.drop();
      this.picture(drawn);
      this.player.load({ tune: tune.id, ...drawn });
      by("player").hidden = false;
      this.certificate.load(tune, drawn);
      this.#changed();
    } catch (error) {
      if (this.tune === tune) this.fail(error);
    }
  }

  // What stands over the score: whether it is kept, where it can be taken, its links; and the strip.
  heads() {
    const { tune } = this;
    const own = tune.mine !== false;
    by("keep").hidden = !own;
    by("keep").setAttribute("aria-pressed", String(tune.kept));
    by("keep").querySelector("span").textContent = say(tune.kept ? "is_kept" : "keep");
    for (const link of by("take").querySelectorAll("[data-file]")) link.href = `/api/tunes/${tune.id}/file.${link.dataset.file}`;
    by("permalink").value = `${location.origin}/t/${tune.id}`;
    by("again").value = addressOf(tune);
    by("again").closest("p").hidden = tune.seed === null;
    for (const id of ["take", "share", "change"]) by(id).hidden = false;
    by("guest").hidden = own;
    this.redraw();
  }

  redraw() {
    by("history").hidden = !this.strip.tunes.length;
    this.strip.draw(this.tune?.id);
    by("undo").disabled = !this.shown.hasBefore;
    by("redo").disabled = !this.shown.hasAfter;
  }

  // Shows the tune before or after this one; those that are gone are passed over.
  async move(by_) {
    for (;;) {
      const before = this.shown.now;
      const id = this.shown.move(by_);
      if (!id || id === before) return;
      const tune = this.strip.find(id) ?? (await ask("GET", `/api/tunes/${id}`).catch(() => null));
      if (tune) {
        await this.show(tune);
        return;
      }
      this.shown.forget(id);
    }
  }

  // Has what is asked for written, and shows it; `marked` are bars that stay marked on it.
  async write(asked, marked = new Set()) {
    this.stop();
    this.player.stop();
    const leaving = (this.leaving = new AbortController());
    const many = (asked.n ?? 1) > 1;
    this.staying = marked;
    this.#begin(many, asked.n);
    try {
      const tunes = await write(asked, this.#told(many, marked), leaving.signal);
      this.#end(leaving);
      if (many) this.say(say("fours_ready"));
      else if (tunes.length) await this.show(tunes[0]);
      if (!many && tunes.length) this.say(tunes[0].valid === false ? say("written_unsound") : "");
    } catch (error) {
      this.#end(leaving);
      if (!leaving.signal.aborted) this.fail(error);
      if (this.tune && !many) await this.show(this.tune);
    }
  }

  stop() {
    this.leaving?.abort();
    this.leaving = null;
    this.live.drop();
    this.#idle();
  }

  #begin(many, count) {
    this.fail(null);
    by("paper").classList.toggle("writing", !many);
    by("stop").hidden = false;
    this.certificate.clear();
    this.say(say("writing"));
    for (const id of ["paper", "player", "change"]) by(id).hidden = many || (id !== "paper" && !this.tune);
    if (many) this.several.begin(count);
    else this.several.close();
    intoSight(by(many ? "fours" : "paper"));
  }

  #told(many, marked) {
    return {
      waiting: (place) => this.say(place > 0 ? say("waiting", { place }) : say("writing")),
      reading: () => this.say(say("reading")),
      bar: (event) => {
        if (event.bars % 4 === 1) this.say(say("writing_bar", { bars: event.bars }));
        if (many) this.several.bar(event);
        else this.live.push(event.abc);
      },
      tune: (tune, place) => {
        this.strip.add(tune);
        if (marked.size) this.marked.set(tune.id, new Set(marked));
        if (many) this.several.tune(tune, place);
        this.redraw();
      },
    };
  }

  #end(leaving) {
    if (this.leaving !== leaving) return;
    this.leaving = null;
    this.#idle();
  }

  #idle() {
    by("paper").classList.remove("writing");
    by("stop").hidden = true;
    this.say("");
  }

  say(words) { by("said").textContent = words; }
  fail(error) { by("failed").textContent = error ? error.message : ""; }
}

// On a narrow page the score is below the wishes.
function intoSight(element) {
  const { top } = element.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.6) element.scrollIntoView({ block: "start" });
}
