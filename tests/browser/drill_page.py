"""A page with little but the drill-down of some runs: what its tests open."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from evalkit.report.content import Report, RunFacts
from evalkit.report.drill import Drill, drill
from evalkit.report.drill.build import LARGEST, Transcripts
from evalkit.report.values import Model, Setting, Table
from evalkit.run.result import summarize


def facts(folder: Path, id: str, *, model: str = "") -> RunFacts:
    """A run's facts, as much as a drill-down needs."""
    summary = summarize(folder)
    name = model or summary.model
    setting = Setting(summary.suite, "1")
    shown = Model(name, name)
    return RunFacts(id, folder, shown, setting, summary.title, summary, {}, summary.pass_1, None, None)


def report(runs: Sequence[RunFacts]) -> Report:
    return Report("A report", "", (Table("scores", "Scores", (), (), {}),), runs=tuple(runs))


def write_page(
    folder: Path, runs: Sequence[RunFacts], transcripts: Transcripts = "none", largest: int = LARGEST
) -> Path:
    """Write page and what stands beside it."""
    made = drill(report(runs), transcripts=transcripts, name="report.html", largest=largest)
    path = folder / "report.html"
    path.write_text(html(made, runs), encoding="utf-8")
    for name, text in made.pages():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return path


def html(made: Drill, runs: Sequence[RunFacts]) -> str:
    digest = base64.b64encode(hashlib.sha256(made.script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    links = "".join(
        f'<p><a href="#run-{r.id}" data-run="{r.id}" id="open-{r.id}">{r.id}</a></p>' for r in runs
    )
    if len(runs) > 1:
        pair = f"{runs[0].id} {runs[1].id}"
        links += f'<p><a href="#top" data-flips="{pair}" id="flips">differences</a></p>'
    blocks = "".join(
        f'<script type="application/octet-stream" id="{id}">{text}</script>\n'
        for id, text in made.blocks.items()
    )
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}"><title>A report</title>
<style>:root{{--paper:#fff;--raised:#fff;--sunk:#f6f4ef;--ink:#111;--soft:#444;--mute:#666;--rule:#111;
--hair:#ddd;--line:#ccc;--accent:#2347b5;--tint:#f2f4fb;--good:#17714a;--bad:#b3261e;--warn:#8a5a00;
--sans:sans-serif;--serif:serif;--mono:monospace}}
{made.style}</style></head><body>
<main id="top"><h1>A report</h1>
<p><a href="elsewhere.html">a link, as any page has one</a></p>
<div id="tools" hidden></div>{TABLE}{links}</main>
{blocks}<script>{made.script}</script></body></html>"""


def _row(id: str, name: str, a: str, b: str, parent: str = "") -> str:
    """One row of the main table, in the page's own markup."""
    under = f' data-parent="{parent}"' if parent else ""
    cells = "".join(
        f'<td data-model="{m}" {f"data-value={v}" if v else ""}><span class="score">{v or "–"}</span></td>'
        for m, v in (("a", a), ("b", b))
    )
    marks = "".join(f'<g data-model="{m}"><circle cx="9" cy="9" r="5"/></g>' for m in "ab")
    strip = f'<td><svg width="20" height="20" aria-hidden="true">{marks}</svg></td>'
    return f'<tr data-row="{id}"{under}><th scope="row">{name}</th>{cells}{strip}</tr>'


TABLE = f"""<table id="t-scores" data-sortable><thead><tr>
<th scope="col" data-sort="text"><span class="sort">Benchmark</span></th>
<th scope="col" data-sort="number" data-model="a"><span class="sort">Ada</span></th>
<th scope="col" data-sort="number" data-model="b"><span class="sort">Bob</span></th>
<th scope="col">marks</th></tr></thead>
<tbody data-group="One"><tr><th scope="rowgroup" colspan="4">Group one</th></tr>
{_row("r1", "Zebra", "10.5", "30")}{_row("r2", "measured", "9.5", "", "r1")}{_row("r3", "Apple", "50", "")}
{_row("r4", "Mango", "", "20")}</tbody>
<tbody data-group="Two"><tr><th scope="rowgroup" colspan="4">Group two</th></tr>
{_row("r5", "Kiwi", "3", "4")}{_row("r6", "Fig", "20", "2")}</tbody></table>"""
