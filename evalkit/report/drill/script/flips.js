// Two runs side by side, only what differs: tasks with verdicts on both sides of which one passes more often.
// A task's share is of its scored samples, as in `evalkit compare`.
const tally = (run) => {
  const { values, at } = run.column("task"), outcome = run.column("outcome"), found = new Map();
  at.forEach((value, row) => {
    const task = values[value], got = outcome.show(row);
    const one = found.get(task) ?? found.set(task, { row, passed: 0, scored: 0, planned: 0 }).get(task);
    one.planned++;
    one.passed += got === "passed";
    one.scored += got === "passed" || got === "failed";
  });
  return found;
};
const fared = (run, { row, passed, scored, planned }) =>
  (planned === 1 ? word(run, row) : `${passed}/${scored} ${say("passed")}`);

const column = (name, found, get, rest) => {
  const seen = new Map();
  const at = Int32Array.from(found, (one) => seen.get(get(one)) ?? seen.set(get(one), seen.size).size - 1);
  const values = [...seen.keys()];
  const order = values.map((_, place) => place).sort((x, y) => (values[x] < values[y] ? -1 : 1));
  return texts(name, values, at, { order, ...rest });
};

const flipsOf = once(async (pair) => {
  const sides = await Promise.all(pair.split("~").map(runOf));
  if (sides.length !== 2 || sides.includes(null)) return null;
  const [a, b] = sides, [one, other] = sides.map(tally), found = [];
  let shared = 0;
  for (const [task, mine] of one) {
    const theirs = other.get(task);
    if (!mine.scored || !theirs?.scored) continue;
    shared++;
    const change = mine.passed / mine.scored - theirs.passed / theirs.scored;
    if (change) found.push({ task, change, a: fared(a, mine), b: fared(b, theirs), row: mine.row });
  }
  const names = sides.map(({ about }) => about.name);
  const better = found.filter((flip) => flip.change > 0).length;
  const values = { a: names[0], b: names[1], shared, better, worse: found.length - better };
  return source(found.length, [
    column("task", found, (flip) => flip.task, { order: null }),
    column("a", found, (flip) => flip.a, { title: names[0] }),
    column("b", found, (flip) => flip.b, { title: names[1] }),
    column("passes_more", found, (flip) => names[+(flip.change < 0)]),
    ...a.columns.filter((c) => c.tag).map(({ name, kind, show }) =>
      column(name, found, (flip) => show(flip.row), { kind, title: name })),
  ], { sides, names, title: say("flips.title", values), note: say("flips.note", values) });
});
