"""Our verdicts against LiveCodeBench's own checker's, of both generations, program by program, down to its
error codes.

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
from evalkit.task import Answer, Verdict

from .livecodebench.corpus import own_samples, real_samples
from .livecodebench.problems import Record, own, real, sections
from .livecodebench.told import told_samples
from .make_corpus import Sample
from .recorded import TABLE, VERDICTS, admitted

FILES = {"lcb-2025-05": "livecodebench", "lcb-2025-01": "livecodebench_2025_01"}  # of verdicts, by scorer
JUDGES = 3
QUICK_S = 1.0

each_generation = pytest.mark.parametrize("scorer", FILES)


@dataclass(frozen=True)
class Row:
    """A program and the official word: "passed", or an error code: -2 wrong, -3 time, -4 error, -5 died."""

    file: str
    sample: Sample
    official: str
    wall_s: float

    @property
    def key(self) -> tuple[str, str, str]:
        return self.file, self.sample.task_id, self.sample.id


def recorded(scorer: str, samples: Iterable[Sample]) -> list[Row]:
    programs = {(s.task_id, s.id, s.sha256): s for s in samples}
    lines = (VERDICTS / f"{FILES[scorer]}.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if "about" not in row]
    known = [(row["task_id"], row["id"], row["sha256"]) for row in rows]
    assert set(programs) <= set(known), (
        "programs that were not recorded: python -m tests.parity.livecodebench.record"
    )
    return [
        Row(FILES[scorer], programs[key], "passed" if row["passed"] else str(row["code"]), row["wall_s"])
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
    sandbox = await open_program_sandbox(judges=JUDGES, run_label="parity", trusted=True)
    yield sandbox
    await sandbox.close()


async def compare(
    scorer: str, rows: Sequence[Row], problems: dict[str, Record], sandbox: ProgramSandbox
) -> None:
    """Fails with a list of what docs/parity.md does not say, or says too much."""
    known = admitted()
    verdicts = await judged(scorer, [row.sample for row in rows], problems, sandbox)
    wrong = [
        f"| {' | '.join(row.key)} | {row.official} | {word(verdict)} | {verdict.detail[:80]!r} |"
        for row, verdict in zip(rows, verdicts, strict=True)
        if (row.official, word(verdict)) != known.get(row.key, (row.official, row.official))
    ]
    assert not wrong, f"{len(wrong)} of {len(rows)}:\n" + "\n".join(wrong)


async def judged(
    scorer: str, samples: Sequence[Sample], problems: dict[str, Record], sandbox: ProgramSandbox
) -> list[Verdict]:
    suite = open_suite("livecodebench", {"scorer": scorer})
    tasks = {task.id: task for task in suite.tasks(list(problems.values()))}
    places = asyncio.Semaphore(sandbox.in_flight)

    async def one(sample: Sample) -> Verdict:
        async with places:
            return await suite.score(tasks[sample.task_id], Answer(sample.program, "solution"), sandbox)

    return await asyncio.gather(*map(one, samples))


def word(verdict: Verdict) -> str:
    """In the shape of Row.official, and only where outcome and official word go together."""
    if verdict.outcome is Outcome.ERROR or (verdict.official == "passed") != (
        verdict.outcome is Outcome.PASSED
    ):
        return f"{verdict.outcome}: {verdict.official} {verdict.detail}"
    return verdict.official


@pytest.mark.docker
@each_generation
async def test_odd_programs_are_judged_as_officially(scorer: str, sandbox: ProgramSandbox) -> None:
    await compare(scorer, some(recorded(scorer, own_samples()), 80), own(), sandbox)


@pytest.mark.docker
@each_generation
async def test_answers_to_real_problems_are_judged_as_officially(
    scorer: str, data_dir: Path, sandbox: ProgramSandbox
) -> None:
    problems = real(data_dir)
    rows, told = recorded(scorer, real_samples()), recorded(scorer, told_samples(problems))
    gold = [r for r in rows if r.sample.id == "gold"]
    assert {r.official for r in gold} == {"passed"}
    await compare(scorer, [*gold, *some(rows, 30), *some(told, 30)], problems, sandbox)


@pytest.mark.docker
@pytest.mark.full
@each_generation
async def test_all_are_judged_as_officially(scorer: str, data_dir: Path, sandbox: ProgramSandbox) -> None:
    problems = real(data_dir)
    rows = recorded(scorer, [*own_samples(), *real_samples(), *told_samples(problems)])
    right = {r.sample.task_id for r in rows if r.official == "passed"}
    wrong = {r.sample.task_id for r in rows if r.official != "passed"}
    assert set(problems) <= right  # every problem with tests has a program that passes
    assert len(set(problems) & wrong) > 600
    assert {r.official for r in rows} == {"passed", "-2", "-3", "-4", "-5"}
    await compare(scorer, rows, own() | problems, sandbox)
    missing = {key for key in admitted() if key[0] == FILES[scorer]} - {row.key for row in rows}
    assert not missing, "in docs/parity.md, but in no recording"


@pytest.mark.docker
async def test_what_the_generations_make_of_programs_is_as_the_page_says(sandbox: ProgramSandbox) -> None:
    """Each row of "Behaviour" in docs/parity.md, against the recordings and against ours."""
    rows = behaviour()
    assert len(rows) > 20
    samples = {name_of(s): s for s in own_samples()}
    chosen = [samples[row.sample] for row in rows]
    for scorer in FILES:
        officially = {r.key[1:]: r.official for r in recorded(scorer, chosen)}
        assert [officially[s.task_id, s.id] for s in chosen] == [row.words[scorer] for row in rows]
    for scorer in (*FILES, "real"):
        ours = await judged(scorer, chosen, own(), sandbox)
        found = [word(v) if scorer in FILES else str(v.reason or v.outcome) for v in ours]
        assert found == [row.words[scorer] for row in rows]


@dataclass(frozen=True)
class Behaviour:
    """What a sort of program comes to, by scorer."""

    sample: str
    words: dict[str, str]


def behaviour() -> list[Behaviour]:
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[1].startswith(("total/", "evens/")):
            words = dict(zip(("lcb-2025-01", "lcb-2025-05", "real"), cells[2:], strict=True))
            found.append(Behaviour(cells[1], words))
    return found


@pytest.mark.docker
async def test_honest_programs_that_are_officially_rejected_pass_by_the_real_scorer(
    sandbox: ProgramSandbox,
) -> None:
    expected = {
        name: title.startswith("passed") for title, text in sections("real.txt") for name in text.split()
    }
    rows = [r for r in recorded("lcb-2025-05", own_samples()) if name_of(r.sample) in expected]
    assert len(rows) == len(expected)
    wrong = [
        (name_of(row.sample), row.official, verdict.outcome, verdict.detail)
        for row, verdict in zip(
            rows, await judged("real", [row.sample for row in rows], own(), sandbox), strict=True
        )
        if (verdict.outcome is Outcome.PASSED) != expected[name_of(row.sample)]
        or (verdict.outcome is Outcome.PASSED) == (row.official == "passed")
    ]
    assert not wrong


def name_of(sample: Sample) -> str:
    return f"{sample.task_id}/{sample.id.removeprefix('odd:')}"
