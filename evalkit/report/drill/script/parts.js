// A dialog that covers the page: focus stays in it, Escape closes it, and closing changes the address.
const dialogOf = (labelled, title, content, closing) => {
  const shut = make("button", { type: "button", class: "shut", click: () => element.close() }, "×");
  const element = make("dialog", { class: "drill", "aria-labelledby": labelled, close: () => wanted && closing() },
    make("header", {}, title, shut), ...content);
  let wanted = false;
  document.body.append(element);
  return {
    element,
    show: () => {
      wanted = true;
      shut.setAttribute("aria-label", say("drill.close"));
      if (!element.open) element.showModal();
    },
    hide: () => {
      wanted = false;
      if (element.open) element.close();
    },
  };
};

// -- a transcript: drill/transcript.py says what is in it ----------------------------------------------
const EVENTS = 200;

const lineOf = (line) => make("span", { class: line.startsWith("+") ? "added" : line.startsWith("-") ? "gone" : line.startsWith("@@") ? "place" : null }, `${line}\n`);
const partOf = (part) => {
  if (typeof part === "string") return [make("p", {}, part)];
  if (part.tests) {
    const head = make("tr", {}, ...["status", "test", "detail"].map((name) => make("th", { scope: "col" }, say(`drill.${name}`))));
    const rows = part.tests.map(([status, name, detail]) => make("tr", {}, make("td", { class: status === "passed" ? "passed" : "failed" }, status), make("th", { scope: "row" }, name), make("td", {}, detail)));
    const more = part.of - rows.length;
    return [make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)), ...(more > 0 ? [make("p", { class: "rest" }, say("drill.more_tests", { n: more }))] : [])];
  }
  const text = make("pre", { tabindex: "0" }, ...(part.patch ? part.text.split("\n").map(lineOf) : [part.text]));
  return [text, ...(part.rest ? [make("p", { class: "rest" }, `${say("drill.rest", { n: part.rest[0] })} sha256 ${part.rest[1]}`)] : [])];
};
const passageOf = ([kind, title, parts]) => make("section", { class: kind }, make("h4", {}, title), ...parts.flatMap(partOf));

/** The first passages, and a button for more. */
const transcriptOf = (told) => {
  const whole = make("div", { class: "told" });
  const add = (from) => {
    const built = told.slice(from, from + EVENTS).map(passageOf);
    whole.append(...built);
    const left = told.length - from - EVENTS;
    if (left > 0) {
      const more = make("button", { type: "button", class: "more", click: () => {
        more.remove();
        const first = add(from + EVENTS);
        first.tabIndex = -1;
        first.focus();
      } }, say("drill.more", { n: left }));
      whole.append(more);
    }
    return built[0];
  };
  add(0);
  return whole;
};
