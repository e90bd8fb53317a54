// The page "make": what its parts have to do with each other.

import { ask } from "./api.js";
import { Acts } from "./make_acts.js";
import { Desk } from "./make_desk.js";
import { Editor } from "./edit.js";
import { MOST_CARDS } from "./history.js";
import { Wishes, askedBy } from "./make_wishes.js";
import { say } from "./words.js";

const by = (id) => document.getElementById(id);

const wishes = new Wishes();
const desk = new Desk();
new Acts(desk, wishes);
const editor = new Editor(desk);

by("wishes").addEventListener("submit", (event) => {
  event.preventDefault();
  desk.write(wishes.request());
});
by("four").addEventListener("click", () => desk.write({ ...wishes.request(), n: 4 }));
by("stop").addEventListener("click", () => desk.leave());
by("undo").addEventListener("click", () => desk.move(-1));
by("redo").addEventListener("click", () => desk.move(1));
by("keep").addEventListener("click", () => change(desk.tune, { kept: !desk.tune.kept }));
by("take-on").addEventListener("click", takeOn);

// Changes what a notebook says of a tune.
async function change(tune, what) {
  desk.fail(null);
  try {
    const changed = await ask("PATCH", `/api/tunes/${tune.id}`, what);
    if (desk.tune?.id === changed.id) desk.tune = changed;
    desk.strip.add(changed);
    desk.heads();
    offerTunes();
  } catch (error) {
    desk.fail(error);
  }
}

async function takeOn() {
  desk.fail(null);
  try {
    await desk.show(await ask("POST", `/api/tunes/${desk.tune.id}/taken`));
    desk.say(say("taken"));
  } catch (error) {
    desk.fail(error);
  }
}

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.matches("input:not([type=range],[type=checkbox]), textarea")) return;
  const key = event.key.toLowerCase();
  if (key === "z" || key === "y") {
    event.preventDefault();
    desk.move(key === "y" || event.shiftKey ? 1 : -1);
  }
});

// A menu closes when something else is clicked or focused, or by Escape.
for (const menu of document.querySelectorAll(".menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  for (const name of ["click", "focusin"]) {
    document.addEventListener(name, (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  }
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const field = by(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      desk.say(say("copied"));
    } catch {
      desk.say(say("copy_yourself"));
    }
  });
}

async function offerModels() {
  const models = await ask("GET", "/api/models").catch(() => []);
  const chosen = by("model").value;
  if (!models.length) return;
  by("model").replaceChildren(...models.map((model) => new Option(model.title || model.name, model.name)));
  if (models.some((model) => model.name === chosen)) by("model").value = chosen;
}

// The kept tunes, to be like.
function offerTunes() {
  const kept = desk.strip.tunes.filter((tune) => tune.kept).reverse();
  for (const id of ["like", "plan_like"]) {
    const field = by(id);
    const chosen = field.value;
    field.replaceChildren(field.options[0], ...kept.map((tune) => new Option(tune.title || say("untitled"), tune.id)));
    if (kept.some((tune) => tune.id === chosen)) field.value = chosen;
  }
}

async function start() {
  const models = offerModels();
  const tunes = await ask("GET", `/api/tunes?most=${MOST_CARDS}`).catch(() => []);
  desk.strip.load(tunes);
  offerTunes();
  const query = new URLSearchParams(location.search);
  const asked = askedBy(query);
  await models;
  if (asked) wishes.fill(asked);
  if (asked?.seed !== undefined || query.has("write")) await desk.write(asked ?? {}); // pressed before this was here
  else await showFirst(asked, tunes);
  if (editor.drafts.editing) editor.open();
}

// The tune of the address; else the one that was shown last, unless something new is asked for.
async function showFirst(asked, tunes) {
  const named = by("desk").dataset.tune;
  const id = named || (asked ? null : (desk.shown.now ?? tunes[0]?.id));
  const tune = id && (desk.strip.find(id) ?? (await ask("GET", `/api/tunes/${id}`).catch(() => null)));
  if (tune) await desk.show(tune);
  else if (named) desk.fail(new Error(say("no_tune")));
  desk.redraw();
}

start();
