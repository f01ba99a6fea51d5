"""Our verdicts against LiveCodeBench's own checker's, program by program, down to its error codes.

Its verdicts are recorded (livecodebench/record.py). The odd programs are for problems of our own, so that
most of this runs without any data. Every difference must stand in the table of docs/parity.md, and every row
of that table must be a difference.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from evalkit.outcome import Outcome
from evalkit.program import ProgramSandbox
from evalkit.registry import open_suite
from evalkit.sandbox import open_program_sandbox
from evalkit.suite import Suite
from evalkit.task import Answer, Task, Verdict

from .livecodebench.corpus import own_samples, real_samples
from .livecodebench.problems import Record, own, real, sections
from .make_corpus import Sample
from .recorded import VERDICTS, admitted

SUITE = open_suite("livecodebench")
JUDGES = 3
QUICK_S = 1.0


@dataclass(frozen=True)
class Row:
    """A program and the official word: "passed", or an error code: -2 wrong, -3 time, -4 error, -5 died."""

    sample: Sample
    official: str
    wall_s: float

    @property
    def key(self) -> tuple[str, str, str]:
        return self.sample.suite, self.sample.task_id, self.sample.id


def recorded(samples: Iterable[Sample]) -> list[Row]:
    programs = {(s.task_id, s.id, s.sha256): s for s in samples}
    lines = (VERDICTS / "livecodebench.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if "about" not in row]
    known = [(row["task_id"], row["id"], row["sha256"]) for row in rows]
    assert set(programs) <= set(known), (
        "programs that were not recorded: python -m tests.parity.livecodebench.record"
    )
    return [
        Row(programs[key], "passed" if row["passed"] else str(row["code"]), row["wall_s"])
        for key, row in zip(known, rows, strict=True)
        if key in programs
    ]


def some(rows: Sequence[Row], count: int) -> list[Row]:
    """A fixed choice of quick ones, spread by the programs' hashes, and all that are said to differ."""
    known = admitted()
    quick = sorted((r for r in rows if r.wall_s < QUICK_S), key=lambda r: r.sample.sha256)
    return [*quick[:count], *(r for r in quick[count:] if r.key in known)]


@pytest.fixture
async def sandbox() -> AsyncIterator[ProgramSandbox]:
    sandbox = await open_program_sandbox(judges=JUDGES, run_label="parity")
    yield sandbox
    await sandbox.close()


async def compare(rows: Sequence[Row], problems: dict[str, Record], sandbox: ProgramSandbox) -> None:
    """Fails with a list of what docs/parity.md does not say, or says too much."""
    tasks = {task.id: task for task in SUITE.tasks(list(problems.values()))}
    known = admitted()
    verdicts = await judged(rows, tasks, sandbox)
    wrong = [
        f"| {' | '.join(row.key)} | {row.official} | {word(verdict)} | {verdict.detail[:80]!r} |"
        for row, verdict in zip(rows, verdicts, strict=True)
        if (row.official, word(verdict)) != known.get(row.key, (row.official, row.official))
    ]
    assert not wrong, f"{len(wrong)} of {len(rows)}:\n" + "\n".join(wrong)


async def judged(
    rows: Sequence[Row], tasks: dict[str, Task], sandbox: ProgramSandbox, suite: Suite = SUITE
) -> list[Verdict]:
    places = asyncio.Semaphore(JUDGES)

    async def one(row: Row) -> Verdict:
        async with places:
            return await suite.score(
                tasks[row.sample.task_id], Answer(row.sample.program, "solution"), sandbox
            )

    return await asyncio.gather(*(one(row) for row in rows))


def word(verdict: Verdict) -> str:
    """In the shape of Row.official, and only where outcome and official word go together."""
    if verdict.outcome is Outcome.ERROR or (verdict.official == "passed") != (
        verdict.outcome is Outcome.PASSED
    ):
        return f"{verdict.outcome}: {verdict.official} {verdict.detail}"
    return verdict.official


@pytest.mark.docker
async def test_odd_programs_are_judged_as_officially(sandbox: ProgramSandbox) -> None:
    await compare(some(recorded(own_samples()), 260), own(), sandbox)


@pytest.mark.docker
async def test_answers_to_real_problems_are_judged_as_officially(
    data_dir: Path, sandbox: ProgramSandbox
) -> None:
    rows = recorded(real_samples())
    gold = [r for r in rows if r.sample.id == "gold"]
    assert {r.official for r in gold} == {"passed"}
    await compare([*gold, *some(rows, 60)], real(data_dir), sandbox)


@pytest.mark.docker
@pytest.mark.full
async def test_all_are_judged_as_officially(data_dir: Path, sandbox: ProgramSandbox) -> None:
    rows = recorded([*own_samples(), *real_samples()])
    assert len(rows) >= 600
    assert {r.official for r in rows} == {"passed", "-2", "-3", "-4", "-5"}
    await compare(rows, own() | real(data_dir), sandbox)
    missing = {key for key in admitted() if key[0] == "livecodebench"} - {row.key for row in rows}
    assert not missing, "in docs/parity.md, but in no recording"


@pytest.mark.docker
async def test_honest_programs_that_are_officially_rejected_pass_by_the_real_scorer(
    sandbox: ProgramSandbox,
) -> None:
    expected = {
        name: title.startswith("passed") for title, text in sections("real.txt") for name in text.split()
    }
    rows = [r for r in recorded(own_samples()) if name_of(r) in expected]
    assert len(rows) == len(expected)
    suite = open_suite("livecodebench", {"scorer": "real"})
    tasks = {task.id: task for task in suite.tasks(list(own().values()))}
    wrong = [
        (name_of(row), row.official, verdict.outcome, verdict.detail)
        for row, verdict in zip(rows, await judged(rows, tasks, sandbox, suite), strict=True)
        if (verdict.outcome is Outcome.PASSED) != expected[name_of(row)]
        or (verdict.outcome is Outcome.PASSED) == (row.official == "passed")
    ]
    assert not wrong


def name_of(row: Row) -> str:
    return f"{row.sample.task_id}/{row.sample.id.removeprefix('odd:')}"
