// A curve of how a model learns, drawn as SVG: training and held-out loss by step, with a table that says the same.

import { count, element, figure, lasting, percent, scrolling, table } from "./learn_parts.js";
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 230;
const AROUND = { left: 44, right: 12, top: 10, bottom: 30 };
const MOST = 600;  // points of the training loss that are kept

function drawn(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Round numbers from low to high, about so many.
function ticks(low, high, many) {
  const rough = (high - low) / many || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) found.push(Number(at.toPrecision(10)));
  return found;
}

export class Curve {
  #points = [];
  #steps = 0;
  #waiting = 0;

  constructor() {
    this.svg = drawn("svg", { role: "img" });
    this.rows = element("div");
    this.element = element("figure", { class: "curve" }, this.svg,
      element("figcaption", {},
        element("span", {}, element("span", { class: "key" }), say("held_out_loss")),
        element("span", {}, element("span", { class: "key training" }), say("training_loss")),
        element("span", {}, say("loss_note"))),
      element("details", { ontoggle: () => this.#tabulate() }, element("summary", {}, say("as_table")), this.rows));
    this.element.hidden = true;
    new ResizeObserver(() => this.#soon()).observe(this.element);
  }

  get looks() { return this.#points.filter((point) => point.valid_loss !== undefined); }

  // Adds points; those before are void where it begins anew. `steps` is how many there will be.
  add({ anew, points }, steps = 0) {
    if (anew) this.#points = [];
    this.#points.push(...points);
    if (this.#points.length > 2 * MOST) {
      this.#points = this.#points.filter((point, at) => at % 2 || point.valid_loss !== undefined);
    }
    this.#steps = steps;
    this.element.hidden = this.#points.length < 2;
    this.#soon();
  }

  #soon() {
    cancelAnimationFrame(this.#waiting);
    this.#waiting = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const width = this.element.clientWidth;
    if (!width || this.#points.length < 2) return;
    const values = this.#points.flatMap((point) => [point.train_loss, point.valid_loss]).filter((value) => value !== undefined);
    const low = Math.min(...values), high = Math.max(...values);
    const room = (high - low) * 0.08 || 0.05;
    const last = this.#points.at(-1).step;
    const right = Math.max(1, last, Math.min(this.#steps, last * 3));
    const x = (step) => AROUND.left + (step / right) * (width - AROUND.left - AROUND.right);
    const y = (loss) => AROUND.top + ((high + room - loss) / (high - low + 2 * room)) * (HEIGHT - AROUND.top - AROUND.bottom);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.svg.setAttribute("aria-label", this.#summary());
    this.svg.replaceChildren(
      ...this.#axes(x, y, low - room, high + room, right, width),
      this.#line("training", this.#points.filter((point) => point.train_loss !== undefined).map((point) => [x(point.step), y(point.train_loss)])),
      this.#line("held", this.looks.map((look) => [x(look.step), y(look.valid_loss)])),
      ...this.#marks(x, y));
    if (this.element.querySelector("details").open) this.#tabulate();
  }

  #axes(x, y, low, high, right, width) {
    const found = [];
    for (const loss of ticks(low, high, 4)) {
      found.push(drawn("line", { class: "grid", x1: AROUND.left, x2: width - AROUND.right, y1: y(loss), y2: y(loss) }));
      found.push(drawn("text", { x: AROUND.left - 6, y: y(loss) + 4, "text-anchor": "end" }, String(loss)));
    }
    for (const step of ticks(0, right, width < 500 ? 4 : 8)) {
      if (Number.isInteger(step)) found.push(drawn("text", { x: x(step), y: HEIGHT - 10, "text-anchor": "middle" }, count(step)));
    }
    found.push(drawn("text", { x: width - AROUND.right, y: HEIGHT - 22, "text-anchor": "end" }, say("step_axis")));
    return found;
  }

  #line(name, points) {
    const path = points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    return drawn("path", { class: name, d: path || "M0 0" });
  }

  #marks(x, y) {
    const best = this.#best();
    return this.looks.map((look) => drawn("circle", {
      class: look === best ? "best" : "look", cx: x(look.step).toFixed(1), cy: y(look.valid_loss).toFixed(1), r: look === best ? 5.5 : 3,
    }));
  }

  #best() {
    return this.looks.reduce((best, look) => (!best || look.valid_loss < best.valid_loss ? look : best), null);
  }

  #summary() {
    const best = this.#best(), first = this.looks[0];
    if (!best) return say("curve_training", { steps: count(this.#points.at(-1).step) });
    return say("curve_says", {
      first: figure(first.valid_loss), best: figure(best.valid_loss), step: count(best.step), steps: count(this.#points.at(-1).step),
    });
  }

  #tabulate() {
    const rows = this.looks.map((look) => [
      count(look.step), lasting(look.seconds), figure(look.train_loss), figure(look.valid_loss), figure(look.bits_per_note),
      look.copy_rate === undefined ? "" : percent(look.copy_rate),
    ]);
    const head = ["step_axis", "time", "training_loss", "held_out_loss", "bits_per_note", "copies"].map((key) => say(key));
    this.rows.replaceChildren(scrolling(table(head, rows, say("as_table")), say("as_table")));
  }
}
