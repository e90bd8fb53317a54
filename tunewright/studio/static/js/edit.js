// A tune's text, with its score drawn as one types: what is wrong is marked where it is, and nothing typed is lost.

import { ask, Refusal } from "./api.js";
import { Drafts } from "./edit_drafts.js";
import { Marks, offsetOf } from "./edit_marks.js";
import { Newest } from "./make_writing.js";
import { goingOn } from "./make_wishes.js";
import { spans } from "./make_certificate.js";
import { say } from "./words.js";

const PAUSE = 220;  // milliseconds after the last key, before it is drawn
const NEW_TUNE = "X:1\nT:\nR:\nM:4/4\nL:1/8\nK:D\n";

const by = (id) => document.getElementById(id);

export class Editor {
  constructor(desk) {
    this.desk = desk;
    this.field = by("abc");
    this.marks = new Marks(this.field, by("gutter"), by("marks"));
    this.drafts = new Drafts();
    this.newest = new Newest((drawn, abc) => this.#drawn(drawn, abc), (error, abc) => this.#refused(error, abc), () => desk.score.width);
    this.field.addEventListener("input", () => this.#typed());
    by("edit").addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    by("edit-close").addEventListener("click", () => this.close());
    by("edit-keep").addEventListener("click", () => this.#does(() => this.#keep()));
    by("edit-fill").addEventListener("click", () => this.#does(() => this.#fill()));
    by("edit-on").addEventListener("click", () => this.#does(() => this.#goOn()));
    desk.onChange(() => this.#followed());
  }

  get isOpen() { return !by("editor").hidden; }

  open() {
    by("editor").hidden = false;
    by("wishes").hidden = true;
    by("desk").classList.add("editing");
    this.tune = null;
    this.desk.certificate.clear();
    this.desk.score.locked(new Set());
    this.#followed();
    this.field.focus();
    this.drafts.editing = true;
  }

  close() {
    by("editor").hidden = true;
    by("wishes").hidden = false;
    by("desk").classList.remove("editing");
    this.newest.drop();
    this.drafts.editing = false;
    if (this.desk.tune) this.desk.show(this.desk.tune);
    by("edit").focus();
  }

  // The text of the tune that is shown, or what was typed of it before.
  #followed() {
    this.#selected();
    if (!this.isOpen || (this.tune === this.desk.tune && this.tune)) return;
    this.tune = this.desk.tune;
    const draft = this.drafts.find(this.tune?.id);
    this.field.value = draft ?? this.tune?.abc ?? NEW_TUNE;
    this.marks.draw([]);
    this.#tell([], draft !== null ? say("edit_draft") : this.tune ? "" : say("edit_new"));
    if (draft !== null) this.newest.push(draft);
  }

  #selected() {
    const range = this.desk.score.selection;
    by("edit-fill").disabled = !range || !this.isOpen;
    by("edit-fill").textContent = range ? say("edit_fill_some", { bars: spans(this.#bars(range)) }) : say("edit_fill_none");
  }

  // The numbers of the bars of a range.
  #bars({ from, to }) {
    return this.desk.bars.filter((bar) => bar >= from && bar <= to);
  }

  #typed() {
    this.drafts.keep(this.tune?.id, this.field.value);
    this.marks.draw([]);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.newest.push(this.field.value), PAUSE);
  }

  #drawn(drawn, abc) {
    if (!this.isOpen) return;
    this.desk.picture(drawn);
    this.desk.player.load({ abc, ...drawn });
    by("player").hidden = false;
    by("paper").classList.remove("stale");
    this.#selected();
    if (abc === this.field.value) this.#tell(drawn.problems ?? []);
  }

  #refused(error, abc) {
    if (!this.isOpen || abc !== this.field.value) return;
    by("paper").classList.add("stale");
    const problems = (error instanceof Refusal && error.body.problems) || [{ line: null, column: null, message: error.message }];
    this.#tell(problems);
  }

  #tell(problems, words = "") {
    this.marks.draw(problems);
    by("problems").replaceChildren(...problems.map((problem) => this.#problem(problem)));
    const count = problems.length;
    by("edit-state").textContent = words || (count ? say(count === 1 ? "edit_one" : "edit_some", { count }) : say("edit_sound"));
  }

  #problem({ line, column, message }) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    if (line) {
      const place = document.createElement("b");
      place.textContent = column ? say("edit_place", { line, column }) : say("edit_line", { line });
      button.append(place);
    }
    button.append(message);
    button.addEventListener("click", () => this.#go(line ?? 1, column ?? 1));
    item.append(button);
    return item;
  }

  #go(line, column) {
    const at = offsetOf(this.field.value, line, column);
    this.field.focus();
    this.field.setSelectionRange(at, at);
    this.marks.reveal(line);
  }

  async #does(action) {
    this.desk.fail(null);
    try {
      await action();
    } catch (error) {
      this.desk.fail(error);
      if (error instanceof Refusal && error.body.problems) this.#tell(error.body.problems);
    }
  }

  // The text as a tune of the notebook; what was typed is safe there, and no draft any more.
  async #store(kept, abc = this.field.value) {
    const before = this.tune;
    if (before && before.abc === abc && before.mine !== false) return kept ? ask("PATCH", `/api/tunes/${before.id}`, { kept }) : before;
    const tune = await ask("POST", "/api/tunes/edited", { abc, parent: before?.id ?? null, kept });
    if (abc === this.field.value) this.drafts.drop(before?.id);
    return tune;
  }

  async #keep() {
    const tune = await this.#store(true);
    await this.#show(tune);
    this.desk.say(say("edit_kept"));
  }

  async #show(tune) {
    const { selectionStart } = this.field;
    await this.desk.show(tune);
    this.field.setSelectionRange(selectionStart, selectionStart);
  }

  async #fill() {
    const selected = this.#bars(this.desk.score.selection);
    const locked = this.desk.bars.filter((bar) => !selected.includes(bar));
    const tune = await this.#store(false);
    await this.#show(tune);
    await this.desk.write({ model: tune.model || "base", parent: tune.id, locked });
  }

  // What stands before the cursor's bar is kept, the rest written.
  async #goOn() {
    const text = this.field.value;
    const before = text.slice(0, this.field.selectionStart);
    const cut = before.slice(0, Math.max(before.lastIndexOf("|"), before.lastIndexOf("]")) + 1);
    if (!/^K:/m.test(cut)) throw new Error(say("edit_no_bar"));
    const { bars } = await ask("POST", "/api/scores", { abc: cut });
    if (!bars.length) throw new Error(say("edit_no_bar"));
    const tune = await this.#store(false).catch(() => this.#store(false, cut));
    await this.#show(tune);
    await this.desk.write({ model: tune.model || "base", parent: tune.id, ...goingOn(tune, bars.at(-1).number) });
  }
}

