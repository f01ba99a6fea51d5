// Two runs side by side, only what differs: tasks with verdicts on both sides of which one passes more often.
// A task's share is of its scored samples, as in `evalkit compare`.
const tally = (run) => {
  const { values, at } = run.column("task");
  const outcome = run.column("outcome"), found = new Map();
  for (let row = 0; row < run.n; row++) {
    const task = values[at[row]];
    if (!found.has(task)) found.set(task, { row, passed: 0, scored: 0, planned: 0 });
    const one = found.get(task), got = outcome.show(row);
    one.planned++;
    one.passed += got === "passed";
    one.scored += got === "passed" || got === "failed";
  }
  return found;
};

const flips = new Map();
const flipsOf = (pair) => {
  if (!flips.has(pair)) flips.set(pair, differing(pair));
  return flips.get(pair);
};
const differing = async (pair) => {
  const ids = pair.split("~");
  if (ids.length !== 2 || ids[0] === ids[1]) return null;
  const sides = await Promise.all(ids.map(runOf));
  if (sides.some((side) => !side)) return null;
  const [a, b] = sides, [one, other] = sides.map(tally), found = [];
  let shared = 0;
  for (const [task, mine] of one) {
    const theirs = other.get(task);
    if (!mine.scored || !theirs?.scored) continue;
    shared++;
    const change = mine.passed / mine.scored - theirs.passed / theirs.scored;
    if (change) found.push({ task, change, words: [told(a, mine), told(b, theirs)], row: mine.row });
  }
  const names = sides.map((side, at) => (sides[0].about.model === sides[1].about.model ? side.about.label : side.about.model) || ids[at]);
  const column = (name, get, rest) => {
    const seen = new Map();
    const at = Int32Array.from(found, (flip) => seen.get(get(flip)) ?? (seen.set(get(flip), seen.size), seen.size - 1));
    const values = [...seen.keys()];
    const order = values.map((_, place) => place).sort((x, y) => (values[x] < values[y] ? -1 : 1));
    return texts(name, values, at, { order, ...rest });
  };
  const better = found.filter((flip) => flip.change > 0).length;
  return source(found.length, [
    column("task", (flip) => flip.task, { order: null }),
    column(names[0] === names[1] ? `${names[0]} (1)` : names[0], (flip) => flip.words[0]),
    column(names[0] === names[1] ? `${names[1]} (2)` : names[1], (flip) => flip.words[1]),
    column("passes_more", (flip) => names[flip.change > 0 ? 0 : 1]),
    ...a.columns.filter((c) => c.tag).map((tag) => column(tag.name, (flip) => tag.show(flip.row), { kind: tag.kind, tag: true })),
  ], { sides, names, title: say("drill.flips.title", { a: names[0], b: names[1] }), note: say("drill.flips.note", { shared, a: names[0], b: names[1], better, worse: found.length - better }) });
};

const told = (run, { row, passed, scored, planned }) => (planned === 1 ? word(run, row) : `${passed}/${scored} ${say("drill.passed")}`);
