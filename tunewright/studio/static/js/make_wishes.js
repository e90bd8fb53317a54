// What is wished for: the form as a request, and a request as the form, as an address, as words.

import { Plan } from "./make_plan.js";
import { keyInWords } from "./history.js";
import { say } from "./words.js";

const WORDS = ["model", "key", "meter", "rhythm", "bars", "parts", "start", "like", "plan_like"];
const FIGURES = ["seed", "top_k", "top_p", "min_p", "repeats", "best_of", "original"];
const USUAL = { model: "base", n: 1, top_k: 0, top_p: 1, min_p: 0, repeats: 0, free: false };
const USUAL_WILDNESS = 0.8;  // where the slider stands while the model's own temperature holds

const by = (id) => document.getElementById(id);
const part = (name) => by("wishes").elements.namedItem(name);

export class Wishes {
  constructor() {
    this.plan = new Plan(by("plan"), () => {});
    this.touched = false;  // whether the slider was moved: else the model's own temperature holds
    by("rhythm").addEventListener("change", () => this.#offerMeters());
    by("form").addEventListener("change", () => this.#formed());
    for (const name of ["parts", "bars"]) part(name).addEventListener("input", () => this.#shaped());
    by("plans").addEventListener("change", () => this.#planned());
    by("plan-clear").addEventListener("click", () => this.#clear());
    by("wildness").addEventListener("input", () => this.wilder(0));
    by("wishes").addEventListener("reset", () => setTimeout(() => this.fill({})));
    this.#tell();
  }

  // The request that the form says; what is left open is not in it.
  request() {
    const asked = { model: part("model").value || "base" };
    for (const name of WORDS) if (part(name).value.trim()) asked[name] = part(name).value.trim();
    for (const name of FIGURES) if (part(name).value !== "") asked[name] = Number(part(name).value);
    if (this.plan.text) asked.plan = this.plan.text;
    if (by("lowest").value || by("highest").value) asked.range = `${by("lowest").value || "G3"}-${by("highest").value || "D6"}`;
    if (by("free").checked) asked.free = true;
    const temperature = this.temperature();
    if (temperature) asked.temperature = temperature;
    return asked;
  }

  // As `generate` reads it: a number, and another from a bar on.
  temperature() {
    const later = by("later_bar").value;
    if (!this.touched && !later) return "";
    const first = Number(by("wildness").value).toFixed(2);
    return later ? `${first},${later}:${Number(by("later_wildness").value) || 1.3}` : first;
  }

  // Moves the slider by so much, and says where it is.
  wilder(step) {
    this.touched = true;
    by("wildness").value = String(Number(by("wildness").value) + step);
    this.#tell();
  }

  fill(asked) {
    for (const name of [...WORDS, ...FIGURES]) this.#put(name, asked[name] ?? USUAL[name] ?? "");
    by("free").checked = Boolean(asked.free);
    const [low, high] = String(asked.range ?? "").split("-");
    by("lowest").value = low ?? "";
    by("highest").value = high ?? "";
    const [first, later] = String(asked.temperature ?? "").split(",");
    this.touched = first !== "";
    by("wildness").value = first || USUAL_WILDNESS;
    by("later_bar").value = later?.split(":")[0] ?? "";
    by("later_wildness").value = later?.split(":")[1] ?? "1.3";
    this.#offerMeters();
    this.#put("meter", asked.meter ?? "");
    const form = `${asked.parts ?? ""}/${asked.bars ?? ""}`;
    by("form").value = form === "/" ? "" : [...by("form").options].some((one) => one.value === form) ? form : "own";
    by("own-form").hidden = by("form").value !== "own";
    this.#shaped();
    this.plan.text = asked.plan ?? "";
    this.#tell();
  }

  #put(name, value) {
    const field = part(name);
    if (field.tagName === "SELECT" && value !== "" && ![...field.options].some((one) => one.value === String(value))) {
      field.add(new Option(String(value), String(value)));
    }
    field.value = String(value);
  }

  #tell() {
    const at = Number(by("wildness").value);
    const steps = [[0.55, "very_calm"], [0.75, "calm"], [0.9, "natural"], [1.1, "wild"], [9, "very_wild"]];
    const how = `${say(`wildness_${steps.find(([most]) => at < most)[1]}`)} (${at.toFixed(2)})`;
    const words = this.touched ? how : say("wildness_own");
    by("wildness-words").textContent = words;
    by("wildness").setAttribute("aria-valuetext", words);
  }

  // Only the metres in which a dance is written.
  #offerMeters() {
    const known = by("rhythm").selectedOptions[0]?.dataset.meters?.split(" ");
    for (const one of by("meter").options) one.hidden = one.disabled = Boolean(known && one.value && !known.includes(one.value));
    if (by("meter").selectedOptions[0]?.disabled) by("meter").value = "";
  }

  #formed() {
    const chosen = by("form").value;
    by("own-form").hidden = chosen !== "own";
    if (chosen === "own") return part("parts").focus();
    [part("parts").value, part("bars").value] = chosen ? chosen.split("/") : ["", ""];
    return this.#shaped();
  }

  // As many boxes in the plan as the form has bars.
  #shaped() {
    const letters = [...new Set(part("parts").value.toUpperCase().replace(/[^A-Z]/g, ""))];
    const counts = part("bars").value.split(/[,+]/).map(Number).filter((count) => count > 0 && count <= 256);
    const sizes = letters.length ? letters.map((_, place) => counts[counts.length > 1 ? place : 0] ?? 8) : counts;
    const ends = sizes.map((_, place) => sizes.slice(0, place + 1).reduce((sum, size) => sum + size, 0));
    this.plan.shape(ends.at(-1) ?? 8, ends.length > 1 ? ends : []);
  }

  #planned() {
    if (by("plans").value) this.plan.text = by("plans").value;
    by("plans").value = "";
  }

  #clear() {
    this.plan.text = "";
    this.#shaped();
  }
}

// An address that draws the same tune again: its settings and its seed.
export function addressOf(tune) {
  const asked = { ...tune.settings, seed: tune.seed, model: tune.model };
  const query = new URLSearchParams();
  for (const name of ["model", "seed", ...Object.keys(asked).sort()]) {
    const value = asked[name];
    if (value === null || value === undefined || value === "" || name === "n" || query.has(name)) continue;
    if (name in USUAL && USUAL[name] === value && name !== "model") continue;
    query.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  return `${location.origin}/?${query}`;
}

// What an address asks for, checked by the server later; null where it asks for nothing.
export function askedBy(query) {
  const asked = {};
  for (const [name, value] of query) {
    if (value === "") continue; // as a form sends what is left open
    if (name === "locked") asked.locked = value.split(",").filter(Boolean).map(Number);
    else if (FIGURES.includes(name) || ["vary", "go_on_from"].includes(name)) asked[name] = Number(value);
    else if (name === "free") asked.free = ["true", "on"].includes(value);
    else if (WORDS.includes(name) || ["plan", "range", "temperature", "parent"].includes(name)) asked[name] = value;
  }
  return Object.keys(asked).length ? asked : null;
}

// What is asked to go on from a bar of a tune: from its last one on it has to be said how long it is to become.
export function goingOn(tune, bar) {
  return bar === tune.bars ? { go_on_from: bar, bars: Math.max(16, 8 * Math.ceil((bar + 8) / 8)) } : { go_on_from: bar };
}

// What was asked of a tune, as short words, one for each setting that is not left open.
export function inWords(tune) {
  const found = [];
  for (const [name, value] of Object.entries({ model: tune.model, ...tune.settings, seed: tune.seed })) {
    const open = value === null || value === undefined || value === "" || value === false || (Array.isArray(value) && !value.length);
    if (open || name === "n" || name === "parent" || (name !== "model" && USUAL[name] === value)) continue;
    found.push(say("setting", { name: say(`setting_${name}`), value: valueInWords(name, value) }));
  }
  return found;
}

function valueInWords(name, value) {
  if (name === "key") return keyInWords(value);
  if (name === "rhythm") return [...by("rhythm").options].find((one) => one.value === value)?.text ?? value;
  if (Array.isArray(value)) return value.join(" ");
  return value === true ? "✓" : value;
}
