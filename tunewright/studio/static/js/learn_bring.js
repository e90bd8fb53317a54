// Bringing tunes: files, folders or a zip, dropped or chosen, sent with the names that they have.

import { Refusal, ask } from "./api.js";
import { count, element, explained } from "./learn_parts.js";
import { say } from "./words.js";

const MOST_FILES = 10000;
const MOST_BYTES = 64 * 2 ** 20;
const byId = (id) => document.getElementById(id);

// All files of what was dropped, those in folders with the way to them: [name, file].
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => [file.name, file]);
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

async function walk(entry, before, found) {
  if (found.length > MOST_FILES) return;
  const name = before + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) found.push([name, file]);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return;
    for (const inner of some) await walk(inner, `${name}/`, found);
  }
}

// Sends files, telling how much is sent; gives the collection, or throws a Refusal.
function send(files, tell, signal) {
  const form = new FormData();
  for (const [name, file] of files) form.append("files", file, name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/collections");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && tell(event.loaded / event.total);
    request.onload = () =>
      request.status < 300 ? resolve(request.response) : reject(new Refusal(request.status, request.response ?? {}));
    request.onerror = () => reject(new TypeError("offline"));
    request.onabort = () => reject(new DOMException("broken off", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

export class Bringing {
  #sending = null;
  #chosen = "";

  get chosen() { return this.#chosen; }

  // choose(id) is called with a collection that was brought or picked.
  constructor(choose) {
    this.choose = choose;
    const drop = byId("drop");
    for (const name of ["dragenter", "dragover"]) {
      document.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", drop.contains(event.target));
      });
    }
    document.addEventListener("dragleave", () => drop.classList.remove("over"));
    document.addEventListener("drop", async (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      if (event.dataTransfer?.types.includes("Files")) this.#bring(await dropped(event.dataTransfer));
    });
    for (const id of ["files", "folder"]) {
      byId(id).addEventListener("change", (event) => {
        this.#bring([...event.target.files].map((file) => [file.webkitRelativePath || file.name, file]));
        event.target.value = "";
      });
    }
    byId("break-off").addEventListener("click", () => this.#sending?.abort());
  }

  #say(text, wrong = false) {
    const status = byId("bring-status");
    status.textContent = text;
    status.classList.toggle("wrong", wrong);
  }

  async #bring(files) {
    if (this.#sending) return;
    const bytes = files.reduce((sum, [, file]) => sum + file.size, 0);
    if (!files.length) return this.#say(say("error_no_files"), true);
    if (files.length > MOST_FILES) return this.#say(say("error_too_many_files", { most: count(MOST_FILES) }), true);
    if (bytes > MOST_BYTES) return this.#say(say("error_too_large_body", { most: count(MOST_BYTES / 2 ** 20) }), true);
    this.#sending = new AbortController();
    byId("sending").hidden = false;
    this.#say(say("sending", { files: count(files.length) }));
    try {
      const made = await send(files, (done) => { byId("sent").value = done; }, this.#sending.signal);
      this.#say(say("sent", { name: made.name }));
      this.#chosen = made.id;
      await this.list();
      this.choose(made.id);
    } catch (error) {
      this.#say(error.name === "AbortError" ? say("broken_off") : explained(error), error.name !== "AbortError");
    } finally {
      this.#sending = null;
      byId("sending").hidden = true;
      byId("sent").value = 0;
    }
  }

  // Shows what there is to choose from.
  async list() {
    const { brought, built_in: builtIn } = await ask("GET", "/api/collections");
    byId("brought").hidden = !brought.length;
    byId("brought-list").replaceChildren(...brought.map((one) => this.#choice(one.id, one.name, this.#told(one), true)));
    byId("built-in-list").replaceChildren(...builtIn.map((one) => {
      const told = say(one.non_commercial ? "tunes_not_commercial" : "tunes", { count: count(one.tunes) });
      return this.#choice(one.id, one.title, told, false);
    }));
  }

  #told(collection) {
    if (collection.state === "reading") return say("reading_now");
    return collection.state === "failed" ? say("unreadable") : say("tunes", { count: count(collection.tunes ?? 0) });
  }

  #choice(id, name, told, removable) {
    const pick = element("button", {
      type: "button", class: "pick", "data-collection": id, "aria-pressed": String(id === this.#chosen),
      onclick: () => { this.mark(id); this.choose(id); },
    }, element("span", {}, name), " ", element("span", { class: "quiet" }, told));
    const remove = removable
      ? element("button", { type: "button", "aria-label": say("remove_collection", { name }), onclick: () => this.#remove(id, name) }, "×")
      : "";
    return element("li", {}, pick, remove);
  }

  mark(id) {
    this.#chosen = id;
    for (const pick of document.querySelectorAll(".pick")) pick.setAttribute("aria-pressed", String(pick.dataset.collection === id));
  }

  async #remove(id, name) {
    if (!window.confirm(say("remove_collection_really", { name }))) return;
    try {
      await ask("DELETE", `/api/collections/${id}`);
      this.#say(say("removed", { name }));
      if (id === this.#chosen) {
        this.#chosen = "";
        this.choose(null);
      }
      await this.list();
      byId("bring-title").focus();
    } catch (error) {
      this.#say(explained(error), true);
    }
  }
}
