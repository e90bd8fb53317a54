// What a player is worked with: buttons, sliders and switches, in words of the reader's language.
//
// new Controls(element, acts): builds them in the element; `acts` are called when somebody uses one. They show what the
// player tells them, and decide nothing.

import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const ICONS = { play: "M6 4l11 6-11 6z", pause: "M5 4h4v12H5zM11 4h4v12h-4z", stop: "M5 5h10v10H5z" };
export const SWITCHES = ["melody", "chords", "metronome", "count_in"];
let built = 0;

function made(tag, values = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(values)) {
    if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function icon(name) {
  const [picture, path] = ["svg", "path"].map((tag) => document.createElementNS(SVG, tag));
  picture.setAttribute("viewBox", "0 0 20 20");
  picture.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  return picture;
}

export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export class Controls {
  constructor(element, acts) {
    this.name = `player${++built}-`;
    this.element = element;
    element.classList.add("player");
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", say("player.player"));
    this.play = made("button", { type: "button", className: "main play", "aria-keyshortcuts": "Space" });
    this.play.addEventListener("click", acts.toggle);
    for (const event of ["pointerenter", "pointerdown", "focus"]) this.play.addEventListener(event, acts.prepare);
    this.stop = made("button", { type: "button" }, icon("stop"), made("span", {}, say("player.stop")));
    this.stop.addEventListener("click", acts.stop);
    this.place = made("input", { type: "range", min: 0, step: 0.01, value: 0, className: "place" });
    this.place.setAttribute("aria-label", say("player.place"));
    this.place.addEventListener("input", () => acts.seek(Number(this.place.value)));
    this.time = made("span", { className: "time", "aria-hidden": "true" });
    this.status = made("p", { className: "status", role: "status" });
    element.replaceChildren(
      made("div", { className: "transport" }, this.play, this.stop, this.place, this.time),
      this.#choices(acts),
      this.status,
    );
    this.playing(false);
  }

  // Everything but playing itself; folded up where there is little room.
  #choices(acts) {
    const choices = made("div", { className: "choices" });
    choices.append(this.#tempo(acts), this.#instrument(acts), this.#loop(acts), this.#switches(acts));
    const isOpen = matchMedia("(min-width: 48rem)").matches;
    return made("details", { open: isOpen }, made("summary", {}, say("player.choices")), choices);
  }

  #labelled(words, control, ...more) {
    control.id = this.name + control.name;
    return made("p", { className: `choice ${control.name}` }, made("label", { htmlFor: control.id }, words), control, ...more);
  }

  #tempo(acts) {
    this.tempo = made("input", { type: "range", name: "tempo", step: 1 });
    this.tempoWords = made("output");
    this.tempoWords.htmlFor = `${this.name}tempo`;
    this.tempo.addEventListener("input", () => acts.tempo(Number(this.tempo.value)));
    this.ownTempo = made("button", { type: "button", className: "small" }, say("player.own_tempo"));
    this.ownTempo.addEventListener("click", () => acts.tempo(null));
    return this.#labelled(say("player.tempo"), this.tempo, this.tempoWords, this.ownTempo);
  }

  #instrument(acts) {
    this.instrument = made("select", { name: "instrument" });
    this.instrument.addEventListener("change", () => acts.program(Number(this.instrument.value)));
    return this.#labelled(say("player.instrument"), this.instrument);
  }

  #switches(acts) {
    const ticks = SWITCHES.map((name) => {
      this[name] = made("input", { type: "checkbox", name, id: this.name + name });
      this[name].addEventListener("change", () => acts.set(name, this[name].checked));
      const label = made("label", { htmlFor: this[name].id }, say(`player.${name}`));
      return made("span", { className: `tick ${name}` }, this[name], label);
    });
    return made("fieldset", { className: "choice switches" }, made("legend", {}, say("player.heard")), ...ticks);
  }

  #loop(acts) {
    this.loop = made("input", { type: "checkbox", name: "loop", id: `${this.name}loop` });
    [this.from, this.to] = ["from", "to"].map((name) => made("input", { type: "number", name, min: 0, className: "number" }));
    this.from.setAttribute("aria-label", say("player.loop_from"));
    this.to.setAttribute("aria-label", say("player.loop_to"));
    const changed = () => acts.loop(this.loop.checked, Number(this.from.value), Number(this.to.value));
    for (const input of [this.loop, this.from, this.to]) input.addEventListener("change", changed);
    const label = made("label", { htmlFor: this.loop.id }, say("player.loop"));
    const dash = made("span", { "aria-hidden": "true" }, "–");
    const hint = made("span", { className: "hint" }, say("player.loop_hint"));
    return made("fieldset", { className: "choice loop" }, this.loop, label, this.from, dash, this.to, hint);
  }

  offer(instruments, program) {
    const options = instruments.map(({ name, program: value }) => made("option", { value }, say(`player.instruments.${name}`)));
    this.instrument.replaceChildren(...options);
    this.instrument.value = String(program);
  }

  // A tune: how long it is, its own tempo, its bars, whether it has chords, or implies some.
  load({ seconds, tempo, bars, chords, implied_chords: implied }) {
    this.seconds = seconds;
    this.place.max = seconds;
    [this.tempo.min, this.tempo.max] = [Math.max(10, Math.round(tempo * 0.4)), Math.min(600, Math.round(tempo * 1.6))];
    const numbers = bars.map((bar) => bar.number);
    for (const input of [this.from, this.to]) [input.min, input.max] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
    this.element.querySelector(".tick.chords").hidden = !chords && !implied;
    this.element.querySelector(".tick.chords label").textContent = say(chords ? "player.chords" : "player.implied_chords");
    this.show(0, null);
  }

  // What is chosen.
  choose({ tempo, own, loop, range, ...switches }) {
    this.tempo.value = String(tempo);
    this.tempoWords.textContent = say("player.beats", { tempo: Math.round(tempo) });
    this.ownTempo.disabled = Math.round(tempo) === Math.round(own);
    this.loop.checked = loop;
    if (range) [this.from.value, this.to.value] = [range.from, range.to];
    for (const name of SWITCHES) this[name].checked = switches[name];
  }

  playing(isPlaying) {
    const words = made("span", {}, say(isPlaying ? "player.pause" : "player.play"));
    this.play.replaceChildren(icon(isPlaying ? "pause" : "play"), words);
  }

  show(time, bar) {
    const shown = Math.max(0, Math.min(this.seconds, time));
    this.place.value = String(shown);
    this.time.textContent = `${clock(shown)} / ${clock(this.seconds)}`;
    const words = bar === null ? clock(shown) : say("player.place_at", { bar, time: clock(shown) });
    this.place.setAttribute("aria-valuetext", words);
  }

  say(words, isWrong = false) {
    this.status.textContent = words;
    this.status.classList.toggle("wrong", isWrong);
  }
}
