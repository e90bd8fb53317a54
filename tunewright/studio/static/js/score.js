// A score on a page: its notes can be lit and coloured, its bars clicked, marked and selected.
//
// new Score(element); load(drawn) with what the server says of a score; on("bar", number => …), on("range", range => …).
// Several scores may stand on one page, the same one twice too: what has a name in a picture gets one of its own.

import { dressed, lockOn, named, parsed } from "./score_picture.js";
import { say } from "./words.js";

const NARROWEST = 300;
const WIDEST = 840;  // pixels for which the server draws
let scores = 0;

dressed();

export class Score {
  #before = `s${++scores}-`;
  #listeners = { bar: [], range: [] };
  #parts = new Map();  // the server's name of a note -> its element
  #byNote = new Map();  // the place of a note in the tune -> the elements of its heads
  #bars = new Map();  // number -> the areas of the bar, the first one first
  #lit = new Set();
  #coloured = [];
  #marked = new Set();
  #selection = null;
  #current = null;  // the bar that the keyboard is at

  constructor(element) {
    this.element = element;
    element.classList.add("score");
    element.addEventListener("click", (event) => this.#clicked(event));
    element.addEventListener("keydown", (event) => this.#pressed(event));
  }

  // How wide a picture fits here, in pixels: what to ask the server for.
  get width() {
    const { paddingLeft, paddingRight } = getComputedStyle(this.element);
    const room = this.element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    return Math.round(Math.min(WIDEST, Math.max(NARROWEST, room || WIDEST)));
  }

  // The numbers of its bars, in order.
  get bars() { return [...this.#bars.keys()]; }

  // The first and last selected bar, {from, to}, or null.
  get selection() { return this.#selection; }

  on(event, listener) { this.#listeners[event].push(listener); }
  #tell(event, ...values) { for (const listener of this.#listeners[event]) listener(...values); }

  // Shows a score: {svg, bars, notes, title}. What was lit, coloured, marked or selected before is so no more.
  load({ svg, bars, notes, title = "" }) {
    const focused = this.element.contains(document.activeElement);
    const picture = parsed(named(svg, this.#before));
    picture.setAttribute("role", "group");
    picture.setAttribute("aria-label", title ? say("player.score_of", { title }) : say("player.score"));
    this.element.replaceChildren(picture);
    this.#lit.clear();
    this.#coloured = [];
    this.#marked = new Set();
    this.#selection = null;
    this.#findNotes(notes);
    this.#findBars(bars);
    const [first] = this.#bars.keys();
    this.#current = this.#bars.has(this.#current) ? this.#current : first ?? null;
    this.#showMarks();
    if (focused) this.#area(this.#current)?.focus({ preventScroll: true });
  }

  #findNotes(notes) {
    this.#parts.clear();
    this.#byNote.clear();
    for (const { id, index, grace } of notes) {
      if (this.#parts.has(id)) continue;
      const head = this.element.querySelector(`#${CSS.escape(this.#before + id)}`);
      if (!head) continue;
      const part = head.closest("g.chord") ?? head;
      this.#parts.set(id, part);
      if (!grace) this.#byNote.set(index, [...(this.#byNote.get(index) ?? []), part]);
    }
  }

  #findBars(bars) {
    this.#bars.clear();
    for (const { number, ids } of bars) {
      const areas = ids
        .map((id) => this.element.querySelector(`#${CSS.escape(this.#before + id)} > rect.bar`))
        .filter(Boolean);
      if (!areas.length) continue;
      this.#bars.set(number, areas);
      areas[0].setAttribute("role", "button");
      areas[0].append(document.createElementNS(areas[0].namespaceURI, "title"));
      for (const area of areas.slice(1)) area.setAttribute("aria-hidden", "true");
    }
  }

  // Lights these notes, by the server's names, and no others.
  lit(ids) {
    const wanted = new Set([...ids].map((id) => this.#parts.get(id)).filter(Boolean));
    for (const part of this.#lit) if (!wanted.has(part)) part.classList.remove("lit");
    for (const part of wanted) part.classList.add("lit");
    this.#lit = wanted;
  }

  // Colours notes, by their places in the tune: Map of number -> CSS colour; an empty one takes all colours away.
  colour(colours) {
    for (const part of this.#coloured) {
      part.classList.remove("coloured");
      part.style.removeProperty("--note");
    }
    this.#coloured = [];
    for (const [note, colour] of colours) {
      for (const part of this.#byNote.get(note) ?? []) {
        part.classList.add("coloured");
        part.style.setProperty("--note", colour);
        this.#coloured.push(part);
      }
    }
  }

  // Marks the bars of these numbers as locked, and no others.
  locked(numbers) {
    this.#marked = new Set(numbers);
    this.#showMarks();
  }

  // Selects the bars from one to another; null for none.
  select(from, to = from) {
    this.#selection = from === null || from === undefined ? null : { from: Math.min(from, to), to: Math.max(from, to) };
    this.#showMarks();
    this.#tell("range", this.#selection);
  }

  #showMarks() {
    for (const [number, areas] of this.#bars) {
      const isLocked = this.#marked.has(number);
      const isSelected = this.#selection !== null && this.#selection.from <= number && number <= this.#selection.to;
      for (const area of areas) {
        area.classList.toggle("locked", isLocked);
        area.classList.toggle("selected", isSelected);
      }
      this.#describe(areas[0], number, isLocked, isSelected);
    }
  }

  #describe(area, number, isLocked, isSelected) {
    const about = [say(number === 0 ? "player.pickup" : "player.bar", { number })];
    if (isLocked) about.push(say("player.is_locked"));
    if (isSelected) about.push(say("player.is_selected"));
    const words = about.join(say("player.and"));
    area.setAttribute("aria-label", words);
    area.setAttribute("aria-pressed", String(isLocked));
    area.setAttribute("tabindex", number === this.#current ? "0" : "-1");
    area.querySelector("title").textContent = words;
    const sign = area.parentNode.querySelector(":scope > .lock");
    if (!isLocked) sign?.remove();
    else if (!sign) area.after(lockOn(area));
  }

  // Brings the line of a bar into view, where some of the score is: who has scrolled away from it stays there.
  reveal(number) {
    const area = this.#area(number);
    if (!area || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const [bar, all] = [area.getBoundingClientRect(), this.element.getBoundingClientRect()];
    const isSeen = all.bottom > 0 && all.top < innerHeight;
    if (isSeen && (bar.top < 0 || bar.bottom > innerHeight)) area.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  #area(number) { return this.#bars.get(number)?.[0]; }

  #numberAt(target) {
    const area = target.closest?.("g.measure")?.querySelector(":scope > rect.bar");
    return area ? Number(area.dataset.bar) : null;
  }

  #clicked(event) {
    const number = this.#numberAt(event.target);
    if (number !== null) this.#chose(number, event.shiftKey);
  }

  #chose(number, extends_) {
    if (extends_) this.select(this.#selection?.from ?? this.#current ?? number, number);
    this.#goTo(number, false);
    if (!extends_) this.#tell("bar", number);
  }

  #goTo(number, focuses = true) {
    this.#area(this.#current)?.setAttribute("tabindex", "-1");
    this.#current = number;
    this.#area(number)?.setAttribute("tabindex", "0");
    if (focuses) this.#area(number)?.focus();
  }

  #pressed(event) {
    const number = this.#numberAt(event.target);
    if (number === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const numbers = this.bars;
    const place = numbers.indexOf(number);
    const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: numbers.length - 1 }[event.key];
    if (to !== undefined) {
      const next = numbers[Math.max(0, Math.min(numbers.length - 1, to))];
      if (event.shiftKey) this.#extend(number, next);
      this.#goTo(next);
    } else if (event.key === "Enter" || event.key === " ") {
      this.#chose(number, event.shiftKey);
    } else if (event.key === "Escape" && this.#selection) {
      this.select(null);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Selects on from the bar at which the selection began.
  #extend(from, to) {
    const { from: first, to: last } = this.#selection ?? { from, to: from };
    this.select(from === last ? first : from === first ? last : from, to);
  }
}
