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
    this.score.on("bar", (number) => (this.isEditing ? this.#select(number) : this.mark(number)));
    this.score.on("range", () => this.#changed());
  }

  // Calls back when another tune is shown, or other bars are marked.
  onChange(listener) { this.listeners.push(listener); }
  #changed() { for (const listener of this.listeners) listener(this); }

  get locked() { return this.tune ? (this.marked.get(this.tune.id) ?? new Set()) : new Set(); }
  get isEditing() { return by("desk").classList.contains("editing"); }
  get isWriting() { return this.leaving !== null; }

  mark(number) {
    if (!this.tune || this.isWriting) return;
    const marked = new Set(this.locked);
    if (!marked.delete(number)) marked.add(number);
    this.setMarked(marked);
  }

  // Clicks select from one bar to another; one in the middle begins anew, one on the only one lets it go.
  #select(number) {
    const range = this.score.selection;
    if (!range) this.score.select(number);
    else if (number >= range.from && number <= range.to) this.score.select(range.from === range.to ? null : number);
    else this.score.select(Math.min(range.from, number), Math.max(range.to, number));
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
    const range = this.isEditing ? this.score.selection : null;
    this.score.load(drawn);
    if (range && this.bars.includes(range.to)) this.score.select(range.from, range.to);  // a late picture leaves it as it is
    if (!this.isEditing) this.score.locked(this.isWriting ? this.staying : this.locked);
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
      if (!this.isEditing) this.certificate.load(tune, drawn);
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
    for (const id of ["edit", "take", "share", "change"]) by(id).hidden = false;
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
      const tune = this.strip.find(id) ?? (await ask("GET", `/api/tunes/${id}`).catch(goneOnly));
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
      if (leaving.signal.aborted) return;
      this.#end(leaving);
      await this.#backTo(this.tune);
      this.fail(error);
    }
  }

  // Stops what is being written; the tune from before is shown again.
  async leave() {
    if (!this.isWriting) return;
    this.stop();
    await this.#backTo(this.tune);
  }

  async #backTo(tune) {
    this.several.close();
    by("paper").hidden = false;
    if (tune) return this.show(tune);
    by("score").replaceChildren();
    by("empty").hidden = false;
    return undefined;
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
    by("four").hidden = true;
    this.certificate.clear();
    this.say(say("writing"));
    for (const id of ["paper", "player", "change"]) by(id).hidden = many || (id !== "paper" && !this.tune);
    for (const id of ["keep", "edit", "take", "share"]) by(id).hidden = many || (id !== "edit" && !this.tune);
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
    by("four").hidden = false;
    this.say("");
  }

  say(words) { by("said").textContent = words; }
  fail(error) { by("failed").textContent = error ? error.message : ""; }
}

// null for a tune that there is no more; another error stays one.
function goneOnly(error) {
  if (error.status !== 404) throw error;
  return null;
}

// On a narrow page the score is below the wishes.
function intoSight(element) {
  const { top } = element.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.6) element.scrollIntoView({ block: "start" });
}
