// Sounds of one tune from the server, the latest of them kept.

import { ask, askBlob } from "./api.js";
import { Sound } from "./player_tape.js";

const KEPT = 4;
let offered = null;

// The instruments that the server offers: [{name, program}].
export function instruments() {
  offered ??= ask("GET", "/api/instruments").catch((error) => {
    offered = null;
    throw error;
  });
  return offered;
}

export class Sounds {
  #kept = new Map();
  #asking = null;  // {key, leaving, coming} of what has not come yet

  // `drawn` is what the server says of a score, with its `abc`, or with the id of its `tune`.
  constructor(drawn) {
    this.drawn = drawn;
  }

  // The sound of the tune; `how` as the server takes it, `tempo` null for the tune's own. What was asked for before and
  // has not come yet is asked for no more.
  async get(how) {
    const key = JSON.stringify(how);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    if (this.#asking?.key !== key) {
      this.#asking?.leaving.abort();
      const leaving = new AbortController();
      this.#asking = { key, leaving, coming: this.#make(key, how, leaving.signal) };
    }
    return this.#asking.coming;
  }

  async #make(key, how, signal) {
    try {
      const blob = await this.#ask(how, signal);
      const sound = new Sound(await blob.arrayBuffer(), this.slower(how.tempo), this.#lead(how.tempo));
      this.#kept.set(key, sound);
      for (const old of [...this.#kept.keys()].slice(0, -KEPT)) this.#kept.delete(old);
      return sound;
    } finally {
      if (this.#asking?.key === key) this.#asking = null;
    }
  }

  #ask(how, signal) {
    const wanted = { ...how, count_in: true };
    if (this.drawn.abc !== undefined) return askBlob("POST", "/api/sounds", { abc: this.drawn.abc, ...wanted }, signal);
    const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== null));
    return askBlob("GET", `/api/tunes/${encodeURIComponent(this.drawn.tune)}/sound.wav?${query}`, undefined, signal);
  }

  // How many times as long it lasts at a tempo as at its own.
  slower(tempo) { return tempo === null ? 1 : this.drawn.tempo / tempo; }
  #lead(tempo) { return this.drawn.count_in.seconds * this.slower(tempo); }
}
