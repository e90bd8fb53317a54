// The picture of a score as a page needs it: parsed, its names made those of one score, a lock for its bars.

const SVG = "http://www.w3.org/2000/svg";
const STYLES = new URL("../css/player.css", import.meta.url).href;

// Has this page know how scores and players look.
export function dressed() {
  if ([...document.styleSheets].some((sheet) => sheet.href === STYLES)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = STYLES;
  document.head.append(link);
}

// The text of a picture with `before` in front of every name in it, and of what refers to one.
export function named(svg, before) {
  return svg
    .replace(/(\sid="|href="#)([^"]+)"/g, `$1${before}$2"`)
    .replace(/<style[^>]*>[^<]*<\/style>/g, (style) => style.replace(/#(?=\w)/g, `#${before}`));
}

// The picture as an element of this page; it is read as XML, so that nothing in it is a script.
export function parsed(svg) {
  const read = new DOMParser().parseFromString(svg, "image/svg+xml");
  if (read.querySelector("parsererror")) throw new Error("the picture of a score is no SVG");
  for (const script of read.querySelectorAll("script, foreignObject")) script.remove();
  return document.importNode(read.documentElement, true);
}

// A small lock at the right end over a bar's area.
export function lockOn(area) {
  const [x, y, width] = ["x", "y", "width"].map((name) => Number(area.getAttribute(name)));
  const sign = document.createElementNS(SVG, "path");
  sign.setAttribute("class", "lock");
  sign.setAttribute("transform", `translate(${x + width - 330} ${y - 270})`);
  sign.setAttribute("d", "M20 130h220v190h-220z M70 130v-50a60 60 0 0 1 120 0v50");
  return sign;
}
