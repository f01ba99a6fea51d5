// The page's own tables: sorted within each group by the buttons of their headings, filtered and narrowed by
// what stands over the main one. Rows with data-parent stay under the row that it names.
const MAIN = "t-scores";

const unitsOf = (body) => {
  const units = [], heads = [];
  for (const row of body.rows) {
    const last = units.at(-1);
    if (row.dataset.row === undefined && row.dataset.parent === undefined && row.querySelector("th[scope=rowgroup]")) heads.push(row);
    else if (last && row.dataset.parent !== undefined) last.push(row);
    else units.push([row]);
  }
  return { body, heads, units };
};

const sortable = (table) => {
  const key = table.id === MAIN || !table.id ? "t." : `t.${table.id}.`;
  const groups = [...table.tBodies].map(unitsOf);
  const columns = [...table.querySelectorAll("thead th[data-sort]")];
  const placeOf = (th) => [...table.querySelectorAll("thead th[data-sort]")].indexOf(th);
  const cellOf = (row, th) => (th.dataset.model !== undefined ? [...row.cells].find((c) => c.dataset.model === th.dataset.model) : row.cells[th.cellIndex]);
  const valueOf = (unit, th) => {
    for (const row of unit) {
      const found = cellOf(row, th);
      const text = found?.dataset.value ?? found?.textContent.trim() ?? "";
      if (th.dataset.sort === "text") return text.toLowerCase();
      if (text !== "" && Number.isFinite(Number(text))) return Number(text);
    }
    return null;
  };
  columns.forEach((th, at) => {
    const inside = th.querySelector(".sort") ?? th;
    const button = make("button", { type: "button", class: "sort", click: () => {
      const sort = state().get(`${key}sort`);
      go(address({ [`${key}sort`]: sort === `-${at}` ? `${at}` : sort === `${at}` ? null : th.dataset.sort === "text" && sort === null ? `${at}` : `-${at}` }));
    } }, ...inside.childNodes);
    if (inside === th) th.replaceChildren(button);
    else inside.replaceWith(button);
  });
  const sort = (wanted) => {
    const th = columns[Math.abs(Number(wanted))], down = wanted?.startsWith("-");
    columns.forEach((one) => one.removeAttribute("aria-sort"));
    if (th && wanted) th.setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const { body, heads, units } of groups) {
      const keyed = units.map((unit, at) => [th && wanted ? valueOf(unit, th) : null, at, unit]);
      keyed.sort(([x, i], [y, j]) => (x === y ? i - j : x === null ? 1 : y === null ? -1 : (x < y ? -1 : 1) * (down ? -1 : 1)));
      body.append(...heads, ...keyed.flatMap(([, , unit]) => unit));
    }
  };
  const filter = (text) => {
    for (const { body, heads, units } of groups) {
      const grouped = heads.some((row) => row.textContent.toLowerCase().includes(text));
      let any = false;
      for (const unit of units) {
        const fits = grouped || unit.some((row) => row.textContent.toLowerCase().includes(text));
        unit.forEach((row) => (row.hidden = !fits));
        any ||= fits;
      }
      body.hidden = !any;
    }
  };
  const hide = (models) => {
    for (const found of table.querySelectorAll("[data-model]")) found.hidden = models.includes(found.dataset.model);
    for (const wide of table.querySelectorAll("th[data-models]")) {
      const left = wide.dataset.models.split(" ").filter((model) => !models.includes(model)).length;
      wide.hidden = !left;
      if (left) wide.colSpan = left;
    }
  };
  return { apply: (now) => {
    sort(now.get(`${key}sort`));
    filter((now.get(`${key}q`) ?? "").trim().toLowerCase());
    hide(now.getAll(`${key}hide`));
  } };
};

const toolsOf = (table, place) => {
  const search = make("input", { type: "search", "aria-label": say("drill.search_table"), placeholder: say("drill.search_table"), input: () => go(address({ "t.q": search.value }), { replace: true }) });
  const models = [...table.querySelectorAll("thead th[data-sort][data-model]")].map((th) => [th.dataset.model, th.querySelector(".name")?.textContent ?? th.textContent.trim()]);
  const boxes = models.map(([id, name]) => [id, make("input", { type: "checkbox", change: () => go(address({ "t.hide": boxes.filter(([, box]) => !box.checked).map(([one]) => one) })) }), name]);
  place.replaceChildren(search, ...(models.length > 1 ? [make("details", { class: "columns" }, make("summary", {}, say("drill.columns")),
    make("div", {}, ...boxes.map(([, box, name]) => make("label", {}, box, name))))] : []));
  place.hidden = false;
  return { apply: (now) => {
    if (search.value !== (now.get("t.q") ?? "")) search.value = now.get("t.q") ?? "";
    boxes.forEach(([id, box]) => (box.checked = !now.getAll("t.hide").includes(id)));
  } };
};
