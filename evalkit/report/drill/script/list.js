// The list of a run's samples, or of two runs' flips, in a dialog: as many rows as there are, of which only
// those in sight are elements. aria-rowcount and aria-rowindex tell the whole.
const ROW = 32, BEYOND = 10; // pixels of a row; rows kept ready on either side
const MOST = 60; // different values that a choice still offers

const titleOf = (name) => (has(`drill.${name}`) ? say(`drill.${name}`) : name);

const list = (() => {
  const title = make("h2", { id: "drill-title", tabindex: "-1", autofocus: true });
  const note = make("p", { class: "note" });
  const search = make("input", { type: "search", input: () => go(address({ q: search.value }), { replace: true }) });
  const filters = make("div", { class: "filters" });
  const shown = make("output", { "aria-live": "polite" });
  const headings = make("tr", { "aria-rowindex": "1" });
  const widths = make("colgroup"), body = make("tbody", { keydown: (event) => move(event) });
  const table = make("table", { "aria-labelledby": "drill-title" }, widths, make("thead", {}, headings), body);
  const scroller = make("div", { class: "scroller", scroll: () => mount() }, table);
  const dialog = dialogOf("drill-title", title, [note, make("div", { class: "tools" }, search, filters, shown), scroller], () => go(address({}, closed(state()))));

  let from = null, columns = [], rows = new Uint32Array(), active = 0, mounted = [-1, -1], before = "";

  const open = (row) => address({ task: cell(from, "task", row), sample: cell(from, "sample", row) || null });

  const rowOf = (place) => {
    const row = rows[place];
    const cells = columns.map((column, at) => {
      const text = column.show(row);
      const kind = column.kind === "number" ? "number" : column.name === "outcome" ? `word ${text}` : null;
      if (at) return make("td", { class: kind, title: text.length > 20 ? text : null }, text);
      const link = make("a", { href: open(row), tabindex: place === active ? "0" : "-1" }, text);
      return make("th", { scope: "row", title: text.length > 20 ? text : null }, link);
    });
    return make("tr", { "aria-rowindex": place + 2, click: (event) => event.target.closest("a") || (active = place, go(open(row))) }, ...cells);
  };
  const space = (pixels) => (pixels > 0 ? [make("tr", { "aria-hidden": "true", class: "space", style: `height:${pixels}px` })] : []);

  const mount = (anew = false) => {
    const first = Math.max(0, Math.floor(scroller.scrollTop / ROW) - BEYOND);
    const last = Math.min(rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / ROW) + BEYOND);
    if (!anew && first === mounted[0] && last === mounted[1]) return;
    mounted = [first, last];
    const focused = body.contains(document.activeElement);
    const built = [];
    for (let place = first; place < last; place++) built.push(rowOf(place));
    body.replaceChildren(...space(first * ROW), ...built, ...space((rows.length - last) * ROW));
    if (!rows.length) body.append(make("tr", {}, make("td", { colspan: columns.length }, say("drill.nothing"))));
    if (!body.querySelector("a[tabindex='0']")) body.querySelector("a")?.setAttribute("tabindex", "0");
    if (focused) focus();
  };
  const focus = () => body.querySelector(`[aria-rowindex="${active + 2}"] a`)?.focus({ preventScroll: true });

  const see = (place) => {
    const top = place * ROW, height = scroller.clientHeight - 2 * ROW; // below the headings
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top > scroller.scrollTop + height) scroller.scrollTop = top - height;
  };
  const move = (event) => {
    const page = Math.floor(scroller.clientHeight / ROW) - 2;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    if (!Object.hasOwn(steps, event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    to(active + steps[event.key]);
    focus();
  };
  const to = (place) => {
    active = Math.max(0, Math.min(rows.length - 1, place));
    see(active);
    mount(true);
  };

  // -- what is above the rows: built once a source, set at each state
  const choice = (column) => {
    const name = `f.${column.name}`, label = titleOf(column.name);
    if (column.kind === "date") {
      const ends = [0, 1].map((end) => make("input", { type: "date", "aria-label": say(end ? "drill.until" : "drill.since", { column: label }), change: () => {
        const [since, until] = ends.map((input) => input.value);
        go(address({ [name]: since || until ? `${since}..${until}` : null }));
      } }));
      return { name, set: (value) => ends.forEach((input, end) => (input.value = value?.split("..")[end] ?? "")), element: make("span", { class: "dates" }, label, ...ends) };
    }
    const counts = new Array(column.values.length).fill(0);
    for (const at of column.at) counts[at]++;
    const options = column.values.map((value, at) => [column.key(column.at.indexOf(at)), value, counts[at]]).sort((x, y) => x[0] - y[0] || 0);
    // "" cannot be asked for in an address, and needs not be
    const select = make("select", { "aria-label": label, change: () => go(address({ [name]: select.value })) },
      make("option", { value: "" }, say("drill.every", { column: label })),
      ...options.filter(([, value]) => value).map(([, value, n]) => make("option", { value }, `${value} (${count(n)})`)));
    return { name, set: (value) => (select.value = value ?? ""), element: select };
  };
  const box = (column) => make("label", {}, make("input", { type: "checkbox", value: column.name, change: () => {
    go(address({ hide: [...filters.querySelectorAll(".columns input:not(:checked)")].map((input) => input.value) }));
  } }), titleOf(column.name));

  let choices = [];
  const build = () => {
    choices = from.columns.filter((c) => c.kind === "date" || (c.hits && c.name !== "task" && c.values.length > 1 && c.values.length <= MOST)).map(choice);
    const clear = make("button", { type: "button", click: () => go(address({ q: null, ...Object.fromEntries(choices.map(({ name }) => [name, null])) })) }, say("drill.clear"));
    filters.replaceChildren(...choices.map((one) => one.element), make("details", { class: "columns" },
      make("summary", {}, say("drill.columns")), make("div", {}, ...from.columns.slice(1).map(box))), clear);
    search.placeholder = say("drill.search");
    search.setAttribute("aria-label", say("drill.search"));
    const { about } = from;
    title.textContent = from.title ?? about.label;
    note.textContent = from.note ?? [about.suite, about.model, about.state].filter(Boolean).join(" · ");
    active = scroller.scrollTop = 0;
  };
  const headingOf = (column, sort) => {
    const direction = sort === column.name ? "ascending" : sort === `-${column.name}` ? "descending" : null;
    const next = { ascending: `-${column.name}`, descending: null }[direction] ?? (direction ? null : column.name);
    const button = make("button", { type: "button", class: "sort", "data-name": column.name, click: () => {
      go(address({ sort: next }));
      [...headings.querySelectorAll("button")].find((one) => one.dataset.name === column.name)?.focus();
    } }, titleOf(column.name));
    return make("th", { scope: "col", "aria-sort": direction, class: column.kind === "number" ? "number" : null }, button);
  };
  const width = (column) => (column.kind === "number" ? 13 : Math.min(column === columns[0] ? 34 : 22, Math.max(titleOf(column.name).length + 5, 10, ...column.values.slice(0, 300).map((v) => v.length + 3))));

  const apply = (next, now) => {
    if (!next) {
      from = null;
      dialog.hide();
      return;
    }
    const fresh = next !== from;
    from = next;
    if (fresh) build();
    if (search.value !== (now.get("q") ?? "")) search.value = now.get("q") ?? "";
    choices.forEach((one) => one.set(now.get(one.name)));
    const hidden = now.getAll("hide");
    filters.querySelectorAll(".columns input").forEach((input) => (input.checked = !hidden.includes(input.value)));
    const key = JSON.stringify([...now].filter(([name]) => !["task", "sample"].includes(name) && !name.startsWith("t.")));
    if (fresh || key !== before) {
      before = key;
      columns = from.columns.filter((column, at) => !at || !hidden.includes(column.name));
      rows = chosen(from, now);
      widths.replaceChildren(...columns.map((column) => make("col", { style: `width:${width(column)}ch` })));
      table.style.minWidth = `${columns.reduce((sum, column) => sum + width(column), 0)}ch`;
      headings.replaceChildren(...columns.map((column) => headingOf(column, now.get("sort"))));
      table.setAttribute("aria-rowcount", rows.length + 1);
      shown.textContent = say("drill.shown", { shown: rows.length, all: from.n });
      active = Math.min(active, Math.max(0, rows.length - 1));
    }
    dialog.show();
    mount(true);
  };
  /** The open sample's place among the rows, and its neighbours' addresses. */
  const around = (row) => {
    const place = rows.indexOf(row);
    if (place >= 0) active = place;
    return [place - 1, place + 1].map((next) => (place >= 0 && next >= 0 && next < rows.length ? open(rows[next]) : null));
  };
  const back = () => { see(active); mount(true); focus(); };
  return { apply, around, back };
})();
