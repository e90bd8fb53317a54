// Where the static file keeps a rater: in this browser, until the answers are saved as a file.
// A state is {rater, sheet, order: [{item, tunes}], consented, started, finished, headphones, answers: {item: answer}};
// `headphones` is undefined before the check, null where it was left out, else how many trials were right.

export class FileStore {
  constructor(test) {
    this.test = test;
    this.name = `tunewright-listening-${test.id}`;
    this.byFile = true;
    this.keeps = true;
  }

  async load() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.name));
      this.state = kept?.test === this.test.id ? kept : null;
    } catch {
      this.state = null;
    }
    return this.state;
  }

  async begin() {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    const sheet = crypto.getRandomValues(new Uint32Array(1))[0] % this.test.sheets.length;
    const order = this.test.sheets[sheet].map(([place, turned]) => {
      const [item, tunes] = this.test.order[place];
      return { item, tunes: turned ? [...tunes].reverse() : tunes };
    });
    const now = new Date().toISOString();
    const rater = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return this.keep({ test: this.test.id, rater, sheet, order, consented: now, started: now, finished: "", answers: {} });
  }

  async saveHeadphones(right) {
    return this.keep({ ...this.state, headphones: right });
  }

  async saveAnswer(answer) {
    return this.keep({ ...this.state, answers: { ...this.state.answers, [answer.item]: answer } });
  }

  async finish() {
    return this.keep({ ...this.state, finished: new Date().toISOString() });
  }

  keep(state) {
    this.state = state;
    try {
      localStorage.setItem(this.name, JSON.stringify(state));
    } catch {
      this.keeps = false;
    }
    return state;
  }

  forget() {
    this.state = null;
    try {
      localStorage.removeItem(this.name);
    } catch {
      // nothing was kept
    }
  }

  sound(tune) {
    return this.test.sounds[tune];
  }

  file(language) {
    const { test, rater, sheet, consented, started, finished, headphones, answers } = this.state;
    const given = this.state.order.map(({ item }) => answers[item]).filter(Boolean);
    const whole = {
      format: "tunewright listening answers", version: 1, test, rater, sheet, language, consented, started, finished,
      headphones: { right: headphones ?? null }, answers: given,
    };
    return { name: `answers-${rater}.json`, text: `${JSON.stringify(whole, null, 1)}\n` };
  }
}
