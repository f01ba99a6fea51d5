"""Terminal-Bench in a report beside other suites and published values: rows with set, agent and limits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from evalkit.outcome import Outcome
from evalkit.registry import open_suite
from evalkit.report.content import Report
from evalkit.report.gather import gather
from evalkit.report.labels import labels
from evalkit.report.page import page
from evalkit.report.published import load_published
from evalkit.report.values import Row
from evalkit.store import create_run
from evalkit.suite import Data, Scorer
from evalkit.task import Answer, Verdict
from tests.cli.stored import make_run
from tests.report.html_tree import tree
from tests.report.test_runs import complete_manifest

TASKS = 4


def run_of(
    folder: Path, agent: str = "terminus-2", *, pinned: bool = True, turns: int = 0, **options: Any
) -> Path:
    """A finished run that solved half of its tasks, with what the engine writes of such options."""
    suite = open_suite("terminal-bench", {"tools": agent, **options})
    data = Data(
        (), "git", "0" * 40 if pinned else "", options.get("dataset", "core-0.1.1").ljust(64, "f"), pinned
    )
    raw, protocol = complete_manifest(), suite.protocol()
    budget = {"turns": turns} if turns else {}
    raw["identity"] |= {
        "suite": suite.info.name,
        "data": data.fingerprint,
        "options": {"tools": agent, **options},
        "tasks": {"count": TASKS, "of": TASKS, "ids": "0" * 64},
        "budget": budget,
    }
    raw["suite"] |= {
        "name": suite.info.name,
        "title": suite.info.title,
        "scope": suite.scope(data),
        "tasks": TASKS,
        "doubts": list(suite.doubts((), data)),
        "remarks": list(suite.remarks(())),
    }
    raw |= {
        "protocol": {"name": protocol.name, "version": protocol.version},
        "scaffold": {"name": "interactive", "version": "1"},
        "conditions": dict(suite.conditions()),
        "limits": budget,
        "identity_digest": f"{folder.name:f<64}",
    }
    asyncio.run(fill(folder, raw, suite.scorer()))
    return folder


async def fill(folder: Path, raw: dict[str, Any], scorer: Scorer) -> None:
    with create_run(folder, raw, [(f"t/{n}", 0) for n in range(TASKS)]) as store:
        judged = await store.verdict_set(scorer, {})
        for n in range(TASKS):
            await store.answer(await store.begin(f"t/{n}", 0), Answer("{}", "state"), {})
            how = Verdict(Outcome.PASSED) if n % 2 else Verdict(Outcome.FAILED, "wrong")
            await store.verdict(judged, f"t/{n}", 0, "official", how)
        await store.note("session_end", {"end": "finished", "detail": "", "wall_s": 1.0})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("rows")
    runs = [
        run_of(folder / "core"),
        run_of(folder / "older", "terminus-1", turns=50, timeout_factor=2.0),
        run_of(folder / "later", dataset="2.0", network="off"),
        run_of(folder / "local", "bash-only", pinned=False),
        make_run(folder / "mini"),
    ]
    return gather(runs, [load_published("launch")])


def rows(report: Report) -> list[Row]:
    return [row for row in report.tables[0].rows if row.setting.suite == "terminal-bench"]


def test_each_set_agent_and_limit_has_a_row_under_the_printed_one(report: Report) -> None:
    printed, *measured = rows(report)
    assert (printed.label, printed.n) == ("Terminal-Bench", 80)
    assert {row.label for row in measured} == {
        "core 0.1.1, interactive 1, network per task, time limits ×1, evalkit-terminus-2",
        "core 0.1.1, interactive 1, 50 turns, network per task, time limits ×2, evalkit-terminus-1",
        "2.0, interactive 1, network off, time limits ×1, evalkit-terminus-2",
        "core 0.1.1, unknown commit, interactive 1, network per task, time limits ×1, evalkit-shell-bash",
    }
    assert all(row.level == 1 and row.group == "Agentic Coding" for row in measured)
    assert any(row.setting.suite == "mini" for row in report.tables[0].rows), "beside other suites"
    assert report.warnings == () or not any("different data" in said for said in report.warnings)


def test_what_is_measured_says_why_it_is_not_what_is_printed(report: Report) -> None:
    table = report.tables[0]
    said = {}
    for row in rows(report)[1:]:
        (value,) = [value for (at, _), value in table.cells.items() if at == row.id]
        said[row.label.partition(", interactive")[0], row.setting.limits["timeout_factor"]] = " ".join(
            table.notes[letter] for letter in value.notes
        )
    core, older = said["core 0.1.1", "×1"], said["core 0.1.1", "×2"]
    later, local = said["2.0", "×1"], said["core 0.1.1, unknown commit", "×1"]
    assert "it does not state: data, scaffold, prompt" in core
    assert "time limits 2 times the tasks' own" in older
    assert "another set of tasks than core 0.1.1" in later
    assert "without a network, which officially is open" in later
    assert "not known to be the benchmark's own tasks" in local


def test_the_page_has_them_beside_what_is_printed(report: Report) -> None:
    drawn = tree(page(report, labels=labels()))
    lines = {tr.attributes.get("data-row"): tr.text for tr in drawn.all("tr")}
    printed, *measured = rows(report)
    assert "37.5" in lines[printed.id]
    for row in measured:
        assert row.label in lines[row.id]
        assert "50.0" in lines[row.id]
