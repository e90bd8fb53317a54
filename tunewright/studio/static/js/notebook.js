// The page "notebook": the tunes that are kept, with their beginnings; each can be renamed, opened, taken away, deleted.

import { ask } from "./api.js";
import { keyInWords } from "./history.js";
import { insertPicture } from "./make_writing.js";
import { say } from "./words.js";

const AT_ONCE = 30;
const MOST = 1000;

const by = (id) => document.getElementById(id);
let tunes = [];
let visible = AT_ONCE;

function made(name, text = "", classes = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (classes) element.className = classes;
  return element;
}

async function does(action, words) {
  by("failed").textContent = "";
  try {
    await action();
    by("said").textContent = words;
  } catch (error) {
    by("failed").textContent = error.message;
  }
}

function row(tune) {
  const item = made("li", "", "panel");
  const little = made("a", "", "little");
  little.href = `/t/${tune.id}`;
  little.tabIndex = -1;
  little.setAttribute("aria-hidden", "true");
  const about = [keyInWords(tune.key), tune.meter, say(`made_by_${tune.made_by}`), new Date(tune.created).toLocaleDateString(document.documentElement.lang)];
  item.append(naming(tune), little, made("p", about.filter(Boolean).join(" · "), "quiet"), files(tune), acts(tune, item));
  seen.observe(little);
  pictures.set(little, tune.id);
  return item;
}

function naming(tune) {
  const field = document.createElement("input");
  field.value = tune.title;
  field.maxLength = 300;
  field.placeholder = say("untitled");
  field.setAttribute("aria-label", say("name"));
  field.addEventListener("change", () => does(async () => Object.assign(tune, await ask("PATCH", `/api/tunes/${tune.id}`, { title: field.value })), say("renamed")));
  return field;
}

function files(tune) {
  const list = made("p", "", "row");
  for (const name of by("rows").dataset.files.split(" ")) {
    const link = made("a", { musicxml: "MusicXML", mid: "MIDI" }[name] ?? name.toUpperCase());
    link.href = `/api/tunes/${tune.id}/file.${name}`;
    link.setAttribute("download", "");
    list.append(link);
  }
  return list;
}

function acts(tune, item) {
  const list = made("p", "", "row");
  const open = made("a", say("open"), "button small");
  open.href = `/t/${tune.id}`;
  const button = (words, act) => {
    const made_ = made("button", say(words), "small");
    made_.type = "button";
    made_.addEventListener("click", act);
    return made_;
  };
  const gone = () => {
    tunes = tunes.filter((one) => one !== tune);
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    tell();
    (next?.querySelector("input") ?? by("main")).focus();
  };
  const letGo = button("let_go", () => does(async () => {
    await ask("PATCH", `/api/tunes/${tune.id}`, { kept: false });
    gone();
  }, say("let_go_done")));
  const remove = button("delete", () => {
    if (!window.confirm(say("really", { title: tune.title || say("untitled") }))) return;
    does(async () => {
      await ask("DELETE", `/api/tunes/${tune.id}`);
      gone();
    }, say("deleted"));
  });
  list.append(open, letGo, remove);
  return list;
}

// A tune is drawn when it comes into sight.
const pictures = new Map();
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting || !pictures.has(target)) continue;
    const id = pictures.get(target);
    pictures.delete(target);
    ask("GET", `/api/tunes/${id}/score?width=560`).then((drawn) => insertPicture(target, drawn.svg)).catch(() => {});
  }
}, { rootMargin: "200px" });

function tell() {
  by("count").textContent = tunes.length ? say(tunes.length === 1 ? "count_one" : "count", { count: tunes.length }) : "";
  by("export").hidden = by("undo-hint").hidden = !tunes.length;
  by("more-rows").hidden = tunes.length <= visible;
  if (!tunes.length) by("rows").replaceChildren(made("li", say("nothing"), "panel nothing"));
}

by("more-rows").addEventListener("click", () => {
  by("rows").append(...tunes.slice(visible, visible + AT_ONCE).map(row));
  visible += AT_ONCE;
  tell();
});

does(async () => {
  tunes = await ask("GET", `/api/tunes?kept=true&most=${MOST}`);
  by("rows").append(...tunes.slice(0, visible).map(row));
  tell();
}, "");
