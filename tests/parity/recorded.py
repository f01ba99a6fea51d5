"""What the official scorers said (verdicts/*.jsonl), and the differences that docs/parity.md admits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .make_corpus import Sample, corpus
from .problems import Problem

VERDICTS = Path(__file__).with_name("verdicts")
LIMITS = {"humaneval": 3.0, "mbpp": 3.0, "humaneval_plus": 60.0, "mbpp_plus": 60.0}  # seconds
TABLE = Path(__file__).parents[2] / "docs" / "parity.md"


@dataclass(frozen=True)
class Recorded:
    """One program and the official word: passed, failed, timed out; or base/plus: pass, fail, timeout."""

    sample: Sample
    official: str
    wall_s: float
    flaky: bool

    @property
    def near_limit(self) -> bool:
        """Whether it passed officially after more than a third of its limit: a busy machine may differ."""
        return self.official.endswith(("pass", "passed")) and self.wall_s > LIMITS[self.sample.suite] / 3

    @property
    def key(self) -> tuple[str, str, str]:
        return self.sample.suite, self.sample.task_id, self.sample.id


def recorded(suite: str, problems: list[Problem]) -> list[Recorded]:
    """Every recorded verdict with its program, made anew from the data and found by its sha256."""
    programs = {(s.task_id, s.id, s.sha256): s for s in corpus(suite, problems)}
    rows = [json.loads(line) for line in (VERDICTS / f"{suite}.jsonl").read_text().splitlines()]
    return [
        Recorded(
            programs[row["task_id"], row["id"], row["sha256"]],
            f"{row['base']}/{row['plus']}" if "base" in row else row["official"].partition(":")[0],
            row["wall_s"],
            row.get("flaky", False),
        )
        for row in rows
        if "about" not in row
    ]


def admitted() -> dict[tuple[str, str, str], tuple[str, str]]:
    """Rows of the table in docs/parity.md: (suite, task, sample) -> (official, ours)."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and (VERDICTS / f"{cells[0]}.jsonl").exists():
            suite, task_id, sample, official, ours, _ = cells
            found[suite, task_id, sample] = (official, ours)
    return found


def some(rows: list[Recorded], gold: int, mutants: int, odd: int) -> list[Recorded]:
    """A fixed choice of quick ones of each sort, spread over tasks by the programs' hashes."""
    spread = sorted((r for r in rows if r.wall_s < 1), key=lambda r: r.sample.sha256)
    sorts = (("gold", gold), ("mutant", mutants), ("odd", odd))
    return [r for sort, n in sorts for r in [r for r in spread if r.sample.id.startswith(sort)][:n]]
