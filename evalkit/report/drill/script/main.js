// From the address to the screen. What an address names and is not there is left alone.
let tables = [], turn = 0;

const show = async () => {
  const now = own() ? closed(kept) : state(), mine = ++turn;
  if (own()) kept = now;
  tables.forEach((table) => table.apply(now));
  const from = now.has("flips") ? await flipsOf(now.get("flips")) : now.has("run") ? await runOf(now.get("run")) : null;
  if (mine !== turn) return; // another address came meanwhile
  list.apply(from, now);
  await sample.apply(from, now);
};

const opens = (event) => {
  const link = event.target.closest?.("a[data-run], a[data-flips]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(opening(link.dataset.run ? { run: link.dataset.run } : { flips: link.dataset.flips.trim().split(/\s+/).join("~") }));
};

const start = async () => {
  document.documentElement.classList.add("js");
  head = (await block("drill")) ?? head;
  const sorted = [...document.querySelectorAll("table[data-sortable]")];
  tables = sorted.map(sortable);
  const place = document.getElementById("tools"), main = document.getElementById(MAIN);
  if (place && main) tables.push(toolsOf(main, place));
  document.addEventListener("click", opens);
  addEventListener("hashchange", show);
  await show();
  document.documentElement.dataset.drill = "ready";
};
start();
