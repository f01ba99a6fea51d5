// From the address to the screen. What an address names and is not there is left alone.
let tables = [], turn = 0, list = null, sample = null;

const show = async () => {
  const now = state(), mine = ++turn;
  tables.forEach((table) => table.apply(now));
  const from = now.has("flips") ? await flipsOf(now.get("flips")) : await runOf(now.get("run"));
  if (mine !== turn) return; // another address came meanwhile
  list.apply(from, now);
  await sample.apply(from, now);
};

const opens = (event) => {
  const link = event.target.closest("a[data-run], a[data-flips]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { run, flips } = link.dataset;
  go(address(run ? { run } : { flips: flips.replace(" ", "~") }, closed(state())));
};

const start = async () => {
  const root = document.documentElement;
  root.className += " js";
  head = await block("drill-data");
  list = makeList();
  sample = makeSample(list);
  tables = find("table[data-sortable]").map(tableOf);
  const place = document.getElementById("tools");
  if (place) tables.push(...toolsOf(document.getElementById(MAIN), place));
  document.addEventListener("click", opens);
  addEventListener("hashchange", show);
  await show();
  root.dataset.drill = "ready";
};
start();
