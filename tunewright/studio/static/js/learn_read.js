// What was read of a collection: in figures, in kinds, and everything that was left out with the reason.

import { ask } from "./api.js";
import { count, element, explained, figures, known, percent, scrolling, table } from "./learn_parts.js";
import { say } from "./words.js";

const SHOWN = 6;  // kinds of each sort
export const KNOWN = ["oneill", "ryan", "aird"];  // what the model in the box has learned from

// Keys and rhythms in the reader's language, where they are such as have a name in it.
function key(name) {
  const [tonic, mode, ...more] = name.split(" ");
  const word = mode ? known(`mode_${mode}`) : "";
  return word ? [say("key_of", { tonic, mode: word }), ...more].join(" ") : name;
}

const rhythm = (name) => known(`rhythm_${name.replaceAll(" ", "_")}`) || name;
const named = (items, name) => items.map((item) => ({ ...item, name: item.name && name(item.name) }));

function kinds(title, items, total) {
  const rest = items.slice(SHOWN).reduce((sum, item) => sum + item.count, 0);
  const shown = [...items.slice(0, SHOWN), ...(rest ? [{ name: say("others"), count: rest }] : [])];
  return element("div", {}, element("h3", {}, title), element("table", {}, element("tbody", {}, shown.map((item) =>
    element("tr", {},
      element("th", { scope: "row" }, item.name || say("not_known"),
        element("span", { class: "bar", style: `width:${Math.max(1, (100 * item.count) / total)}%` })),
      element("td", {}, count(item.count)))))));
}

function listed(title, head, rows, more) {
  return element("details", {}, element("summary", {}, title),
    scrolling(table(head, rows, title), title), more ? element("p", { class: "quiet" }, more) : "");
}

const reason = (item) => known(`left_out_${item.code}`, item.values) || item.code;

function leftOut(about) {
  const found = [];
  const { files = [], counted = {} } = about.left_out ?? {};
  const total = Object.values(counted).reduce((sum, number) => sum + number, 0);
  if (total) {
    const more = total > files.length ? say("and_more", { count: count(total - files.length) }) : "";
    const rows = files.map((item) => [item.name, reason(item)]);
    found.push(listed(say("left_out", { count: count(total) }), [say("file"), say("why")], rows, more));
  }
  if (about.dropped_count) {
    const rest = about.dropped_count - about.dropped.length;
    const more = rest ? say("and_more", { count: count(rest) }) : "";
    const rows = about.dropped.map((item) => [item.file, item.line, item.reason]);
    found.push(listed(say("dropped", { count: count(about.dropped_count) }), [say("file"), say("line"), say("why")], rows, more));
  }
  if (about.duplicates) {
    const rest = about.duplicates - about.merged.length;
    const more = rest > 0 ? say("and_more", { count: count(rest) }) : "";
    const rows = about.merged.map((item) => [item.left_out, item.kept]);
    found.push(listed(say("duplicates", { count: count(about.duplicates) }), [say("left_out_one"), say("same_as")], rows, more));
  }
  if (about.repairs?.length) {
    const rows = about.repairs.map((item) => [item.name, count(item.count)]);
    found.push(listed(say("repairs"), [say("what"), say("how_often")], rows));
  }
  return found;
}

// What a collection comes to, as elements.
export function described(collection) {
  const { about } = collection;
  if (collection.state === "failed") return leftOut(about);
  const { split } = about;
  const held = split.valid + split.test;
  const notes = [
    held ? "" : say("none_held_out"),
    held && split.valid < 5 ? say("few_held_out", { count: count(split.valid) }) : "",
    about.tunes < 50 ? say("few_tunes") : "",
    KNOWN.includes(collection.id) ? say("built_in_known") : "",
  ].filter(Boolean);
  return [
    figures([
      [say("tunes_read"), count(about.tunes)],
      [say("notes"), count(about.notes)],
      [say("dropped_short"), count(about.dropped_count)],
      [say("duplicates_short"), count(about.duplicates)],
      [say("families"), count(about.families)],
      [say("to_learn"), count(split.train), say("share_of", { share: percent(split.train / Math.max(1, split.train + held)) })],
      [say("to_choose"), count(split.valid)],
      [say("to_test"), count(split.test)],
    ]),
    element("p", { class: "quiet" }, say("families_note")),
    ...notes.map((text) => element("p", {}, text)),
    element("div", { class: "kinds" },
      kinds(say("rhythms"), named(about.rhythms, rhythm), about.tunes),
      kinds(say("meters"), about.meters, about.tunes),
      kinds(say("keys"), named(about.keys, key), about.tunes)),
    ...leftOut(about),
  ];
}

// The small scores of the first tunes, once they are drawn; nothing where they cannot be.
export async function firstScores(id) {
  const drawn = await ask("GET", `/api/collections/${id}/scores`).catch(() => []);
  if (!drawn.length) return "";
  return element("details", { open: true }, element("summary", {}, say("first_tunes")),
    element("ul", { class: "scores" }, drawn.map((one) =>
      element("li", { class: "paper" }, element("img", { src: one.image, alt: say("score_of", { title: one.title || say("untitled") }) })))));
}

export const whyFailed = (collection) => explained({ body: collection.error ?? {} });
