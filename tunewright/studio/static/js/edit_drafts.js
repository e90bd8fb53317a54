// What was typed of tunes and is not stored yet: kept in the browser until it is.

const PLACE = "tunewright.drafts";
const EDITING = "tunewright.editing";
const MOST = 30;
const NEW = "new";

export class Drafts {
  keep(id, abc) {
    const drafts = this.#read();
    delete drafts[id ?? NEW];
    drafts[id ?? NEW] = abc;  // the newest stands last
    const names = Object.keys(drafts);
    for (const name of names.slice(0, Math.max(0, names.length - MOST))) delete drafts[name];
    this.#write(drafts);
  }

  // What was typed of a tune; null for nothing.
  find(id) {
    const draft = this.#read()[id ?? NEW];
    return typeof draft === "string" ? draft : null;
  }

  drop(id) {
    const drafts = this.#read();
    delete drafts[id ?? NEW];
    this.#write(drafts);
  }

  // Whether the text stood open in this tab.
  get editing() { return sessionStorage.getItem(EDITING) === "yes"; }
  set editing(is) { sessionStorage.setItem(EDITING, is ? "yes" : "no"); }

  #read() {
    try {
      const found = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
      return found && typeof found === "object" ? found : {};
    } catch {
      return {};
    }
  }

  #write(drafts) {
    try {
      localStorage.setItem(PLACE, JSON.stringify(drafts));
    } catch {
      // the browser keeps nothing for us: then it is in the field alone
    }
  }
}
