// Where the studio keeps a rater: on its server, item by item; the browser has a cookie that knows them for this test.

import { RaterPage } from "./rater.js";

const { test, texts, language, share, closed } = JSON.parse(document.getElementById("listening").textContent);
const place = `/api/h/${share}`;

class ServerStore {
  byFile = false;
  keeps = true;
  state = null;

  async load() {
    return this.read(await ask("GET", ""));
  }

  async begin() {
    return this.read(await ask("POST", "/begin", { consent: true, language: page.language }));
  }

  async saveHeadphones(right) {
    await ask("PUT", "/headphones", { right });
    return this.keep({ headphones: right });
  }

  async saveAnswer(answer) {
    await ask("PUT", "/answers", answer);
    return this.keep({ answers: { ...this.state.answers, [answer.item]: answer } });
  }

  async finish() {
    return this.read(await ask("POST", "/finish"));
  }

  read(told) {
    this.state = told && { ...told, headphones: told.checked ? told.headphones : undefined };
    return this.state;
  }

  keep(more) {
    this.state = { ...this.state, ...more };
    return this.state;
  }

  sound(tune) {
    return `${place}/sounds/${tune}.wav`;
  }
}

async function ask(method, path, body) {
  const sent = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(place + path, { method, ...sent });
  const told = response.status === 204 ? null : await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(told?.error ?? `HTTP ${response.status}`);
  return told;
}

const page = new RaterPage(document.getElementById("main"), test, new ServerStore(), texts, language, closed);
page.start();
