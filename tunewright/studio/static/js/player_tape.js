// Sound cut and put together to the sample: a bar of counting in, the tune from anywhere on, some bars over and over.
//
// A WAV file is read into a Sound. A Tape is what an audio element plays, and knows which moment of the tune is heard
// at each moment of it. Times of a tune are seconds at its own tempo, those of a tape seconds as it was made.

const FADE_OUT = 0.008;  // seconds, where a passage is cut, against clicks
const FADE_IN = 0.001;
const LONGEST_LOOP = 900;  // seconds of a tape that plays some bars over and over

export class Sound {
  // `wav` is an ArrayBuffer; `slower` so many times as long as at the tune's own tempo; `lead` seconds before the tune.
  constructor(wav, slower, lead) {
    const view = new DataView(wav);
    this.rate = view.getUint32(24, true);
    this.samples = new Int16Array(wav.slice(dataAt(view)));
    this.slower = slower;
    this.lead = lead;
  }

  // The sample at which a moment of the tune is heard.
  at(time) { return this.#sample(this.lead + time * this.slower); }
  #sample(seconds) { return Math.max(0, Math.min(this.samples.length, Math.round(seconds * this.rate))); }

  // The first clicks, so many seconds of them.
  clicks(seconds) { return this.samples.subarray(0, this.#sample(seconds)); }
}

function dataAt(view) {
  let place = 12;
  while (place + 8 <= view.byteLength) {
    const name = String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(place + offset)));
    if (name === "data") return place + 8;
    place += 8 + view.getUint32(place + 4, true);
  }
  throw new Error("a sound without samples");
}

export class Tape {
  #parts = [];  // {start, length, from}: seconds of the tape, and the moment of the tune; from is null for clicks

  // From a moment of the tune on, to its end, or over and over through `loop`, {from, to}; after `count` seconds of clicks.
  constructor(sound, from, { loop = null, count = 0 } = {}) {
    this.sound = sound;
    const pieces = [];
    const clicks = sound.clicks(count);
    this.#add(pieces, new Blob([clicks]), clicks.length, null);
    if (loop) this.#loop(pieces, from, loop);
    else this.#passage(pieces, from, Infinity);
    const bytes = pieces.reduce((sum, piece) => sum + piece.size, 0);
    this.blob = new Blob([header(sound.rate, bytes), ...pieces], { type: "audio/wav" });
  }

  #add(pieces, blob, samples, from) {
    if (!samples) return;
    const last = this.#parts.at(-1);
    const start = last ? last.start + last.length : 0;
    this.#parts.push({ start, length: samples / this.sound.rate, from });
    pieces.push(blob);
  }

  #passage(pieces, from, to, fades = false) {
    const samples = this.sound.samples.slice(this.sound.at(from), this.sound.at(to));
    if (fades) fade(samples, this.sound.rate);
    const blob = new Blob([samples]);
    this.#add(pieces, blob, samples.length, from);
    return { blob, length: samples.length };
  }

  #loop(pieces, from, loop) {
    if (from > loop.from && from < loop.to) this.#passage(pieces, from, loop.to, true);
    const once = this.#passage(pieces, loop.from, loop.to, true);
    const seconds = once.length / this.sound.rate;
    for (let played = seconds; seconds && played < LONGEST_LOOP; played += seconds) {
      this.#add(pieces, once.blob, once.length, loop.from);
    }
  }

  // The moment of the tune that is heard at a moment of the tape; null while it is counted in.
  moment(time) {
    let [low, high] = [0, this.#parts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#parts[middle].start <= time) low = middle;
      else high = middle - 1;
    }
    const part = this.#parts[low];
    return !part || part.from === null ? null : part.from + (time - part.start) / this.sound.slower;
  }
}

function fade(samples, rate) {
  const [begin, end] = [Math.round(FADE_IN * rate), Math.round(FADE_OUT * rate)];
  for (let place = 0; place < Math.min(begin, samples.length); place++) samples[place] *= place / begin;
  for (let place = 0; place < Math.min(end, samples.length); place++) samples[samples.length - 1 - place] *= place / end;
}

function header(rate, bytes) {
  const view = new DataView(new ArrayBuffer(44));
  const write = (place, text) => [...text].forEach((sign, offset) => view.setUint8(place + offset, sign.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, bytes, true);
  return view.buffer;
}
