// Small pieces of the rater's page: elements with text, choices, players. Nothing is ever read as markup.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(Boolean));
  return made;
}

export function button(text, onclick, more = {}) {
  return element("button", { type: "button", text, onclick, ...more });
}

// A group of radio buttons: options are [value, text]; `chosen` is a value or undefined.
export function choice(name, legend, options, chosen, note = "") {
  const group = element("fieldset", { class: "choice" }, element("legend", { text: legend }));
  if (note) group.append(element("p", { class: "quiet", text: note }));
  const row = element("div", { class: "options" });
  options.forEach(([value, text], number) => {
    const id = `${name}-${number}`;
    const input = element("input", { type: "radio", name, id, value, checked: value === chosen });
    row.append(element("span", { class: "option" }, input, element("label", { for: id, text })));
  });
  group.append(row);
  return group;
}

export function chosenOf(form, name) {
  return form.querySelector(`input[name="${name}"]:checked`)?.value;
}

// A player that knows which share of its tune was played.
export class TunePlayer {
  constructor(label, url) {
    this.audio = element("audio", { controls: true, preload: "auto", src: url, "aria-label": label });
    this.audio.addEventListener("play", () => {
      for (const other of document.querySelectorAll("audio")) if (other !== this.audio) other.pause();
    });
    this.element = element("div", { class: "player" }, element("h2", { text: label }), this.audio);
  }

  get seconds() {
    const { played } = this.audio;
    let total = 0;
    for (let i = 0; i < played.length; i++) total += played.end(i) - played.start(i);
    return total;
  }

  get share() {
    const { duration } = this.audio;
    return duration > 0 ? Math.min(1, this.seconds / duration) : 0;
  }
}

// Seconds for which the page was looked at.
export class Stopwatch {
  constructor() {
    this.before = 0;
    this.since = performance.now();
    this.watch = () => {
      if (document.hidden) this.before = this.seconds;
      this.since = document.hidden ? null : performance.now();
    };
    document.addEventListener("visibilitychange", this.watch);
  }

  get seconds() {
    return this.before + (this.since === null ? 0 : (performance.now() - this.since) / 1000);
  }

  stop() {
    document.removeEventListener("visibilitychange", this.watch);
  }
}

const LANGUAGE = "tunewright-rater-language";

// The language that was asked for in the address, else the one chosen here before, else ""; and keeping a choice.
export function chosenLanguage() {
  try {
    return new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(LANGUAGE) ?? "";
  } catch {
    return "";
  }
}

export function keepLanguage(language) {
  try {
    localStorage.setItem(LANGUAGE, language);
  } catch {
    // this browser keeps nothing
  }
}
