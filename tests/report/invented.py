"""A report with runs that nobody made: the launch table with measured rows, for tests of what draws."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path

from evalkit.outcome import Outcome
from evalkit.report.content import ACCOUNTS, Report, RunFacts, Spread
from evalkit.report.gather import gather
from evalkit.report.published import load_published
from evalkit.report.values import Interval, Model, Row, Setting, Table, Value
from evalkit.run.summary import Summary
from evalkit.stats.intervals import wilson
from evalkit.stats.passk import mean_pass_at_k, mean_pass_hat_k


def launch() -> Report:
    """Published values alone."""
    return gather([], [load_published("launch")])


def run_of(
    model: Model,
    suite: str,
    title: str,
    name: str,
    accounts: Mapping[str, int],
    tasks: int,
    counts: tuple[int, ...] = (),
    cost: float | None = None,
    state: str = "",
) -> RunFacts:
    """A run with so many samples in each class. `counts`: passes of each task, of eight samples."""
    planned = sum(accounts.values())
    passed, missing = accounts["passed"], accounts.get("error", 0) + accounts.get("not_run", 0)
    scored = planned - missing
    low, high = wilson(passed / scored * tasks, tasks)
    summary = Summary(
        name,
        suite,
        title,
        model.id,
        "one-turn 1",
        f"{suite} 1",
        f"{suite} 1",
        planned,
        tasks,
        {**dict.fromkeys(map(str, Outcome), 0), "passed": passed, "failed": scored - passed},
        {},
        {"pass@1": passed / scored},
        (low, high),
        (passed / planned, (passed + missing) / planned),
        cost=cost,
    )
    spread = None
    if counts:
        ks, of_eight = range(1, 9), [(8, c) for c in counts]
        spread = Spread(
            tasks,
            8,
            {k: mean_pass_at_k(of_eight, k) or 0.0 for k in ks},
            {k: mean_pass_hat_k(of_eight, k) or 0.0 for k in ks},
        )
    return RunFacts(
        name,
        Path("results") / name,
        model,
        Setting(suite),
        f"{title}, {model.display}",
        summary,
        {key: accounts.get(key, 0) for key in ACCOUNTS},
        100 * passed / scored,
        Interval(100 * low, 100 * high),
        spread,
        state,
    )


def passes(tasks: int, steep: float, middle: float) -> tuple[int, ...]:
    """Passes of eight of tasks from the hardest to the easiest, along a curve."""
    return tuple(round(8 / (1 + math.exp(-steep * (i / (tasks - 1) - 1 + middle)))) for i in range(tasks))


def invented(models: int = 3) -> Report:
    """The launch table with measured rows, and runs of two suites by its first models."""
    report = launch()
    table = report.tables[0]
    columns = list(table.models)
    runs: list[RunFacts] = []
    for i, model in enumerate(columns[:models]):
        counts = passes(164, 9.0 + 4 * i, 0.86 - 0.09 * i)
        good = sum(counts)
        lost = {
            "error": 12 * i,
            "truncated": 31 + 9 * i,
            "timeout": 24,
            "no_answer": 8,
            "refused": 3 * (i == 1),
        }
        accounts = {"passed": good, "failed": 8 * 164 - good - sum(lost.values()), **lost}
        cost = (31.5, 4.2, 0.9, 88.0, 17.0)[i]
        runs.append(run_of(model, "humaneval", "HumanEval", f"h{i}", accounts, 164, counts, cost))
        some = {"passed": 120 - 25 * i, "failed": 105 + 25 * i}
        state = ""
        if i == 1:
            some, state = {"passed": 80, "failed": 61, "not_run": 84}, "in progress: 141 of 225 scored"
        runs.append(
            run_of(model, "aider-polyglot", "Aider-Polyglot", f"a{i}", some, 225, cost=2 * cost, state=state)
        )
    return dataclasses.replace(
        report, tables=(with_measured(table, runs), *report.tables[1:]), runs=tuple(runs)
    )


def with_measured(table: Table, runs: list[RunFacts]) -> Table:
    """A measured row under the published one of the same benchmark, else at the end."""
    rows, cells = list(table.rows), dict(table.cells)
    for suite in dict.fromkeys(run.setting.suite for run in runs):
        found = [run for run in runs if run.setting.suite == suite]
        n = found[0].summary.tasks
        at = next((i for i, row in enumerate(rows) if row.setting.suite == suite), None)
        group = rows[at].group if at is not None else "Code Generation"
        label = "measured" if at is not None else found[0].summary.title
        row = Row(f"{suite}-measured", label, Setting(suite), group, origin="measured", n=n)
        rows.insert(len(rows) if at is None else at + 1, row)
        cells |= {(row.id, run.model.id): value_of(run) for run in found}
    return dataclasses.replace(table, rows=tuple(rows), cells=cells)


def value_of(run: RunFacts) -> Value:
    low, high = (100 * end for end in run.summary.bounds)
    return Value(
        run.model.id,
        run.setting,
        "measured",
        "number",
        f"{run.score:.1f}",
        run.score,
        interval=run.interval,
        n=run.summary.tasks,
        scored=run.summary.scored,
        planned=run.summary.planned,
        bounds=(low, high),
        id=run.id,
    )
