// What all pages have in common: another language keeps the place, and what was filled in.

const KEY = "tunewright.filled";
const PATIENCE = 4000; // milliseconds in which a control that a script adds may still get back its value

const nameOf = (control) => control.id || (control.name && `${control.name}=${control.type === "radio" ? control.value : ""}`);

function filled() {
  const found = {};
  for (const control of document.querySelectorAll("main input, main select, main textarea, main details")) {
    const name = nameOf(control);
    if (!name || ["file", "password", "hidden"].includes(control.type)) continue;
    if (control.matches("details")) found[name] = control.open;
    else found[name] = ["checkbox", "radio"].includes(control.type) ? control.checked : control.value;
  }
  return found;
}

function fill(control, value) {
  if (control.matches("details")) {
    control.open = value;
    return true;
  }
  const property = ["checkbox", "radio"].includes(control.type) ? "checked" : "value";
  if (control[property] === value) return true;
  control[property] = value;
  if (control[property] !== value) return false; // an option that is not there yet
  for (const kind of ["input", "change"]) control.dispatchEvent(new Event(kind, { bubbles: true }));
  return true;
}

function fillAgain(values) {
  for (const control of document.querySelectorAll("main input, main select, main textarea, main details")) {
    const name = nameOf(control);
    if (name in values && fill(control, values[name])) delete values[name];
  }
}

function comeBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  if (kept?.path !== location.pathname) return;
  fillAgain(kept.values);
  const watching = new MutationObserver(() => fillAgain(kept.values));
  watching.observe(document.getElementById("main"), { childList: true, subtree: true });
  setTimeout(() => watching.disconnect(), PATIENCE);
  scrollTo(0, kept.top);
}

function changeLanguage(event) {
  event.preventDefault();
  sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, values: filled(), top: scrollY }));
  const address = new URL(location.href);
  address.searchParams.set("lang", new URL(event.currentTarget.href).searchParams.get("lang"));
  location.assign(address);
}

const address = new URL(location.href);
if (address.searchParams.has("lang")) {
  address.searchParams.delete("lang");
  history.replaceState(history.state, "", address);
}
for (const link of document.querySelectorAll(".languages a")) link.addEventListener("click", changeLanguage);
comeBack();
