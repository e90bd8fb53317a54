// The words of this page in the reader's language: say("key", {name: value}).

const texts = JSON.parse(document.getElementById("words").textContent);

export function say(key, values = {}) {
  const text = texts[key];
  if (text === undefined) throw new Error(`no words for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
