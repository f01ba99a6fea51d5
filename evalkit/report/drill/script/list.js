// The list of a run's samples, or of two runs' flips, in a dialog: as many rows as there are, of which only
// those in sight are elements. aria-rowcount and aria-rowindex tell the whole.
const ROW = 32, BEYOND = 10; // pixels of a row; rows kept ready on either side
const MOST = 60; // different values that a choice still offers
const VERDICTS = ["outcome", "strict", "a", "b"];

const makeList = () => {
  const title = heading("drill-title"), note = make("p", { class: "note" });
  const tools = make("div", { class: "tools" }), shown = make("output", { "aria-live": "polite" });
  const headings = make("tr", { "aria-rowindex": 1 }), widths = make("colgroup");
  const body = make("tbody", { keydown: (event) => move(event) });
  const table = make("table", { "aria-labelledby": title.id }, widths, make("thead", {}, headings), body);
  const scroller = make("div", { class: "scroller", scroll: () => mount() }, table);
  const dialog = dialogOf(title, [note, tools, scroller], () => go(address({}, closed(state()))));
  addEventListener("resize", () => mount());

  let from = null, columns = [], rows = new Uint32Array(), active = 0, mounted = "", before = "", controls = [];

  // -- the rows in sight
  const open = (row) => address({ task: cell(from, "task", row), sample: cell(from, "sample", row) });
  const rowOf = (place) => {
    const row = rows[place];
    const cells = columns.map((column, at) => {
      const text = column.show(row), title = text.length > 20 ? text : null;
      if (!at) return make("th", { scope: "row", title },
        make("a", { href: open(row), tabindex: place === active ? 0 : -1 }, text));
      return make("td", { class: VERDICTS.includes(column.name) ? `word ${text.split("/")[0]}` : column.kind, title }, text);
    });
    return make("tr", { "aria-rowindex": place + 2, click: (event) => {
      active = place;
      if (!event.target.closest("a")) go(open(row));
    } }, ...cells);
  };
  const space = (rows) =>
    (rows > 0 ? make("tr", { "aria-hidden": true, class: "space", style: `height:${rows * ROW}px` }) : "");
  const mount = () => {
    const first = Math.max(0, Math.floor(scroller.scrollTop / ROW) - BEYOND);
    const last = Math.min(rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / ROW) + BEYOND);
    const now = `${first} ${last} ${active}`;
    if (now === mounted) return;
    mounted = now;
    const focused = body.contains(document.activeElement), built = [];
    for (let place = first; place < last; place++) built.push(rowOf(place));
    body.replaceChildren(space(first), ...built, space(rows.length - last));
    if (!rows.length) body.append(make("tr", {}, make("td", { colspan: columns.length }, say("nothing"))));
    (body.querySelector("a[tabindex='0']") ?? body.querySelector("a"))?.setAttribute("tabindex", "0");
    if (focused) focus();
  };
  const focus = () => body.querySelector(`[aria-rowindex="${active + 2}"] a`)?.focus({ preventScroll: true });
  const see = () => {
    const top = active * ROW, height = scroller.clientHeight - 2 * ROW; // below the headings
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top > scroller.scrollTop + height) scroller.scrollTop = top - height;
    mount();
    focus();
  };
  const move = (event) => {
    const page = Math.floor(scroller.clientHeight / ROW) - 2;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    active = Math.max(0, Math.min(rows.length - 1, active + step));
    see();
  };

  // -- what is above the rows: built once a source, set at each state
  const dates = (key, label) => {
    const change = () => {
      const [since, until] = ends.map((input) => input.value);
      set({ [key]: since || until ? `${since}..${until}` : null });
    };
    const ends = ["since", "until"].map((end) =>
      make("input", { type: "date", "aria-label": say(end, { column: label }), change }));
    return { key, element: make("span", { class: "dates" }, label, ...ends), apply: (now) =>
      ends.forEach((input, end) => (input.value = now.get(key)?.split("..")[end] ?? "")) };
  };
  const choice = (column) => {
    const key = `f.${column.name}`, label = titleOf(column), counts = column.values.map(() => 0);
    if (column.kind === "date") return dates(key, label);
    for (const at of column.at) counts[at]++;
    const places = column.values.map((_, at) => at).filter((at) => column.values[at])
      .sort((x, y) => column.rank[x] - column.rank[y]);
    const select = make("select", { "aria-label": label, change: () => set({ [key]: select.value }) },
      make("option", { value: "" }, say("every", { column: label })),
      ...places.map((at) => make("option", { value: column.values[at] }, `${column.values[at]} (${count(counts[at])})`)));
    return { key, element: select, apply: (now) => (select.value = now.get(key) ?? "") };
  };
  const build = () => {
    const asked = from.columns.filter((c) => c.values && c.name !== "task" &&
      c.values.length > 1 && (c.kind === "date" || c.values.length <= MOST));
    const choices = asked.map(choice), all = { q: null };
    for (const { key } of choices) all[key] = null;
    controls = [searchOf("q", say("search")), ...choices,
      columnsOf("hide", from.columns.slice(1).map((c) => [c.name, titleOf(c)]))];
    tools.replaceChildren(...controls.map((one) => one.element), press(say("clear"), () => go(address(all))), shown);
    title.textContent = from.title ?? from.about.title;
    note.textContent = from.note ?? [from.about.suite, from.about.state].filter(Boolean).join(" · ");
    active = scroller.scrollTop = 0;
    before = "";
  };
  const headingOf = (column, sort) => {
    const { name, kind } = column;
    const button = press(titleOf(column), () => set({ sort: turned(sort, name, kind === "number") }),
      { class: "sort", "data-name": name });
    return make("th", { scope: "col", "aria-sort": sorted(sort, name), class: kind }, button);
  };
  const width = (column) => Math.max(11, ...[`${titleOf(column)}  `, ...(column.values ?? []).slice(0, 300)]
    .map((v) => Math.min(v.length + 3, 30)));
  const fill = (now) => {
    const hidden = now.getAll("hide"), name = headings.contains(document.activeElement) && document.activeElement.dataset.name;
    columns = from.columns.filter((column, at) => !at || !hidden.includes(column.name));
    rows = chosen(from, now);
    active = Math.max(0, Math.min(active, rows.length - 1));
    mounted = "";
    widths.replaceChildren(...columns.map((column) => make("col", { style: `width:${width(column)}ch` })));
    table.style.minWidth = `${columns.reduce((sum, column) => sum + width(column), 0)}ch`;
    headings.replaceChildren(...columns.map((column) => headingOf(column, now.get("sort"))));
    if (name) find("button", headings).find((one) => one.dataset.name === name)?.focus();
    table.ariaRowCount = rows.length + 1;
    shown.textContent = say("shown", { shown: rows.length, all: from.n });
  };
  return {
    apply: (next, now) => {
      const was = from;
      from = next;
      if (!from) return dialog.hide();
      if (from !== was) build();
      controls.forEach((one) => one.apply(now));
      const key = address({ task: null, sample: null }, now);
      if (key !== before) fill(now);
      before = key;
      dialog.show();
      mount();
    },
    /** Makes a row the active one; the addresses of its neighbours. */
    around: (row) => {
      const place = rows.indexOf(row);
      if (place >= 0) active = place;
      return [place - 1, place + 1].map((next) => (place >= 0 && next in rows ? open(rows[next]) : null));
    },
    see,
  };
};
