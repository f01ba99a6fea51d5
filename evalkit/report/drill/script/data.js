// Blocks of data: base64 of gzip of JSON, inflated when they are needed. drill/columns.py says what is in them.
const inflate = async (id) => {
  const text = document.getElementById(id)?.textContent.trim();
  if (!text) return null;
  const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
};

const inflated = new Map();
const block = (id) => {
  if (!inflated.has(id)) inflated.set(id, inflate(id));
  return inflated.get(id);
};

/** A column of texts: `at` says which of `values` a row has; `rank` orders the values, "" last. */
const texts = (name, values, at, { order = null, kind = "text", tag = false } = {}) => {
  const rank = new Float64Array(values.length);
  for (let place = 0; place < values.length; place++) rank[order ? order[place] : place] = place;
  if (values.includes("")) rank[values.indexOf("")] = Infinity;
  let lower = null;
  return {
    name, kind, tag, values, at,
    key: (row) => rank[at[row]],
    show: (row) => values[at[row]],
    hits: (text) => Uint8Array.from((lower ??= values.map((v) => v.toLowerCase())), (v) => v.includes(text)),
  };
};

const UNITS = {
  s: (v) => `${v.toFixed(v < 10 ? 2 : 1)} s`,
  $: (v) => `$${v.toFixed(v < 1 ? 4 : 2)}`,
  "": (v) => count(v),
};
const numbers = ({ name, values, scale, unit }) => ({
  name, kind: "number",
  key: (row) => values[row] ?? Infinity,
  show: (row) => (values[row] === null ? "–" : UNITS[unit](values[row] / scale)),
});

const columnOf = (raw) => {
  if (raw.kind === "number") return numbers(raw);
  let place = 0;
  return texts(raw.name, raw.values, Int32Array.from(raw.steps, (step) => (place += step)), raw);
};

/** What a list shows: `n` rows and columns. */
const source = (n, columns, rest) => ({ n, columns, column: (name) => columns.find((c) => c.name === name), ...rest });

const runs = new Map();
const runOf = async (id) => {
  const about = head.runs.find((run) => run.id === id);
  if (!about) return null;
  if (!runs.has(id)) {
    const data = await block(`rows-${id}`);
    runs.set(id, source(data.n, data.columns.map(columnOf), { about }));
  }
  return runs.get(id);
};

const cell = (run, name, row) => run.column(name)?.show(row) ?? "";
const word = (run, row) => [cell(run, "outcome", row), cell(run, "reason", row)].filter(Boolean).join("/");
const rowsOf = (run, task) => {
  const { values, at } = run.column("task");
  const wanted = values.indexOf(task), found = [];
  for (let row = 0; wanted >= 0 && row < run.n; row++) if (at[row] === wanted) found.push(row);
  return found;
};

/** The rows that a state leaves, in its order. */
const chosen = (from, now) => {
  const tests = [];
  const text = (now.get("q") ?? "").trim().toLowerCase();
  if (text) {
    const searched = from.columns.filter((c) => c.hits).map((c) => [c.at, c.hits(text)]);
    tests.push((row) => searched.some(([at, hits]) => hits[at[row]]));
  }
  for (const column of from.columns) {
    const wanted = column.hits ? now.get(`f.${column.name}`) : null;
    if (wanted === null) continue;
    const [since, until] = wanted.split("..");
    const fits = column.values.map((v) => (until === undefined ? v === wanted : v !== "" && v >= since && (!until || v.slice(0, until.length) <= until)));
    tests.push((row) => fits[column.at[row]]);
  }
  const rows = new Uint32Array(from.n);
  let left = 0;
  for (let row = 0; row < from.n; row++) if (tests.every((test) => test(row))) rows[left++] = row;
  const found = rows.subarray(0, left);
  const sort = now.get("sort") ?? "", down = sort.startsWith("-");
  const by = from.column(down ? sort.slice(1) : sort);
  if (by) {
    const keys = new Float64Array(from.n);
    for (const row of found) {
      const key = by.key(row);
      keys[row] = down && key !== Infinity ? -key : key;
    }
    found.sort((a, b) => keys[a] - keys[b] || a - b); // Infinity - Infinity is NaN: then as they stood
  }
  return found;
};
