// The rows of a run, in columns: drill/columns.py says what is in them.
/** A column of texts: `at` says which of `values` a row has; `order` the values in order; "" is the last. */
const texts = (name, values, at, { order, kind = "text", tag, title } = {}) => {
  const rank = new Float64Array(values.length);
  values.forEach((_, place) => (rank[order ? order[place] : place] = place));
  if (values.includes("")) rank[values.indexOf("")] = Infinity;
  let lower = null;
  return {
    name, kind, tag, title, values, at, rank,
    key: (row) => rank[at[row]],
    show: (row) => values[at[row]],
    hits: (text) => Uint8Array.from((lower ??= values.map((v) => v.toLowerCase())), (v) => v.includes(text)),
  };
};
const UNITS = {
  s: (v) => `${v.toFixed(v < 10 ? 2 : 1)} s`,
  $: (v) => `$${v.toFixed(v < 1 ? 4 : 2)}`,
  "": count,
};
const numbers = ({ name, kind, values, scale, unit }) => ({
  name, kind,
  key: (row) => values[row] ?? Infinity,
  show: (row) => (values[row] === null ? "–" : UNITS[unit](values[row] / scale)),
});
const columnOf = (raw) => {
  if (raw.kind === "number") return numbers(raw);
  let place = 0;
  return texts(raw.name, raw.values, Int32Array.from(raw.steps, (step) => (place += step)), raw);
};

/** What a list shows: `n` rows of columns. */
const source = (n, columns, rest) => ({ n, columns, column: (name) => columns.find((c) => c.name === name), ...rest });

const runOf = once(async (id) => {
  const about = head.runs.find((run) => run.id === id);
  if (!about) return null;
  const { n, columns } = await block(`rows-${id}`);
  return source(n, columns.map(columnOf), { about });
});

const cell = (run, name, row) => run.column(name)?.show(row) ?? "";
const sampleOf = (run, row) => cell(run, "sample", row) || "0";
const word = (run, row) => [cell(run, "outcome", row), cell(run, "reason", row)].filter(Boolean).join("/");
const rowsOf = (run, task) => {
  const { values, at } = run.column("task"), wanted = values.indexOf(task), found = [];
  if (wanted >= 0) at.forEach((value, row) => value === wanted && found.push(row));
  return found;
};

/** The rows that a state leaves, in its order. */
const chosen = (from, now) => {
  const tests = [], text = query(now, "q");
  if (text) {
    const searched = from.columns.filter((c) => c.hits).map((c) => [c.at, c.hits(text)]);
    tests.push((row) => searched.some(([at, hits]) => hits[at[row]]));
  }
  for (const { name, values, at } of from.columns) {
    const wanted = values && now.get(`f.${name}`);
    if (!wanted) continue;
    const [since, until] = wanted.split("..");
    const within = (v) => v !== "" && v >= since && (!until || v.slice(0, until.length) <= until);
    const fits = values.map((v) => (until === undefined ? v === wanted : within(v)));
    tests.push((row) => fits[at[row]]);
  }
  const rows = new Uint32Array(from.n);
  let left = 0;
  for (let row = 0; row < from.n; row++) if (tests.every((test) => test(row))) rows[left++] = row;
  const found = rows.subarray(0, left), sort = now.get("sort") ?? "", down = sort.startsWith("-");
  const by = from.column(down ? sort.slice(1) : sort);
  if (by) {
    const keys = new Float64Array(from.n);
    for (const row of found) {
      const key = by.key(row);
      keys[row] = down && key !== Infinity ? -key : key; // what is unknown stays last
    }
    found.sort((a, b) => keys[a] - keys[b] || a - b); // Infinity - Infinity is NaN: then as they stood
  }
  return found;
};
