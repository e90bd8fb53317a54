// The tunes that were shown, one after another, with undo and redo; and the strip in which each shows what it came from.

import { say } from "./words.js";

const PLACE = "tunewright.shown";
const MOST_SHOWN = 200;
export const MOST_CARDS = 60;
const CARD = 158;  // pixels from one card to the next

// What was shown, and where in it we are: kept for this tab, so that a page that is loaded again goes on.
export class Shown {
  constructor() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "{}");
      this.ids = Array.isArray(kept.ids) ? kept.ids : [];
      this.at = Number.isInteger(kept.at) && kept.at < this.ids.length ? kept.at : this.ids.length - 1;
    } catch {
      this.ids = [];
      this.at = -1;
    }
  }

  get now() { return this.ids[this.at] ?? null; }
  get hasBefore() { return this.at > 0; }
  get hasAfter() { return this.at < this.ids.length - 1; }

  // What comes after where we are is forgotten: it stays in the strip.
  add(id) {
    if (id === this.now) return;
    this.ids = [...this.ids.slice(0, this.at + 1), id].slice(-MOST_SHOWN);
    this.at = this.ids.length - 1;
    this.#keep();
  }

  move(by) {
    this.at = Math.max(0, Math.min(this.ids.length - 1, this.at + by));
    this.#keep();
    return this.now;
  }

  // A tune that cannot be shown any more is left out.
  forget(id) {
    const before = this.ids.slice(0, this.at + 1).filter((one) => one !== id).length;
    this.ids = this.ids.filter((one) => one !== id);
    this.at = Math.min(this.ids.length - 1, Math.max(before - 1, 0));
    this.#keep();
  }

  #keep() {
    sessionStorage.setItem(PLACE, JSON.stringify({ ids: this.ids, at: this.at }));
  }
}

// The tunes of the notebook from the first to the newest, under slurs from each to what came of it.
export class Strip {
  constructor(element, chosen) {
    this.element = element;
    this.chosen = chosen;
    this.tunes = [];
  }

  load(newestFirst) {
    this.tunes = newestFirst.slice(0, MOST_CARDS).reverse();
  }

  add(tune) {
    const at = this.tunes.findIndex((one) => one.id === tune.id);
    if (at >= 0) this.tunes[at] = tune;
    else this.tunes = [...this.tunes, tune].slice(-MOST_CARDS);
  }

  remove(id) {
    this.tunes = this.tunes.filter((tune) => tune.id !== id);
  }

  find(id) {
    return this.tunes.find((tune) => tune.id === id);
  }

  draw(current) {
    const hadFocus = this.element.contains(document.activeElement);
    const list = document.createElement("ol");
    list.append(...this.tunes.map((tune, place) => this.#card(tune, place, current)));
    this.element.replaceChildren(this.#slurs(), list);
    const card = list.querySelector("[aria-current]");
    if (card) {
      this.element.scrollLeft = card.offsetLeft - this.element.clientWidth / 2 + CARD / 2;
      if (hadFocus) card.focus({ preventScroll: true });
    }
  }

  #card(tune, place, current) {
    const item = document.createElement("li");
    const card = document.createElement("button");
    card.type = "button";
    card.dataset.id = tune.id;
    if (tune.id === current) card.setAttribute("aria-current", "true");
    const number = document.createElement("span");
    number.className = "number";
    number.append(String(place + 1), tune.kept ? star() : "");
    const title = document.createElement("b");
    title.textContent = tune.title || say("untitled");
    const about = document.createElement("span");
    about.className = "quiet";
    about.textContent = [keyInWords(tune.key), tune.meter].filter(Boolean).join(" · ");
    card.append(number, title, about, this.#origin(tune));
    card.addEventListener("click", () => this.chosen(tune));
    item.append(card);
    return item;
  }

  #origin(tune) {
    const origin = document.createElement("span");
    const parent = this.tunes.findIndex((one) => one.id === tune.parent);
    const words = say(`made_by_${tune.made_by}`);
    origin.textContent = parent >= 0 ? say("made_of", { words, number: parent + 1 }) : words;
    return origin;
  }

  #slurs() {
    const slurs = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const pairs = this.tunes.map((tune, to) => [this.tunes.findIndex((one) => one.id === tune.parent), to]);
    const real = pairs.filter(([from]) => from >= 0);
    const high = Math.min(46, 14 + 6 * Math.max(0, ...real.map(([from, to]) => Math.abs(to - from))));
    const wide = this.tunes.length * CARD;
    slurs.setAttribute("class", "slurs");
    slurs.setAttribute("width", String(wide));
    slurs.setAttribute("height", String(real.length ? high : 0));
    slurs.setAttribute("aria-hidden", "true");
    for (const [from, to] of real) {
      const slur = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const [left, right] = [from * CARD + 80, to * CARD + 68];
      const top = high - Math.min(high - 2, 10 + 6 * Math.abs(to - from)) * 1.25;
      slur.setAttribute("d", `M${left} ${high - 1} C${left + 20} ${top}, ${right - 20} ${top}, ${right} ${high - 1}`);
      slurs.append(slur);
    }
    return slurs;
  }
}

export function star() {
  const sign = document.createElement("span");
  sign.className = "star";
  sign.textContent = `★ ${say("kept")}`;
  return sign;
}

// "E dorian", "Bb major", "Edor", "G" in the reader's language.
export function keyInWords(key) {
  const found = /^([A-G])([#b]?)\s*([A-Za-z]*)/.exec(key ?? "");
  if (!found) return key ?? "";
  const short = { "": "major", maj: "major", m: "minor", min: "minor", aeo: "minor", dor: "dorian", phr: "phrygian", lyd: "lydian", mix: "mixolydian", loc: "locrian", ion: "major" };
  const mode = short[found[3].toLowerCase().slice(0, 3)];
  if (!mode) return key;
  return say("key_name", { tonic: found[1] + found[2].replace("b", "♭").replace("#", "♯"), mode: say(`mode_${mode}`) });
}
