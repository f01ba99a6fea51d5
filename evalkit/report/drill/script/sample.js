// One task: its rollouts, what is known of each, and the whole story. Of two runs: both, side by side.
const sample = (() => {
  const title = make("h2", { id: "drill-sample", tabindex: "-1", autofocus: true });
  const panes = make("div", { class: "panes" }), ways = make("nav", {});
  const dialog = dialogOf("drill-sample", title, [ways, panes], () => {
    go(address({ task: null, sample: null }));
    list.back();
  });
  let before = "";

  const storyOf = async (run, row) => {
    const outcome = cell(run, "outcome", row);
    if (head.transcripts === "none" || outcome === "not_run" || (head.transcripts === "failed" && outcome === "passed")) return [];
    if (head.beside === null) {
      const told = await block(`told-${run.about.id}-${row}`);
      return told ? [transcriptOf(told)] : [];
    }
    return [make("p", {}, make("a", { href: `${head.beside}/${encodeURIComponent(run.about.id)}/${row}.html` }, say("drill.beside")))];
  };
  const show = (run, row) => {
    const k = cell(run, "sample", row), task = cell(run, "task", row);
    const quoted = /^[\w./:-]+$/.test(task) ? task : `'${task.replaceAll("'", "'\\''")}'`;
    const command = `evalkit show ${run.about.folder} ${quoted}${k && k !== "0" ? ` --sample ${k}` : ""}`;
    return make("p", { class: "note" }, `${say("drill.elsewhere")} `, make("code", {}, command));
  };
  const others = (run, row) => {
    const rows = rowsOf(run, cell(run, "task", row));
    if (rows.length < 2) return null;
    const linkOf = (other) => make("a", { href: address({ sample: cell(run, "sample", other) }), "aria-current": other === row ? "true" : null }, `${cell(run, "sample", other)} ${word(run, other)}`);
    return make("p", { class: "others" }, `${say("drill.rollouts")}: `, ...rows.flatMap((other) => [linkOf(other), " "]));
  };
  const paneOf = async (run, row, named) => {
    const facts = run.columns.filter((c) => !["task", "sample", "outcome", "reason"].includes(c.name) && c.show(row) !== "")
      .map((c) => make("div", {}, make("dt", {}, titleOf(c.name)), make("dd", {}, c.show(row))));
    const story = await storyOf(run, row);
    return make("section", { class: "pane" }, named ? make("h3", {}, named) : null,
      make("p", {}, make("span", { class: `word ${cell(run, "outcome", row)}` }, word(run, row))),
      others(run, row), make("dl", {}, ...facts), ...(story.length ? story : [show(run, row)]));
  };

  const apply = async (from, now) => {
    const task = now.get("task"), wanted = now.get("sample") ?? "";
    const sides = from ? (from.sides ?? [from]) : [];
    const found = sides.map((run) => {
      const rows = task === null ? [] : rowsOf(run, task);
      return [run, rows.find((row) => cell(run, "sample", row) === wanted) ?? (wanted && !from.sides ? undefined : rows[0])];
    });
    if (!found.length || found.some(([, row]) => row === undefined)) {
      before = "";
      dialog.hide();
      return;
    }
    const key = JSON.stringify(found.map(([run, row]) => [run.about.id, row]));
    if (key === before) return;
    before = key;
    const built = await Promise.all(found.map(([run, row], at) => paneOf(run, row, from.names?.[at])));
    if (key !== before) return; // something else was opened meanwhile
    title.textContent = from.sides || !cell(from, "sample", found[0][1]) ? task : `${task} · ${say("drill.sample")} ${cell(from, "sample", found[0][1])}`;
    const place = from.sides ? rowsOf(from, task)[0] : found[0][1];
    ways.replaceChildren(...list.around(place).map((to, at) => (to ? make("a", { href: to, rel: at ? "next" : "prev" }, say(at ? "drill.next" : "drill.previous")) : "")));
    ways.setAttribute("aria-label", say("drill.neighbours"));
    panes.replaceChildren(...built);
    panes.className = built.length > 1 ? "panes two" : "panes";
    dialog.show();
    dialog.element.scrollTop = 0;
    title.focus();
  };
  return { apply };
})();
