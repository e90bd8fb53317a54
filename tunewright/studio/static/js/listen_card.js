// A test on the page: what it is, its link, what came of it, and what can be done with it.

import { ask } from "./api.js";
import { say } from "./words.js";

function made(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

export class TestCard {
  // `changed` is called where the list has to be looked at again, `gone(id)` where a test was deleted.
  constructor(test, { changed, gone }) {
    Object.assign(this, { test, changed, gone });
    this.element = made("article", "test panel");
    this.heading = made("h3");
    this.heading.id = `test-${test.id}`;
    this.element.setAttribute("aria-labelledby", this.heading.id);
    this.about = made("p", "quiet");
    this.state = made("p");
    this.status = made("p", "status");
    this.status.setAttribute("role", "status");
    this.progress = made("progress");
    this.progress.setAttribute("aria-labelledby", this.heading.id);
    this.ready = made("div");
    this.last = made("div", "row");
    this.element.append(this.heading, this.about, this.state, this.progress, this.ready, this.status, this.last);
    this.build();
  }

  build() {
    const { id, share } = this.test;
    const line = made("div", "link");
    const label = made("label", "", say("link"));
    const link = made("input");
    link.readOnly = true;
    link.value = `${location.origin}${share}`;
    link.addEventListener("focus", () => link.select());
    label.append(link);
    line.append(label, this.button("copy", () => this.copy(link)));
    const note = made("p", "quiet", say("local_only"));
    note.hidden = !["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
    this.answers = made("input", "file");
    Object.assign(this.answers, { type: "file", accept: ".json", multiple: true, id: `answers-${id}` });
    this.answers.addEventListener("change", () => this.readIn());
    const choose = made("label", "button", say("read_in"));
    choose.htmlFor = this.answers.id;
    this.results = this.link("results", `/listen/${id}/results`);
    this.table = this.link("table", `/api/tests/${id}/answers.csv`);
    const tools = made("div", "row");
    tools.append(this.results, this.table, this.link("file", `/api/tests/${id}/test.html`), this.answers, choose);
    this.ready.append(line, note, tools);
    this.closing = this.button("close", () => this.close());
    const remove = this.button("remove", () => this.remove());
    remove.classList.add("danger");
    this.last.append(this.closing, remove);
  }

  button(key, act) {
    const button = made("button", "", say(key));
    button.type = "button";
    button.addEventListener("click", act);
    return button;
  }

  link(key, href) {
    const link = made("a", "button", say(key));
    link.href = href;
    return link;
  }

  show(test) {
    this.test = test;
    const { state, kind, items, sources } = test;
    this.heading.textContent = test.title || say("untitled");
    const compared = say("compared", { sources: sources.map((name) => (name === "real" ? say("real") : name)).join(say("comma")) });
    this.about.textContent = `${say(`about_${kind}`, { items })} · ${new Date(test.created).toLocaleString(document.documentElement.lang)} · ${compared}`;
    this.progress.hidden = state !== "making";
    this.progress.max = test.of || 1;
    if (test.of) this.progress.value = test.done;
    else this.progress.removeAttribute("value");
    this.ready.hidden = state !== "ready";
    this.closing.hidden = state !== "ready";
    this.closing.textContent = say(test.closed ? "open" : "close");
    this.results.hidden = this.table.hidden = !test.raters;
    this.state.className = state === "failed" ? "wrong" : "";
    this.state.textContent = this.told();
  }

  told() {
    const { state, done, of, raters, finished, closed, error } = this.test;
    if (state === "making") return of ? say("making", { done, of }) : say("waiting");
    if (state === "failed") return say("failed", { reason: error });
    return [say("answered", { finished, raters }), closed ? say("closed") : ""].filter(Boolean).join(" ");
  }

  say(text, wrong = false) {
    this.status.className = wrong ? "status wrong" : "status";
    this.status.textContent = text;
  }

  async copy(link) {
    link.select();
    try {
      await navigator.clipboard.writeText(link.value);
    } catch {
      document.execCommand("copy");
    }
    this.say(say("copied"));
  }

  async readIn() {
    const form = new FormData();
    for (const file of this.answers.files) form.append("files", file);
    this.answers.value = "";
    await this.attempt(async () => {
      const { read } = await ask("POST", `/api/tests/${this.test.id}/answers`, form);
      this.say(say("read", { count: read }));
      this.changed();
    });
  }

  async close() {
    await this.attempt(async () => this.show(await ask("PATCH", `/api/tests/${this.test.id}`, { closed: !this.test.closed })));
  }

  async remove() {
    if (!window.confirm(say("sure"))) return;
    await this.attempt(async () => {
      await ask("DELETE", `/api/tests/${this.test.id}`);
      this.gone(this.test.id);
    });
  }

  async attempt(act) {
    try {
      await act();
    } catch (error) {
      this.say(error.message, true);
    }
  }
}
