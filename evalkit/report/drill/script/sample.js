// One task: its rollouts, what is known of each, and the whole story. Of two runs: both, side by side.
const TOLD = ["task", "sample", "outcome", "reason"]; // above the facts

const makeSample = (list) => {
  const title = heading("drill-sample"), panes = make("div"), ways = make("nav", { "aria-label": say("neighbours") });
  const dialog = dialogOf(title, [ways, panes], () => {
    set({ task: null, sample: null });
    list.see();
  });
  dialog.element.className += " story"; // what is printed while it is open
  let before = "";

  /** The transcript, a link to its page, or where to find it. */
  const storyOf = async (run, row) => {
    const outcome = cell(run, "outcome", row), { id, folder } = run.about;
    if (head.beside && outcome !== "not_run" && (head.transcripts === "all" || outcome !== "passed")) {
      const page = `${head.beside}/${encodeURIComponent(id)}/${row}.html`;
      return make("p", {}, make("a", { href: page }, say("beside")));
    }
    const told = await block(`told-${id}-${row}`);
    if (told) return transcriptOf(told);
    const quoted = (text) => (/^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
    const command = `evalkit show ${quoted(folder)} ${quoted(cell(run, "task", row))} --sample ${sampleOf(run, row)}`;
    return make("p", { class: "note" }, `${say("elsewhere")} `, make("code", {}, command));
  };
  const others = (run, row) => {
    const rows = rowsOf(run, cell(run, "task", row));
    const linkOf = (other) => make("a",
      { href: address({ sample: sampleOf(run, other) }), "aria-current": other === row || null },
      `${sampleOf(run, other)} ${word(run, other)}`);
    return rows.length > 1 ? make("p", { class: "others" }, `${say("rollouts")}: `,
      ...rows.flatMap((other) => [linkOf(other), " "])) : null;
  };
  const paneOf = async (run, row, name) => {
    const facts = run.columns.filter((c) => !TOLD.includes(c.name) && c.show(row));
    return make("section", { class: "pane" }, make("h3", {}, name),
      make("p", {}, make("span", { class: `word ${cell(run, "outcome", row)}` }, word(run, row))), others(run, row),
      make("dl", {}, ...facts.map((c) => make("div", {}, make("dt", {}, titleOf(c)), make("dd", {}, c.show(row))))),
      await storyOf(run, row));
  };

  const apply = async (from, now) => {
    const task = now.get("task"), wanted = now.get("sample") ?? "0", sides = from?.sides ?? [from];
    const found = sides.map((run) => {
      const rows = from && task !== null ? rowsOf(run, task) : [];
      return rows.find((row) => sampleOf(run, row) === wanted) ?? (from?.sides ? rows[0] : undefined);
    });
    if (found.includes(undefined)) {
      before = "";
      return dialog.hide();
    }
    const place = rowsOf(from, task).find((row) => from.sides || row === found[0]);
    ways.replaceChildren(...list.around(place).map((to, at) =>
      (to ? make("a", { href: to }, say(at ? "next" : "previous")) : "")));
    const key = sides.map((run, at) => `${run.about.id} ${found[at]}`).join();
    if (key === before) return;
    before = key;
    const built = await Promise.all(sides.map((run, at) => paneOf(run, found[at], from.names?.[at] ?? run.about.title)));
    if (key !== before) return; // something else was opened meanwhile
    title.textContent = !from.sides && from.column("sample") ? `${task} · ${say("sample")} ${wanted}` : task;
    panes.replaceChildren(...built);
    panes.className = built.length > 1 ? "panes two" : "panes";
    dialog.show();
    dialog.element.scrollTop = 0;
    title.focus();
  };
  return { apply };
};
