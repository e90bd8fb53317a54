// The text field with line numbers beside it, and wrong places underlined behind it.

const UNDERLINED = 12;  // signs of a place at most

export class Marks {
  constructor(field, gutter, marks) {
    this.field = field;
    this.gutter = gutter;
    this.marks = marks;
    field.addEventListener("scroll", () => this.#follow());
  }

  // Marks what is wrong: {line, column}, from 1, or no column for a whole line.
  draw(problems) {
    const lines = this.field.value.split("\n");
    const wrong = new Map();
    for (const problem of problems) if (problem.line) wrong.set(problem.line, [...(wrong.get(problem.line) ?? []), problem]);
    this.gutter.replaceChildren(...lines.map((_, place) => number(place + 1, wrong.get(place + 1))));
    this.marks.replaceChildren(...lines.flatMap((line, place) => [...marked(line, wrong.get(place + 1) ?? []), "\n"]));
    this.#follow();
  }

  reveal(line) {
    const high = Number.parseFloat(getComputedStyle(this.field).lineHeight);
    this.field.scrollTop = Math.max(0, (line - 4) * high);
    this.#follow();
  }

  #follow() {
    this.gutter.scrollTop = this.marks.scrollTop = this.field.scrollTop;
    this.marks.scrollLeft = this.field.scrollLeft;
  }
}

function number(line, problems) {
  const sign = document.createElement("b");
  sign.textContent = String(line);
  if (problems) {
    sign.className = "bad";
    sign.title = problems.map((problem) => problem.message).join("\n");
  }
  return sign;
}

// The line, in pieces: what is wrong in <u>.
function marked(line, problems) {
  if (!problems.length) return [line];
  const placed = problems.filter((problem) => problem.column);
  if (!placed.length) return [underlined(line || " ")];
  const pieces = [];
  let at = 0;
  for (const column of placed.map((problem) => problem.column - 1).sort((a, b) => a - b)) {
    const start = Math.min(Math.max(column, at), Math.max(line.length - 1, 0));
    const rest = line.slice(start, start + UNDERLINED);
    const length = Math.max(1, rest.search(/[\s|]/) > 0 ? rest.search(/[\s|]/) : rest.length);
    if (start < at) continue;
    pieces.push(line.slice(at, start), underlined(line.slice(start, start + length) || " "));
    at = start + length;
  }
  return [...pieces, line.slice(at)];
}

function underlined(text) {
  const sign = document.createElement("u");
  sign.textContent = text;
  return sign;
}

// Where a line and a column, both from 1, are in a text.
export function offsetOf(text, line, column) {
  const lines = text.split("\n").slice(0, line);
  const before = lines.slice(0, -1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + Math.min(Math.max(column - 1, 0), lines.at(-1)?.length ?? 0);
}
