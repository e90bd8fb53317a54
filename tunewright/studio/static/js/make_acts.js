// What can be done with the tune that is shown: its other bars written anew, calmer, wilder, varied, gone on from, moved.

import { ask } from "./api.js";
import { keyInWords } from "./history.js";
import { spans } from "./make_certificate.js";
import { goingOn } from "./make_wishes.js";
import { say } from "./words.js";

const STEP = 0.2;  // of temperature, for "calmer" and "wilder"
const TONICS = ["C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "G#", "Ab", "A", "Bb", "B"];
const PLACES = { F: -1, C: 0, G: 1, D: 2, A: 3, E: 4, B: 5 };  // on the line of fifths
const MODES = { major: 0, mixolydian: -1, dorian: -2, minor: -3, phrygian: -4, lydian: 1, locrian: -5 };
const SHORT = { "": "major", maj: "major", ion: "major", m: "minor", min: "minor", aeo: "minor", dor: "dorian", phr: "phrygian", lyd: "lydian", mix: "mixolydian", loc: "locrian" };
const MOST_SHARPS = 6;

const by = (id) => document.getElementById(id);

export class Acts {
  constructor(desk, wishes) {
    this.desk = desk;
    this.wishes = wishes;
    const acts = {
      others: () => this.#others(),
      calmer: () => this.#wilder(-STEP),
      wilder: () => this.#wilder(STEP),
      vary: () => this.#vary(),
      "go-on": () => this.#goOn(),
      transpose: () => this.#transpose(),
    };
    for (const [id, act] of Object.entries(acts)) by(id).addEventListener("click", act);
    by("unlock").addEventListener("click", () => desk.setMarked(new Set()));
    by("amount").addEventListener("input", () => this.#tellAmount());
    desk.onChange(() => this.#follow());
    this.#tellAmount();
  }

  // What is asked of the tune that is shown, with how wild the form has it.
  #asked(more) {
    const { tune } = this.desk;
    const asked = { model: tune.model || this.wishes.request().model, parent: tune.id, ...more };
    const temperature = this.wishes.temperature();
    if (temperature) asked.temperature = temperature;
    return this.#many(asked);
  }

  #many(asked) {
    return by("at-once").checked ? { ...asked, n: 4 } : asked;
  }

  #others() {
    const marked = this.desk.locked;
    return this.desk.write(this.#asked({ locked: [...marked].sort((a, b) => a - b) }), marked);
  }

  // The same once more, calmer or wilder: bars that are marked stay; else it is the same request with the same seed.
  #wilder(step) {
    const { tune } = this.desk;
    this.wishes.wilder(step);
    if (this.desk.locked.size) return this.#others();
    if (tune.seed === null) return this.desk.write(this.#asked({ vary: 0.6 }));
    return this.desk.write(this.#many({ ...tune.settings, seed: tune.seed, temperature: this.wishes.temperature(), n: 1 }));
  }

  #vary() {
    return this.desk.write(this.#asked({ vary: Number(by("amount").value) }));
  }

  #goOn() {
    return this.desk.write(this.#asked(goingOn(this.desk.tune, Number(by("from-bar").value))));
  }

  async #transpose() {
    this.desk.fail(null);
    try {
      const { locked } = this.desk;
      const moved = await ask("POST", `/api/tunes/${this.desk.tune.id}/transposed`, { key: by("to-key").value });
      this.desk.marked.set(moved.id, new Set(locked));
      await this.desk.show(moved);
    } catch (error) {
      this.desk.fail(error);
    }
  }

  #tellAmount() {
    const at = Number(by("amount").value);
    const words = say(at < 0.25 ? "amount_little" : at < 0.6 ? "amount_some" : "amount_much");
    by("amount-words").textContent = words;
    by("amount").setAttribute("aria-valuetext", words);
  }

  #follow() {
    const { desk } = this;
    if (!desk.tune) return;
    const { locked } = desk;
    by("others").disabled = !locked.size;
    by("unlock").hidden = !locked.size;
    by("locked-words").textContent = locked.size ? say("locked_bars", { bars: spans(locked) }) : say("locked_none");
    by("from-bar").max = String(Math.max(1, desk.bars.at(-1) ?? 1));
    if (this.tune !== desk.tune) this.#offerKeys(desk.tune.key);
    this.tune = desk.tune;
    const last = locked.size ? Math.max(...locked) : Math.floor((desk.bars.at(-1) ?? 16) / 2);
    if (this.last !== last && last >= 1) by("from-bar").value = String(last);
    this.last = last;
  }

  // The keys of the tune's own mode, its own one left out.
  #offerKeys(key) {
    const found = /^([A-G][#b]?)\s*([A-Za-z]*)/.exec(key ?? "");
    const mode = found && SHORT[found[2].toLowerCase().slice(0, 3)];
    const offered = mode ? TONICS.filter((tonic) => Math.abs(sharps(tonic, mode)) <= MOST_SHARPS && tonic !== found[1]) : [];
    by("to-key").replaceChildren(...offered.map((tonic) => new Option(keyInWords(`${tonic} ${mode}`), `${tonic} ${mode}`)));
    by("to-key").disabled = by("transpose").disabled = !offered.length;
  }
}

function sharps(tonic, mode) {
  return PLACES[tonic[0]] + (tonic[1] === "#" ? 7 : tonic[1] === "b" ? -7 : 0) + MODES[mode];
}
