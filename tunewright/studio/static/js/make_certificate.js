// The certificate of a tune: how new it is, whether it is well formed, what surprised the model, what the grammar forbade.

import { ask } from "./api.js";
import { inWords } from "./make_wishes.js";
import { Score } from "./score.js";
import { say } from "./words.js";

const STEPS = [  // bits, from which a note counts as such; colour on paper; part of the height of its mark
  { from: 0, name: "expected", colour: "#1c6fa8", high: 0.35 },
  { from: 1.5, name: "usual", colour: "#23211d", high: 0.55 },
  { from: 3.5, name: "unusual", colour: "#b4690e", high: 0.8 },
  { from: 6, name: "surprising", colour: "#c0223b", high: 1 },
];
const SHARED = "#7a3fb0";
const MOST_NAMED = 4;
const PAUSE = 1200;  // milliseconds before it is asked for: score and sound come first
const AGAIN = 2000;  // milliseconds after which a certificate that is being made is asked for again
const HIGHEST = 10;  // bits that reach the top of the picture

const stepOf = (bits) => STEPS.findLast((step) => bits >= step.from) ?? STEPS[0];

function made(name, text = "", classes = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (classes) element.className = classes;
  return element;
}

export class Certificate {
  constructor(element, score) {
    this.element = element;
    this.score = score;
    this.leaving = null;
    this.view = "";
  }

  clear() {
    this.leaving?.abort();
    this.leaving = null;
    this.element.hidden = true;
    this.score.colour(new Map());
  }

  async load(tune, drawn) {
    this.clear();
    const { signal } = (this.leaving = new AbortController());
    this.tune = tune;
    this.bars = barsOf(drawn);
    this.#show({ pending: true });
    await new Promise((wake) => setTimeout(wake, PAUSE));
    try {
      while (!signal.aborted) {
        const found = await ask("GET", `/api/tunes/${tune.id}/certificate`, undefined, signal);
        if (signal.aborted) return;
        this.#show(found);
        if (!found.pending) return;
        await new Promise((wake) => setTimeout(wake, AGAIN));
      }
    } catch (error) {
      if (!signal.aborted) this.#show({ refused: error.message });
    }
  }

  #show(found) {
    this.found = found;
    const list = document.createElement("dl");
    const add = (name, ...content) => {
      const said = document.createElement("dd");
      said.append(...content.filter(Boolean));
      list.append(made("dt", say(name)), said);
    };
    const { well_formed: sound = this.tune, removed_mass: mass = this.tune.removed_mass } = found;
    if (sound.valid !== null) add("cert_sound", this.#sound(sound));
    if (found.refused) add("cert_none", made("p", found.refused));
    else if (found.pending) add("cert_nearest", made("p", say(found.reading ? "cert_reading" : "cert_pending")));
    else this.#measured(found, add);
    if (mass !== null && mass !== undefined) add("cert_grammar", made("p", this.#grammar(mass)));
    if (found.plan) add("cert_plan", made("p", found.plan, "code"), made("p", say("cert_plan_hint"), "hint"));
    add("cert_settings", this.#settings());
    const title = made("h2", say("certificate"));
    title.id = "certificate-title";
    const head = made("div", "", "row head");
    head.append(title);
    this.element.replaceChildren(head, list);
    this.element.hidden = false;
    this.#mark(this.view);
  }

  #measured(found, add) {
    add("cert_nearest", ...(found.known ? this.#nearest(found.nearest) : [made("p", say("cert_unknown"))]));
    if (found.surprise.some((bits) => bits !== null)) add("cert_surprise", ...this.#surprise(found.surprise));
  }

  #sound({ valid, error }) {
    return valid ? made("p", say("cert_valid"), "good") : made("p", say("cert_invalid", { error }), "bad");
  }

  #nearest(nearest) {
    if (!nearest) return [made("p", say("cert_new"))];
    const said = [made("p", say("cert_shares", { title: nearest.title || say("untitled"), length: nearest.length, share: Math.round(100 * nearest.share) }))];
    const bars = [...new Set(nearest.notes.map((note) => this.bars.get(note)).filter((bar) => bar !== undefined))];
    if (bars.length) said.push(made("p", say("cert_shared_bars", { bars: spans(bars) })));
    if (nearest.percentile !== null) said.push(made("p", this.#percentile(nearest.percentile)));
    const row = made("div", "", "row");
    if (nearest.notes.length) row.append(this.#toggle("shared", "cert_mark_shared"));
    said.push(row);
    said.push(this.#passage(nearest));
    return said;
  }

  #percentile(percentile) {
    const figure = Math.round(percentile);
    if (figure >= 95) return say("cert_much", { figure });
    return say(figure >= 50 ? "cert_more" : "cert_less", { figure });
  }

  #passage(nearest) {
    const shown = document.createElement("details");
    const paper = made("div", "", "borrowed");
    shown.append(made("summary", say("cert_passage", { title: nearest.title || say("untitled") })), paper);
    shown.addEventListener("toggle", async () => {
      if (!shown.open || paper.childElementCount) return;
      try {
        const score = new Score(paper);
        score.load(await ask("POST", "/api/scores", { abc: nearest.abc, width: score.width }));
        score.colour(new Map(nearest.abc_notes.map((note) => [note, SHARED])));
      } catch (error) {
        paper.textContent = error.message;
      }
    });
    return shown;
  }

  #surprise(bits) {
    const measured = bits.map((one, note) => [one, note]).filter(([one]) => one !== null);
    const mean = measured.reduce((sum, [one]) => sum + one, 0) / measured.length;
    const highest = measured.sort((a, b) => b[0] - a[0]).slice(0, MOST_NAMED);
    const named = highest.map(([one, note]) => say("cert_at", { bar: this.bars.get(note) ?? "–", bits: one.toFixed(1) }));
    const row = made("div", "", "row");
    row.append(this.#toggle("surprise", "cert_mark_surprise"));
    return [
      made("p", say("cert_mean", { bits: mean.toFixed(1) })),
      made("p", say("cert_most", { places: named.join(say("comma")) })),
      picture(bits),
      this.#legend(),
      row,
    ];
  }

  #legend() {
    const list = made("ul", "", "legend");
    for (const step of STEPS) {
      const item = document.createElement("li");
      const sign = document.createElement("i");
      sign.style.background = step.colour;
      sign.style.height = `${step.high}em`;
      item.append(sign, say(`step_${step.name}`, { bits: step.from }));
      list.append(item);
    }
    return list;
  }

  #grammar(mass) {
    const figure = 100 * mass;
    return figure < 0.1 ? say("cert_grammar_nothing") : say("cert_grammar_some", { figure: figure.toFixed(1) });
  }

  #settings() {
    const list = made("ul", "", "settings");
    list.append(...inWords(this.tune).map((words) => made("li", words)));
    return list;
  }

  #toggle(view, words) {
    const button = made("button", say(words), "small");
    button.type = "button";
    button.dataset.view = view;
    button.addEventListener("click", () => this.#mark(this.view === view ? "" : view));
    return button;
  }

  // Colours the notes of the score by this view: "shared", "surprise", or "" for none.
  #mark(view) {
    this.view = view;
    const colours = new Map();
    if (view === "shared") for (const note of this.found.nearest?.notes ?? []) colours.set(note, SHARED);
    if (view === "surprise") (this.found.surprise ?? []).forEach((bits, note) => bits !== null && colours.set(note, stepOf(bits).colour));
    this.score.colour(colours);
    for (const button of this.element.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
}

// The number of the bar in which each note stands; one that is never played by itself stands where the next one does.
function barsOf(drawn) {
  const played = new Map(drawn.notes.map((note) => [note.index, note.bar]));
  const last = Math.max(-1, ...played.keys());
  for (let note = last - 1; note >= 0; note--) if (!played.has(note)) played.set(note, played.get(note + 1));
  return played;
}

// 1 2 3 5 as "1–3, 5".
export function spans(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const found = [];
  for (const number of sorted) {
    if (found.length && found.at(-1)[1] === number - 1) found.at(-1)[1] = number;
    else found.push([number, number]);
  }
  return found.map(([first, last]) => (first === last ? first : `${first}–${last}`)).join(", ");
}

// The bits of each note as upright marks, from left to right.
function picture(bits) {
  const name = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(name, "svg");
  svg.setAttribute("class", "surprises");
  svg.setAttribute("viewBox", `0 0 ${bits.length * 4} 40`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", say("cert_picture", { most: Math.max(...bits).toFixed(1) }));
  bits.forEach((one, place) => {
    if (one === null) return;
    const high = Math.max(1.5, (38 * Math.min(one, HIGHEST)) / HIGHEST);
    const mark = document.createElementNS(name, "rect");
    for (const [key, value] of Object.entries({ x: place * 4 + 0.5, y: 40 - high, width: 3, height: high, fill: stepOf(one).colour })) mark.setAttribute(key, String(value));
    svg.append(mark);
  });
  return svg;
}
