// A tune of the latest weights: drawn on the server, shown as a score and played, also while the model learns.

import { ask } from "./api.js";
import { count, element, explained } from "./learn_parts.js";
import { Player } from "./player.js";
import { Score } from "./score.js";
import { say } from "./words.js";

export class Hearing {
  #score = null;
  #player = null;

  constructor(training) {
    this.training = training;
    this.status = element("p", { class: "status", role: "status" });
    this.title = element("h4", { tabindex: "-1" });
    this.about = element("p", { class: "quiet" });
    this.paper = element("div", { class: "paper" });
    this.controls = element("div");
    this.shown = element("div", { class: "heard", hidden: true }, this.title, this.about, this.paper, this.controls);
    this.button = element("button", { type: "button", onclick: () => this.draw() }, say("hear"));
    this.element = element("div", {}, this.status, this.shown);
  }

  async draw() {
    if (this.button.disabled) return;
    this.button.disabled = true;
    this.status.classList.remove("wrong");
    this.status.textContent = say("drawing");
    try {
      const tune = await ask("POST", `/api/trainings/${this.training}/tune`);
      await this.#show(tune);
      this.status.textContent = "";
      this.title.focus();
    } catch (error) {
      this.status.classList.add("wrong");
      this.status.textContent = explained(error);
    } finally {
      this.button.disabled = false;
      this.button.textContent = say("hear_another");
    }
  }

  async #show(tune) {
    this.shown.hidden = false;
    this.title.textContent = tune.title || say("untitled");
    const of = tune.step ? say("of_step", { step: count(tune.step) }) : "";
    this.about.textContent = [of, tune.valid ? "" : say("not_well_formed")].filter(Boolean).join(" ");
    this.#score ??= new Score(this.paper);
    this.#player ??= new Player(this.controls, this.#score);
    const drawn = await ask("GET", `/api/tunes/${tune.id}/score`);
    this.#score.load({ ...drawn, title: tune.title });
    this.#player.load({ ...drawn, tune: tune.id, title: tune.title, abc: tune.abc });
  }
}
