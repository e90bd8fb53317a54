// Which bars return which: a box for each bar, that a click or a key changes. Reads and writes plans as "A B A' .".

import { say } from "./words.js";

const TINTS = ["#f2c9a5", "#a9d3c4", "#c3c7ea", "#eed98f", "#e8b6c4", "#b8dbe9", "#cfd9a0", "#dcc4ea"];
const MOST = 256;

export class Plan {
  constructor(element, changed) {
    this.element = element;
    this.changed = changed;
    this.labels = [];
    this.ends = new Set();
    this.element.className = "boxes";
    this.element.setAttribute("role", "group");
    this.element.addEventListener("click", (event) => this.#clicked(event));
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
    this.shape(8, []);
  }

  // So many boxes; after those of `ends` a part closes.
  shape(bars, ends) {
    const count = Math.max(1, Math.min(MOST, bars));
    this.ends = new Set(ends);
    this.labels = Array.from({ length: count }, (_, place) => this.labels[place] ?? "");
    this.#draw();
  }

  get text() {
    const last = this.labels.findLastIndex((label) => label);
    return this.labels.slice(0, last + 1).map((label) => label || ".").join(" ");
  }

  set text(words) {
    const found = [...words.matchAll(/([A-Za-z]'*)|\./g)].map((match) => (match[1] ?? "").toUpperCase());
    const count = Math.min(MOST, Math.max(this.labels.length, found.length));
    this.labels = Array.from({ length: count }, (_, place) => found[place] ?? "");
    this.#draw();
  }

  // What a bar may be, in the order in which clicks go through it.
  options(place) {
    const before = this.labels.slice(0, place).filter(Boolean);
    const letters = [...new Set(before.map((label) => label[0]))].sort();
    const found = [""];
    for (const letter of letters) {
      const most = Math.max(...before.filter((label) => label[0] === letter).map((label) => label.length - 1));
      for (let primes = 0; primes <= Math.min(most + 1, 3); primes++) found.push(letter + "'".repeat(primes));
    }
    const next = String.fromCharCode(65 + letters.length);
    if (letters.length < 26 && !letters.includes(next)) found.push(next);
    return found;
  }

  #set(place, label) {
    this.labels[place] = label;
    const seen = new Set();
    this.labels.forEach((one, at) => {  // a variation needs its letter before it
      if (one.length > 1 && !seen.has(one[0])) this.labels[at] = one[0];
      if (one) seen.add(one[0]);
    });
    this.#draw();
    this.element.children[place].focus();
    this.changed();
  }

  #step(place, by) {
    const options = this.options(place);
    const at = Math.max(0, options.indexOf(this.labels[place]));
    this.#set(place, options[(at + by + options.length) % options.length]);
  }

  #clicked(event) {
    const place = [...this.element.children].indexOf(event.target.closest("button"));
    if (place >= 0) this.#step(place, event.shiftKey ? -1 : 1);
  }

  #pressed(event) {
    const place = [...this.element.children].indexOf(event.target.closest("button"));
    if (place < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowRight: 1, ArrowLeft: -1, Home: -place, End: this.labels.length - 1 - place };
    if (event.key in moves) this.#focus(place + moves[event.key]);
    else if (event.key === "ArrowUp") this.#step(place, 1);
    else if (event.key === "ArrowDown") this.#step(place, -1);
    else if (/^[a-z]$/i.test(event.key)) this.#set(place, event.key.toUpperCase());
    else if (event.key === "'" && this.labels[place]) this.#set(place, this.#varied(place));
    else if ([".", "Delete", "Backspace"].includes(event.key)) this.#set(place, "");
    else return;
    event.preventDefault();
  }

  #varied(place) {
    const letter = this.labels[place][0];
    const stands = this.labels.slice(0, place).some((label) => label[0] === letter);
    return stands ? this.labels[place] + "'" : letter;
  }

  #focus(place) {
    const to = this.element.children[Math.max(0, Math.min(this.labels.length - 1, place))];
    this.#roam(to);
    to.focus();
  }

  #roam(to) {
    for (const box of this.element.children) box.tabIndex = box === to ? 0 : -1;
  }

  #draw() {
    const focused = [...this.element.children].findIndex((box) => box.tabIndex === 0);
    this.element.replaceChildren(...this.labels.map((label, place) => this.#box(label, place)));
    this.#roam(this.element.children[Math.max(0, Math.min(focused, this.labels.length - 1))]);
  }

  #box(label, place) {
    const box = document.createElement("button");
    box.type = "button";
    box.textContent = label ? label.replaceAll("'", "′") : "·";
    box.title = this.#words(label, place);
    box.setAttribute("aria-label", box.title);
    if (label) box.dataset.letter = label[0];
    if (label.length > 1) box.dataset.varied = "";
    if (this.ends.has(place + 1)) box.classList.add("closes");
    box.style.setProperty("--tint", label ? TINTS[(label.charCodeAt(0) - 65) % TINTS.length] : "");
    return box;
  }

  #words(label, place) {
    const bar = place + 1;
    if (!label) return say("plan_open", { bar });
    const same = this.labels.slice(0, place).lastIndexOf(label);
    if (same >= 0) return say("plan_same", { bar, label, other: same + 1 });
    const first = this.labels.slice(0, place).findIndex((one) => one[0] === label[0]);
    return first >= 0 ? say("plan_varied", { bar, label, other: first + 1 }) : say("plan_new", { bar, label });
  }
}
