// Tunes as they are written: the score drawn again for the newest bars, what is stale left out.

import { ask, events } from "./api.js";
import { say } from "./words.js";

const WIDE = 840;
const LITTLE = 560;  // pixels for which a score of several is drawn

// Draws what it is given; while a drawing is under way, only the newest of what comes meanwhile is drawn after it.
export class Newest {
  // `width` says how wide the picture is to be, in pixels.
  constructor(shown, failed = () => {}, width = () => WIDE) {
    this.shown = shown;
    this.failed = failed;
    this.width = width;
    this.next = null;
    this.busy = false;
    this.leaving = new AbortController();
  }

  push(abc) {
    this.next = abc;
    if (!this.busy) this.#draw();
  }

  // Nothing that is under way is shown any more.
  drop() {
    this.leaving.abort();
    this.leaving = new AbortController();
    this.next = null;
  }

  async #draw() {
    this.busy = true;
    while (this.next !== null) {
      const abc = this.next;
      const { signal } = this.leaving;
      this.next = null;
      try {
        const drawn = await ask("POST", "/api/scores", { abc, width: this.width() }, signal);
        if (!signal.aborted) this.shown(drawn, abc);
      } catch (error) {
        if (!signal.aborted) this.failed(error, abc);
      }
    }
    this.busy = false;
  }
}

// Has tunes written. `told` is called with waiting(place), bar(event), tune(tune); gives the tunes back when all are done.
export async function write(asked, told, signal) {
  const tunes = [];
  for await (const { event, data } of events("POST", "/api/tunes", asked, signal)) {
    if (event === "waiting") told.waiting?.(data.place);
    else if (event === "bar") told.bar?.(data);
    else if (event === "reading") told.reading?.();
    else if (event === "tune") {
      tunes.push(data);
      told.tune?.(data, data.index ?? tunes.length - 1);
    } else if (event === "failed") throw new Error(data.error);
    else if (event === "done") break;
  }
  return tunes;
}

// Several tunes side by side: each drawn small as it is written, to pick one of.
export class Several {
  constructor(section, cells, picked) {
    this.section = section;
    this.cells = cells;
    this.picked = picked;
    this.drawn = [];
  }

  begin(count) {
    this.close();
    this.drawn = Array.from({ length: count }, (_, place) => this.#cell(place));
    this.cells.replaceChildren(...this.drawn.map((one) => one.cell));
    this.section.hidden = false;
  }

  bar({ index, bars, abc }) {
    const one = this.drawn[index];
    if (!one) return;
    one.words.textContent = say("four_bars", { bars });
    one.newest.push(abc);
  }

  tune(tune, place) {
    const one = this.drawn[place];
    if (!one) return;
    one.tune = tune;
    one.words.textContent = tune.valid === false ? say("four_unsound") : "";
    one.button.disabled = false;
    one.newest.push(tune.abc);
  }

  close() {
    for (const one of this.drawn) one.newest.drop();
    this.drawn = [];
    this.section.hidden = true;
    this.cells.replaceChildren();
  }

  #cell(place) {
    const cell = document.createElement("article");
    cell.className = "cell";
    const little = document.createElement("div");
    little.className = "little";
    const row = document.createElement("div");
    row.className = "row";
    const words = document.createElement("p");
    const button = document.createElement("button");
    button.type = "button";
    button.disabled = true;
    button.textContent = say("four_take", { number: place + 1 });
    row.append(button, words);
    cell.append(little, row);
    const one = { cell, words, button, tune: null };
    one.newest = new Newest((drawn) => insertPicture(little, drawn.svg), () => {}, () => LITTLE);
    button.addEventListener("click", () => this.picked(one.tune));
    return one;
  }
}

// A picture that the server made.
export function insertPicture(element, svg) {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (parsed.nodeName !== "svg") return;
  element.replaceChildren(document.importNode(parsed, true));
}
