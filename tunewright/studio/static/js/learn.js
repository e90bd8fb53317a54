// The page "learn": tunes are brought, what was read is shown, a model learns them, and is heard.

import { ask } from "./api.js";
import { Bringing } from "./learn_bring.js";
import { Card } from "./learn_card.js";
import { Pages } from "./learn_pages.js";
import { element, explained, pause } from "./learn_parts.js";
import { described, firstScores, whyFailed } from "./learn_read.js";
import { say } from "./words.js";

const byId = (id) => document.getElementById(id);
const cards = new Map();
const comparisons = new Pages(byId("comparisons"), byId("compare-status"));
let collection = null;  // what is chosen and read
let offered = "";  // runs that can be begun with

// ---------------------------------------------------------------------------------------------- 2: what was read

async function choose(id) {
  collection = null;
  byId("read").hidden = !id;
  byId("read-what").replaceChildren();
  ready();
  if (!id) return;
  bringing.mark(id);
  const status = byId("read-status");
  status.classList.remove("wrong");
  status.textContent = say("reading");
  try {
    const found = await untilRead(id);
    if (found.id !== bringing.chosen) return;
    byId("read-what").replaceChildren(...described(found));
    if (found.state === "failed") {
      status.classList.add("wrong");
      status.textContent = whyFailed(found);
    } else {
      status.textContent = say("was_read", { name: found.name, tunes: found.about.tunes.toLocaleString(document.documentElement.lang) });
      collection = found;
      byId("name").placeholder = found.name;
      const scores = await firstScores(id);
      if (scores && found.id === bringing.chosen) byId("read-what").append(scores);
    }
    bringing.list();
  } catch (error) {
    status.classList.add("wrong");
    status.textContent = explained(error);
  } finally {
    ready();
  }
}

async function untilRead(id) {
  for (let wait = 300; ; wait = Math.min(2000, wait * 1.3)) {
    const found = await ask("GET", `/api/collections/${id}`);
    if (found.state !== "reading" || id !== bringing.chosen) return found;
    await pause(wait);
  }
}

// ---------------------------------------------------------------------------------------------- 3: learn

function ready() {
  byId("learn-form").hidden = !collection;
  byId("learn-first").hidden = Boolean(collection);
}

function fromWhat() {
  const from = document.querySelector("input[name=from]:checked").value;
  byId("preset-field").hidden = from !== "nothing";
  return from;
}

async function begin(event) {
  event.preventDefault();
  const from = fromWhat();
  const status = byId("learn-status");
  byId("begin").disabled = true;
  status.classList.remove("wrong");
  status.textContent = "";
  try {
    const training = await ask("POST", "/api/trainings", {
      collection: collection.id,
      from: from === "run" ? byId("run").value : from,
      preset: from === "nothing" ? byId("preset").value : null,
      minutes: Number(byId("minutes").value),
      name: byId("name").value,
    });
    byId("name").value = "";
    add(training).heading.focus();
  } catch (error) {
    status.classList.add("wrong");
    status.textContent = explained(error);
  } finally {
    byId("begin").disabled = false;
  }
}

// ---------------------------------------------------------------------------------------------- 4: hear

function add(training) {
  const card = new Card(training, { told: place, removed: remove });
  cards.set(card.id, card);
  place(card);
  return card;
}

// Puts a card where it belongs: what learns or waits to under 3, what has ended under 4.
function place(card) {
  const where = byId(card.isOpen ? "now" : "done");
  if (card.element && cards.has(card.id) && card.element.parentElement !== where) {
    const focused = card.element.contains(document.activeElement);
    where.prepend(card.element);
    if (focused) card.heading.focus();
  }
  overview();
}

function remove(card) {
  card.element.remove();
  cards.delete(card.id);
  overview();
  byId("hear-title").focus();
}

function overview() {
  const all = [...cards.values()].filter((card) => card.training);
  const usable = all.filter((card) => !card.isOpen && card.training.can_draw);
  const chosen = usable.filter((card) => card.choose.checked);
  byId("hear-none").hidden = all.some((card) => !card.isOpen);
  byId("compare").hidden = usable.length < 2;
  byId("compare-button").disabled = chosen.length < 2;
  const names = usable.map((card) => `${card.id} ${card.training.name}`).join("\n");
  if (names !== offered) {
    offered = names;
    const before = byId("run").value;
    byId("run").replaceChildren(...usable.map((card) => element("option", { value: card.id }, card.training.name)));
    if (usable.some((card) => card.id === before)) byId("run").value = before;
  }
  byId("from-run").hidden = !usable.length;
}

function compare() {
  const chosen = [...cards.values()].filter((card) => !card.isOpen && card.choose.checked);
  comparisons.make("comparison", chosen.map((card) => card.id));
}

// ---------------------------------------------------------------------------------------------- all of it

const bringing = new Bringing(choose);
byId("learn-form").addEventListener("submit", begin);
byId("learn-form").addEventListener("change", () => {
  const before = byId("preset-field").hidden;
  if (fromWhat() === "nothing" && before) byId("minutes").value = "10";
});
byId("run").addEventListener("focus", () => { document.querySelector("input[name=from][value=run]").checked = true; fromWhat(); });
byId("compare-button").addEventListener("click", compare);
try {
  const [trainings, reports] = await Promise.all([ask("GET", "/api/trainings"), ask("GET", "/api/reports"), bringing.list()]);
  for (const training of trainings.reverse()) add(training);
  for (const report of reports.reverse()) {
    (report.kind === "comparison" ? comparisons : cards.get(report.trainings[0])?.pages ?? comparisons).show(report);
  }
} catch (error) {
  byId("bring-status").classList.add("wrong");
  byId("bring-status").textContent = explained(error);
}
