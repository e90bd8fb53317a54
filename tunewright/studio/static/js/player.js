// Plays the tune of a score, with its notes lit as they sound.
//
// new Player(element, score); load(drawn) with what the server says of the score, and `abc` (or the id of the `tune`).
// play(), pause(), stop(), seek(seconds), loop({from, to} of bar numbers, or null), tempo(beats a minute, or null),
// set({chords, metronome, count_in, melody, program}). on("play" | "stop", …) tells when it begins and ends. Space plays.

import { Controls, SWITCHES } from "./player_controls.js";
import { Light, passage } from "./player_light.js";
import { instruments, Sounds } from "./player_sounds.js";
import { Tape } from "./player_tape.js";
import { say } from "./words.js";

const LOOK_AHEAD = 0.012;  // seconds: what is lit now is seen with the next picture
const STORED = "tunewright_player";
const FIDDLE = 40;
const USUAL = { melody: true, chords: false, metronome: false, count_in: false, program: FIDDLE };
let latest = null;  // the player that Space plays

export class Player {
  #listeners = { play: [], stop: [] };
  #sounds = null;
  #light = null;
  #tape = null;
  #rendered = null;  // beats a minute of what is on the tape
  #time = 0;  // where it is in the tune, in seconds at its own tempo
  #wanted = 0;  // how often something else was asked for
  #wants = false;  // whether it is to play
  #following = 0;  // how often something else was to be lit

  constructor(element, score) {
    this.element = element;
    this.score = score;
    this.choices = { ...USUAL, ...stored() };
    this.beats = null;  // a minute; null for the tune's own
    this.isLooping = false;
    this.range = null;  // of the loop: {from, to}, numbers of bars
    this.controls = new Controls(element, {
      prepare: () => this.#prepare(),
      toggle: () => (this.#wants ? this.pause() : this.play()),
      stop: () => this.stop(),
      seek: (time) => this.seek(time),
      tempo: (beats) => this.tempo(beats),
      program: (program) => this.set({ program }),
      set: (name, value) => this.set({ [name]: value }),
      loop: (isOn, from, to) => this.#chooseLoop(isOn, from, to),
    });
    this.audio = document.createElement("audio");
    this.audio.preservesPitch = true;
    this.audio.addEventListener("ended", () => this.#ended());
    element.append(this.audio);
    score.on("range", (range) => this.loop(range));
    instruments().then((offered) => this.controls.offer(offered, this.choices.program), (error) => this.#fail(error));
  }

  get playing() { return this.#wants; }
  get position() { return this.#time; }
  get tape() { return this.#tape; }  // what is played, with its `blob`; null before that

  // How it is played, as the addresses of files and sounds take it: "tempo=90&program=40".
  get query() {
    const { tempo, chords, program } = this.#how(this.beats);
    const said = { ...(tempo === null ? {} : { tempo }), ...(chords ? { chords } : {}), program };
    return new URLSearchParams(said).toString();
  }

  on(event, listener) { this.#listeners[event].push(listener); }
  #tell(event) { for (const listener of this.#listeners[event]) listener(this); }

  load(drawn) {
    this.stop();
    this.drawn = drawn;
    this.#sounds = new Sounds(drawn);
    this.#light = new Light(drawn.notes);
    this.beats = null;
    this.isLooping = false;
    this.range = drawn.bars.length ? { from: drawn.bars[0].number, to: drawn.bars.at(-1).number } : null;
    this.controls.load(drawn);
    this.#showChoices();
    latest = this;
  }

  // ------------------------------------------------------------------------------------------------ playing

  play() { return this.#begin(this.choices.count_in); }

  // From a moment of the tune on, or from where it is by the time that its sound is there.
  async #begin(counts, from = null) {
    if (!this.drawn) return;
    if (latest !== this) latest?.pause();
    latest = this;
    if (!this.#wants) this.#tell("play");
    this.#wants = true;
    this.controls.playing(true);
    const wanted = ++this.#wanted;
    const waiting = setTimeout(() => this.controls.say(say("player.making")), 300);
    try {
      const beats = this.beats;
      const sound = await this.#sounds.get(this.#how(beats));
      if (wanted !== this.#wanted) return;
      this.#rendered = beats;
      await this.#roll(sound, counts, from ?? this.#time);
      this.controls.say("");
    } catch (error) {
      if (wanted === this.#wanted && error.name !== "AbortError") this.#fail(error);
    } finally {
      clearTimeout(waiting);
    }
  }

  // Who comes near the button will press it: the sound may be made meanwhile.
  #prepare() {
    if (!this.#wants) this.#sounds?.get(this.#how(this.beats)).catch(() => {});
  }

  #how(tempo) {
    const { chords, implied_chords: implied } = this.drawn;
    return { ...this.choices, count_in: undefined, chords: this.choices.chords && (chords || implied), tempo };
  }

  // Has the audio element play from a moment of the tune on.
  async #roll(sound, counts, from) {
    this.#time = from;
    const loop = this.#passage();
    if (loop && (this.#time < loop.from || this.#time >= loop.to - 0.01)) this.#time = loop.from;
    else if (this.#time >= this.drawn.seconds - 0.05) this.#time = 0;
    const { bar, seconds } = this.drawn.count_in;
    const count = counts ? (this.#time === 0 ? seconds : bar) * sound.slower : 0;
    this.#tape = new Tape(sound, this.#time, { loop, count });
    const before = this.audio.src;
    this.audio.src = URL.createObjectURL(this.#tape.blob);
    if (before) URL.revokeObjectURL(before);
    this.#setRate();
    const following = ++this.#following;
    await this.audio.play();
    this.#follow(following);
  }

  #passage() {
    return this.isLooping && this.range ? passage(this.drawn.bars, this.range.from, this.range.to) : null;
  }

  #setRate() {
    const { drawn } = this;
    const rate = (this.beats ?? drawn.tempo) / (this.#rendered ?? drawn.tempo);
    this.audio.defaultPlaybackRate = this.audio.playbackRate = Math.min(4, Math.max(0.25, rate));
  }

  #follow(following) {
    if (following !== this.#following) return;
    this.#show();
    requestAnimationFrame(() => this.#follow(following));
  }

  // Lights what sounds now.
  #show() {
    const heard = this.audio.currentTime + LOOK_AHEAD * this.audio.playbackRate;
    const time = this.#tape.moment(heard);
    if (time === null) {
      this.score.lit([]);
      this.controls.show(this.#time, null);
      return;
    }
    this.#time = time;
    const { ids, bar } = this.#light.at(time);
    this.score.lit(ids);
    if (bar !== null && bar !== this.bar) this.score.reveal(bar);
    this.bar = bar;
    this.controls.show(time, bar);
  }

  #ended() {
    if (!this.#wants) return;
    if (this.isLooping) this.#begin(false);
    else this.stop();
  }

  pause() {
    this.#wanted++;
    this.#following++;
    this.audio.pause();
    if (this.#wants) this.#tell("stop");
    this.#wants = false;
    this.controls.playing(false);
    this.controls.say("");
  }

  stop() {
    this.pause();
    this.score.lit([]);
    this.#time = 0;
    this.bar = null;
    if (this.drawn) this.controls.show(0, null);
  }

  #fail(error) {
    this.pause();
    this.controls.say(error.name === "NotAllowedError" ? say("player.once_more") : error.message, true);
  }

  // ------------------------------------------------------------------------------------------------ choosing

  // Plays on from there, or will.
  seek(time) {
    if (!this.drawn) return;
    this.#time = Math.max(0, Math.min(this.drawn.seconds, time));
    const { ids, bar } = this.#light.at(this.#time);
    if (!this.#wants) this.score.lit(ids);
    this.controls.show(this.#time, bar);
    if (this.#wants) this.#begin(false, this.#time);
  }

  // Goes on where it is, as it is chosen now.
  #again() { if (this.#wants) this.#begin(false); }

  set(choices) {
    Object.assign(this.choices, choices);
    store(this.choices);
    this.#showChoices();
    if (Object.keys(choices).some((name) => name !== "count_in")) this.#again();
  }

  // At once, at the pitch that it has; when it begins to play the next time it is played so.
  tempo(beats) {
    if (!this.drawn) return;
    this.beats = beats === null || Math.round(beats) === Math.round(this.drawn.tempo) ? null : Math.round(beats);
    this.#setRate();
    this.#showChoices();
  }

  // Plays these bars over and over: {from, to}, or null for none.
  loop(range) {
    this.isLooping = range !== null;
    if (range) this.range = { ...range };
    this.#showChoices();
    this.#again();
  }

  #chooseLoop(isOn, from, to) {
    const numbers = this.drawn?.bars.map((bar) => bar.number) ?? [];
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    const known = { from: numbers.find((number) => number >= low) ?? numbers[0], to: numbers.findLast((number) => number <= high) ?? numbers.at(-1) };
    this.range = known.from <= known.to ? known : this.range;
    if (isOn) this.score.select(this.range.from, this.range.to);
    else this.score.select(null);
  }

  #showChoices() {
    const own = this.drawn?.tempo ?? 120;
    const { isLooping: loop, range } = this;
    this.controls.choose({ ...this.choices, tempo: this.beats ?? own, own, loop, range });
    this.controls.instrument.value = String(this.choices.program);
  }
}

function stored() {
  try {
    const found = JSON.parse(localStorage.getItem(STORED) ?? "{}");
    const known = SWITCHES.filter((name) => typeof found[name] === "boolean").map((name) => [name, found[name]]);
    return { ...Object.fromEntries(known), ...(Number.isInteger(found.program) ? { program: found.program } : {}), melody: true };
  } catch {
    return {};
  }
}

function store(choices) {
  try {
    localStorage.setItem(STORED, JSON.stringify(choices));
  } catch { /* a browser that keeps nothing */ }
}

// Space plays, wherever nothing else is done with it.
document.addEventListener("keydown", (event) => {
  const { target } = event;
  const isTaken = target.closest?.("button, a, select, textarea, summary, [role=button], [contenteditable], input:not([type=range])");
  if (event.key !== " " || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTaken) return;
  if (!latest?.drawn || !latest.element.checkVisibility()) return;
  event.preventDefault();
  if (latest.playing) latest.pause();
  else latest.play();
});
