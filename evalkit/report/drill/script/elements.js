// Elements and words: text goes in as text, always.
const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
};
const find = (selector, within = document) => [...within.querySelectorAll(selector)];
const press = (text, click, rest = {}) => make("button", { type: "button", click, ...rest }, ...[text].flat());

// -- words -------------------------------------------------------------------------------------------
let head; // of a report: drill/build.py; of a page beside it: drill/page.py

const say = (name, values = {}) => {
  let text = head.words[`drill.${name}`] ?? name;
  if (typeof text === "object") text = text[new Intl.PluralRules(head.language).select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, at) => (typeof values[at] === "number" ? count(values[at]) : values[at]));
};
const count = (n) => n.toLocaleString("en").replaceAll(",", head.thousands);
const restOf = (text) => make("p", { class: "rest" }, text);
const titleOf = ({ name, title, tag }) => title ?? (tag ? name : say(name));
