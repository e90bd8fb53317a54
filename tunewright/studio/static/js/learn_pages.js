// Pages about trainings: asked for, waited for with how far they are, then links.

import { ask } from "./api.js";
import { count, element, explained, pause } from "./learn_parts.js";
import { say } from "./words.js";

const time = new Intl.DateTimeFormat(document.documentElement.lang || "en", { dateStyle: "medium", timeStyle: "short" });

export class Pages {
  #followed = new Set();

  // `list` is where links stand, `status` where it is said how far it is.
  constructor(list, status) {
    this.list = list;
    this.status = status;
  }

  // Asks for a page of some trainings, and waits until it is made.
  async make(kind, trainings) {
    this.#say(say("page_waiting"));
    try {
      this.show(await ask("POST", "/api/reports", { kind, trainings }));
    } catch (error) {
      this.#say(explained(error), true);
    }
  }

  #say(text, wrong = false) {
    this.status.textContent = text;
    this.status.classList.toggle("wrong", wrong);
  }

  show(report) {
    const known = this.list.querySelector(`[data-report="${CSS.escape(report.id)}"]`);
    const item = this.#item(report);
    if (known) known.replaceWith(item);
    else this.list.prepend(item);
    if (report.state === "waiting") this.#follow(report.id);
  }

  #item(report) {
    const name = say(`page_${report.kind}`, { names: report.names.join(", ") });
    const made = time.format(new Date(report.created));
    const title = report.address ? element("a", { href: report.address, target: "_blank" }, name) : element("span", {}, name);
    const remove = element("button", {
      type: "button", class: "small", "aria-label": say("remove_page", { name }), onclick: () => this.#remove(report.id),
    }, "×");
    const why = report.state === "failed" ? element("span", { class: "wrong" }, say("page_failed", { error: report.error })) : "";
    return element("li", { "data-report": report.id }, title, element("span", { class: "quiet" }, this.#state(report, made)),
      why, report.state === "waiting" ? "" : remove);
  }

  #state(report, made) {
    if (report.state !== "waiting") return made;
    if (!report.now.of) return say("page_waiting");
    return say("page_making", { done: count(report.now.done), of: count(report.now.of) });
  }

  async #follow(id) {
    if (this.#followed.has(id)) return;
    this.#followed.add(id);
    for (;;) {
      await pause(1000);
      const report = await ask("GET", `/api/reports/${id}`).catch((error) => (error.status ? null : { state: "waiting", skip: true }));
      if (!report) break;
      if (report.skip) continue;
      this.show(report);
      if (report.state === "waiting") continue;
      const failed = report.state === "failed";
      this.#say(failed ? say("page_failed", { error: report.error }) : say("page_ready", { name: say(`page_${report.kind}`, { names: report.names.join(", ") }) }), failed);
      break;
    }
    this.#followed.delete(id);
  }

  async #remove(id) {
    try {
      await ask("DELETE", `/api/reports/${id}`);
      this.list.querySelector(`[data-report="${CSS.escape(id)}"]`)?.remove();
      this.#say(say("page_removed"));
    } catch (error) {
      this.#say(explained(error), true);
    }
  }
}
