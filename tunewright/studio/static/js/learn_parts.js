// Small parts of the page "learn": elements made of text, numbers as people write them, errors in our own words.

import { say } from "./words.js";

const language = document.documentElement.lang || "en";
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const two = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });

export const count = (number) => whole.format(number);
export const figure = (number) => (number === undefined || number === null ? "–" : two.format(number));
export const percent = (number) => share.format(number);

// An element with attributes and children; text is text, a listener is an attribute "onclick" that is a function.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

export function known(key, values) {
  try {
    return say(key, values);
  } catch {
    return "";
  }
}

// Why something was refused, as the reader would say it; what has no words of ours is said as the server has it.
export function explained(error) {
  const body = error.body ?? error;
  const values = Object.fromEntries(
    Object.entries(body.values ?? {}).map(([name, value]) => [name, typeof value === "number" ? count(value) : value]),
  );
  const ours = body.code ? known(`error_${body.code}`, values) : "";
  if (ours) return ours;
  if (error instanceof TypeError) return say("error_offline");
  return body.error || error.message || say("error_unknown");
}

export function lasting(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 60) return say("seconds", { count: count(Math.max(1, seconds)) });
  if (seconds < 3600) return say("minutes", { minutes: count(Math.floor(seconds / 60)), seconds: count(seconds % 60) });
  return say("hours", { hours: count(Math.floor(seconds / 3600)), minutes: count((seconds % 3600) / 60) });
}

export function table(head, rows, caption) {
  return element("table", {},
    element("caption", { class: "sr" }, caption),
    element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, rows.map((cells) => element("tr", {}, cells.map((cell) => element("td", {}, cell))))));
}

export const scrolling = (content, label) => element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, content);

export function figures(pairs) {
  return element("dl", { class: "figures" }, pairs.map(([name, value, note]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value, note ? element("small", {}, note) : ""))));
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
