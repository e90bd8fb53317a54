// The page on which listening tests are made, shared and read: the form, and what becomes of it.

import { ask } from "./api.js";
import { TestCard } from "./listen_card.js";
import { say } from "./words.js";

const LARGEST = 1_000_000; // signs of a file
const MINUTES = { pairs: 1.2, rating: 1, machine: 0.6 }; // of an item
const EVERY = 1500; // milliseconds between two looks at what is being made

const at = (id) => document.getElementById(id);
const form = at("new");
const files = [];
const cards = new Map();
let kept = [];
let looking = 0;

// ------------------------------------------------------------------ the form

function kind() {
  return form.elements.kind.value;
}

function listItem(input, name, note) {
  const label = document.createElement("label");
  label.className = "pick";
  const words = document.createElement("span");
  const strong = document.createElement("strong");
  const quiet = document.createElement("span");
  strong.textContent = name;
  quiet.className = "quiet";
  quiet.textContent = note;
  words.append(strong, " ", quiet);
  label.append(input, words);
  const item = document.createElement("li");
  item.append(label);
  return item;
}

function checkbox(value) {
  const input = document.createElement("input");
  input.type = "checkbox";
  input.value = value;
  input.addEventListener("change", sum);
  return input;
}

async function showSources() {
  const [models, tunes] = await Promise.all([ask("GET", "/api/models"), ask("GET", "/api/tunes?kept=true")]);
  for (const model of models) {
    const input = checkbox(model.name);
    input.checked = model.kind === "base";
    at("models").append(listItem(input, model.title || model.name, model.kind === "base" ? "" : say(model.kind)));
  }
  kept = tunes;
  at("kept").hidden = !kept.length;
  at("kept-count").textContent = say("tunes_count", { count: kept.length });
  sum();
}

async function addFiles(chosen) {
  for (const file of chosen) {
    const abc = await file.text();
    if (abc.length > LARGEST) {
      at("new-status").textContent = say("too_large", { name: file.name });
      continue;
    }
    const source = { kind: "abc", name: file.name.slice(0, 80), abc };
    const count = (abc.match(/^X:/gm) ?? []).length || 1;
    const input = checkbox("");
    input.checked = true;
    const item = listItem(input, source.name, say("tunes_count", { count }));
    const out = document.createElement("button");
    out.type = "button";
    out.textContent = "×";
    out.setAttribute("aria-label", say("remove_file", { name: source.name }));
    out.addEventListener("click", () => {
      files.splice(files.findIndex((one) => one.source === source), 1);
      item.remove();
      at("files").focus();
      sum();
    });
    item.append(out);
    at("tunes").append(item);
    files.push({ input, source });
  }
  sum();
}

function sources() {
  const models = [...at("models").querySelectorAll("input:checked")].map((input) => ({ kind: "model", name: input.value }));
  const own = at("notebook").checked && kept.length
    ? [{ kind: "tunes", name: form.dataset.notebook, tunes: kept.slice(0, 200).map((tune) => tune.id) }] : [];
  return [...models, ...own, ...files.filter(({ input }) => input.checked).map(({ source }) => source)];
}

function sum() {
  const count = sources().length;
  at("items-label").textContent = say(`items_${kind()}`);
  const minutes = Math.max(2, Math.round(Number(at("items").value) * MINUTES[kind()]) + 2);
  at("sum").textContent = count ? say("sum", { sources: count + (at("real").value ? 1 : 0), minutes }) : say("sum_none");
}

async function make(event) {
  event.preventDefault();
  const status = at("new-status");
  const chosen = sources();
  status.className = "status";
  if (!chosen.length) {
    status.textContent = say("no_sources");
    return;
  }
  at("make").disabled = true;
  try {
    const made = await ask("POST", "/api/tests", {
      title: at("name").value, questions: kind(), items: Number(at("items").value), bars: Number(at("bars").value),
      language: at("language").value, sources: chosen, real: at("real").value,
    });
    status.textContent = say("waiting");
    show(made, true);
    look();
  } catch (error) {
    status.className = "status wrong";
    status.textContent = say("failed", { reason: error.message });
  }
  at("make").disabled = false;
}

// ------------------------------------------------------------------ the tests

function show(test, first = false) {
  const card = cards.get(test.id) ?? new TestCard(test, { changed: look, gone: forget });
  if (!cards.has(test.id)) at("tests")[first ? "prepend" : "append"](card.element);
  cards.set(test.id, card);
  const before = card.test.state;
  card.show(test);
  if (before === "making" && test.state === "ready") at("new-status").textContent = say("made");
  if (before === "making" && test.state === "failed") at("new-status").textContent = "";
  at("none").hidden = cards.size > 0;
}

function forget(id) {
  cards.get(id)?.element.remove();
  cards.delete(id);
  at("none").hidden = cards.size > 0;
  at("new-status").textContent = say("removed");
  at("tests-title").setAttribute("tabindex", "-1");
  at("tests-title").focus();
}

async function look() {
  clearTimeout(looking);
  const tests = await ask("GET", "/api/tests").catch(() => null);
  for (const test of tests ?? []) show(test);
  at("none").hidden = cards.size > 0;
  const making = [...cards.values()].some((card) => card.test.state === "making");
  if (making) looking = setTimeout(look, EVERY);
}

form.dataset.notebook = document.querySelector("#kept strong").textContent;
form.addEventListener("submit", make);
form.addEventListener("input", sum);
at("files").addEventListener("change", async (event) => {
  await addFiles(event.target.files);
  event.target.value = "";
});
showSources();
look();
window.addEventListener("focus", look);
