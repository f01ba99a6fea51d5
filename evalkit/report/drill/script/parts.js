// A dialog that covers the page: focus stays in it, Escape closes it, and closing changes the address.
const dialogOf = (title, content, closing) => {
  const shut = press("×", () => element.close(), { class: "shut", "aria-label": say("close") });
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // the browser would close both where a permalink has opened them
    element.close();
  };
  const element = make("dialog", { class: "drill", "aria-labelledby": title.id,
    close: () => wanted && closing(), keydown: escape },
    make("header", {}, title, shut), ...content);
  let wanted = false;
  document.body.append(element);
  return {
    element,
    show: () => {
      wanted = true;
      if (element.open) return;
      element.showModal();
      title.focus();
    },
    hide: () => {
      wanted = false;
      element.close();
    },
  };
};
const heading = (id) => make("h2", { id, tabindex: -1 });

// -- what stands over a table: each with the part of the state that it shows and changes ---------------
const searchOf = (key, words) => {
  const input = make("input", { type: "search", "aria-label": words, placeholder: words,
    input: () => set({ [key]: input.value }, true) });
  return { element: input, apply: (now) => (input.value = now.get(key)) };
};
const columnsOf = (key, columns) => {
  const change = () => set({ [key]: boxes.filter((box) => !box.checked).map((box) => box.value) });
  const boxes = columns.map(([value]) => make("input", { type: "checkbox", value, change }));
  const element = make("details", { class: "columns" }, make("summary", {}, say("columns")),
    make("div", {}, ...columns.map(([, name], at) => make("label", {}, boxes[at], name))));
  return { element, apply: (now) => boxes.forEach((box) => (box.checked = !now.getAll(key).includes(box.value))) };
};
/** The next of three: numbers largest first, texts in order; the other way; as it was. */
const turned = (sort, name, number) => {
  const ways = number ? [`-${name}`, name] : [name, `-${name}`];
  return ways[ways.indexOf(sort) + 1];
};
const sorted = (sort, name) => (sort === name ? "ascending" : sort === `-${name}` ? "descending" : null);

// -- a transcript: drill/transcript.py says what is in it ----------------------------------------------
const EVENTS = 200;
const LINES = { "+": "added", "-": "gone", "@": "place" };

const partOf = (part) => {
  if (typeof part === "string") return [make("p", {}, part)];
  if (part.cast) return [playerOf(part.cast)];
  if (part.tests) {
    const heads = ["status", "test", "detail"].map((name) => make("th", { scope: "col" }, say(name)));
    const rows = part.tests.map(([status, name, detail]) => make("tr", {},
      make("td", { class: status === "passed" ? status : "failed" }, status),
      make("th", { scope: "row" }, name), make("td", {}, detail)));
    const more = part.of - rows.length;
    return [make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)),
      more ? restOf(say("more_tests", { n: more })) : ""];
  }
  const lines = part.patch ? part.text.split("\n").map((line) =>
    make("span", { class: LINES[line[0]] ?? null }, `${line}\n`)) : [part.text];
  return [make("pre", { tabindex: 0 }, ...lines),
    part.rest ? restOf(`${say("rest", { n: part.rest[0] })} sha256 ${part.rest[1]}`) : ""];
};
const passageOf = ([kind, title, parts]) =>
  make("section", { class: `is-${kind}`, tabindex: -1 }, make("h4", {}, title), ...parts.flatMap(partOf));

/** The first passages, and a button for more. */
const transcriptOf = (told) => {
  const whole = make("div", { class: "told" });
  const add = (from) => {
    const built = told.slice(from, from + EVENTS).map(passageOf), n = told.length - from - EVENTS;
    const more = press(say("more", { n }), () => {
      more.remove();
      add(from + EVENTS).focus();
    }, { class: "more" });
    whole.append(...built, n > 0 ? more : "");
    return built[0];
  };
  add(0);
  return whole;
};
