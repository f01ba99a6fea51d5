// The hash of the address is the only state: what is open, sorted, filtered and hidden. One without "=" is the
// page's own (#notes). Everything on the screen follows from it, so that back, forward and reload just work.
const OPENED = ["run", "flips", "task", "sample", "sort", "q", "hide"]; // the rest, f.* aside, is of the page's tables
let kept = new URLSearchParams();

const own = () => location.hash.length > 1 && !location.hash.includes("=");
const state = () => (own() ? kept : (kept = new URLSearchParams(location.hash.slice(1))));
const closed = (now) => new URLSearchParams([...now].filter(([key]) => !OPENED.includes(key) && !key.startsWith("f.")));

/** The address of `now` with changes: a text, several, or null for none. */
const address = (changes, now = state()) => {
  const next = new URLSearchParams(now);
  for (const [key, value] of Object.entries(changes)) {
    next.delete(key);
    for (const one of [value].flat()) if (one !== null && one !== "") next.append(key, one);
  }
  return `#${next}`;
};
/** The same of something newly opened. */
const opening = (changes) => address(changes, closed(state()));

const go = (to, { replace = false } = {}) => {
  history[replace ? "replaceState" : "pushState"](null, "", to);
  show();
};

// -- elements: text goes in as text, always ----------------------------------------------------------
const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
};

// -- words -------------------------------------------------------------------------------------------
let head = { runs: [], words: {}, language: "en", transcripts: "none", beside: null };

const has = (key) => Object.hasOwn(head.words, key);
const say = (key, values = {}) => {
  let text = has(key) ? head.words[key] : key;
  if (typeof text === "object") text = text[new Intl.PluralRules(head.language).select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (place, name) => (typeof values[name] === "number" ? count(values[name]) : (values[name] ?? place)));
};
const count = (n) => n.toLocaleString("en").replaceAll(",", head.language === "en" ? "," : "\u202f");
