// The page's own tables: sorted within each group by the buttons of their headings, filtered and narrowed by
// what stands over the main one. Rows with data-parent stay under the row that they name.
const MAIN = "t-scores";

const groupOf = (body) => {
  const heads = [], units = [];
  for (const row of body.rows) {
    if (row.querySelector("th[scope=rowgroup]")) heads.push(row);
    else if (row.dataset.parent && units.length) units.at(-1).push(row);
    else units.push([row]);
  }
  return { body, heads, units };
};
const says = (row, text) => row.textContent.toLowerCase().includes(text);

const tableOf = (table) => {
  const key = table.id === MAIN ? "t." : `t.${table.id}.`;
  const groups = [...table.tBodies].map(groupOf);
  const columns = find("thead th[data-sort]", table).map((th, at) =>
    ({ th, name: th.dataset.model ?? `${at}`, number: th.dataset.sort === "number" }));
  for (const { th, name, number } of columns) {
    const inside = th.querySelector(".sort");
    const turn = () => set({ [`${key}sort`]: turned(state().get(`${key}sort`), name, number) });
    inside.replaceWith(press([...inside.childNodes], turn, { class: "sort" }));
  }
  /** Of a unit: of its first row that has a number there. */
  const valueOf = (unit, { th, number }) => {
    for (const row of unit) {
      const found = row.cells[th.cellIndex], text = found?.dataset.value ?? found?.textContent.trim() ?? "";
      if (!number) return text.toLowerCase();
      if (text !== "" && !isNaN(text)) return +text;
    }
    return null;
  };
  const sort = (wanted) => {
    const by = columns.find(({ name }) => sorted(wanted, name)), sign = wanted?.startsWith("-") ? -1 : 1;
    for (const { th, name } of columns) th.ariaSort = sorted(wanted, name);
    for (const { body, heads, units } of groups) {
      const keyed = units.map((unit, at) => [by ? valueOf(unit, by) : null, at]);
      keyed.sort(([x, i], [y, j]) => (x === y ? i - j : x === null ? 1 : y === null ? -1 : x < y ? -sign : sign));
      body.append(...heads, ...keyed.flatMap(([, at]) => units[at]));
    }
  };
  const filter = (text) => {
    for (const { body, heads, units } of groups) {
      const whole = heads.some((row) => says(row, text));
      const fit = units.filter((unit) => whole || unit.some((row) => says(row, text)));
      for (const unit of units) unit.forEach((row) => (row.hidden = !fit.includes(unit)));
      body.hidden = !fit.length;
    }
  };
  const hide = (models) => {
    const gone = columns.filter(({ name }) => models.includes(name)).map(({ th }) => th.cellIndex);
    for (const row of table.rows) {
      let at = 0;
      for (const cell of row.cells) {
        const span = +(cell.dataset.span ??= cell.colSpan);
        const left = span - gone.filter((one) => one >= at && one < at + span).length;
        at += span;
        cell.hidden = !left;
        cell.colSpan = left || 1;
      }
    }
    for (const mark of find("g[data-model]", table)) mark.toggleAttribute("hidden", models.includes(mark.dataset.model));
  };
  let before = ",,";
  return { apply: (now) => {
    const wanted = [now.get(`${key}sort`), query(now, `${key}q`), now.getAll(`${key}hide`)];
    if (`${wanted}` === before) return; // rows that move lose the focus
    before = `${wanted}`;
    sort(wanted[0]);
    filter(wanted[1]);
    hide(wanted[2]);
  } };
};

const toolsOf = (table, place) => {
  const models = find("thead th[data-sort][data-model]", table).map((th) =>
    [th.dataset.model, th.querySelector(".sort").textContent]);
  const controls = [searchOf("t.q", say("search_table")), ...(models.length > 1 ? [columnsOf("t.hide", models)] : [])];
  place.replaceChildren(...controls.map((one) => one.element));
  place.hidden = false;
  return controls;
};
