"""evalkit compare, on two stored runs."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from evalkit.outcome import Outcome
from evalkit.store import create_run
from evalkit.suite import Scorer
from evalkit.task import Answer, Verdict
from tests.cli.conftest import Evalkit
from tests.cli.stored import HOSTILE, manifest
from tests.cli.test_machine_interface import documented


def store(folder: Path, passed: str, name: str = "a-model", data: str = "d") -> None:
    """A run with one sample a task: "1" passed, "0" failed, "-" missing."""
    asyncio.run(_store(folder, passed, name, data))


async def _store(folder: Path, passed: str, name: str, data: str) -> None:
    known = manifest()
    known["settings"]["model"] = name
    known["identity"] = {"data": data, "tasks": {"count": len(passed)}, "model": {"id": name}}
    with create_run(folder, known, [(f"t/{n}", 0) for n in range(len(passed))]) as run:
        judged = await run.verdict_set(Scorer("mini", "1"), {})
        for n, mark in enumerate(passed):
            if mark == "-":
                continue
            await run.answer(await run.begin(f"t/{n}", 0), Answer("x"))
            good = Verdict(Outcome.PASSED) if mark == "1" else Verdict(Outcome.FAILED, "wrong")
            await run.verdict(judged, f"t/{n}", 0, "official", good)


def test_compare(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", "1" * 8 + "0" * 13)
    store(tmp_path / "results" / "two", "1" + "0" * 7 + "1" + "0" * 12 + "-", HOSTILE)
    done = called("compare", "one", "two", "--tasks", "3")
    assert done.code == 0, done
    assert "+28.6, 95% interval [+2.6, +51.7]" in done.stdout
    assert "0.0391 (Tango, McNemar mid-p)" in done.stdout
    assert "7 tasks for A, 1 for B" in done.stdout
    assert "t/1, t/2, t/3 and 4 more" in done.stdout
    assert "1 samples missing: 9.1% to 13.6% with them" in done.stdout
    assert "A is ahead by 28.6 points" in done.stdout
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e\u2028]", done.stdout), (
        "a model's name drives no terminal"
    )
    found = called("compare", "two", "one", "--json").json
    assert set(found) == documented("`compare`")
    assert (found["told_apart"], len(found["worse"]), found["shared"]) == (True, 7, 21)


def test_runs_that_do_not_tell_apart(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", "1100")
    store(tmp_path / "results" / "two", "1010")
    assert "do not tell them apart" in called("compare", "one", "two").stdout
    assert "no task changed sides" in called("compare", "one", "one").stdout


def test_tasks_in_clusters(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", "1110")
    store(tmp_path / "results" / "two", "0000")
    shown = called("compare", "one", "two", "--clusters", "difficulty")
    assert "clusters     4 by difficulty: few" in shown.stdout
    assert called("compare", "one", "two", "--clusters", "difficulty", "--json").json["clusters"] == {
        "tag": "difficulty",
        "count": 4,
    }
    called("compare", "one", "two", "--clusters", "dificulty").refused(2, "did you mean difficulty?")


def test_other_data_is_refused(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", "10")
    store(tmp_path / "results" / "two", "10", data="other")
    called("compare", "one", "two").refused(2, "different data of mini")
    called("compare", "one", "three").refused(2, "no run 'three'")
