"""The samples: HumanEval's gold programs ten times over; with wrong and endless ones; with long ones, too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evalkit.data import load_data
from evalkit.errors import DataError
from evalkit.registry import open_suite

TIMES = 10
WRONG = "    return object()\n"  # equal to nothing; in no test of HumanEval enough to pass
SPINNING = "    while True:\n        pass\n"
SLEEPING = "    import time\n    while True:\n        time.sleep(1000)\n"
LONG_S = 1.5
LONG = f"""
import time
until = time.process_time() + {LONG_S}
while time.process_time() < until:
    pass
"""
FIELDS = ("task_id", "prompt", "entry_point", "canonical_solution", "test")


@dataclass(frozen=True)
class Sample:
    """`expected` is passed, failed or timeout. A completion follows its problem's prompt."""

    task_id: str
    completion: str
    expected: str


@dataclass(frozen=True)
class Work:
    """The problems of a suite in HumanEval's format, and lists of samples by name.

    `pinned`: the tests are known to be the authors', as `evalkit run` finds out, too.
    """

    suite: str
    problems: list[dict[str, Any]]
    lists: dict[str, list[Sample]]
    pinned: bool = False

    def write(self, folder: Path) -> None:
        """As files, for the contenders' processes."""
        _write(folder / "problems.jsonl", self.problems)
        for name, samples in self.lists.items():
            _write(folder / f"{name}.jsonl", (asdict(sample) for sample in samples))

    def expected(self, name: str, count: int) -> list[str]:
        """Of the first `count` samples, begun again where the list is shorter."""
        samples = self.lists[name]
        return [samples[n % len(samples)].expected for n in range(count)]


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def make_work() -> Work:
    """Of HumanEval, or of the mini suite's own problems where its data is not there."""
    try:
        suite = "humaneval"
        data = load_data(open_suite(suite))
    except DataError:
        suite = "mini"
        data = load_data(open_suite(suite))
    problems = [{field: record[field] for field in FIELDS} for record in data.records]
    ok = [Sample(p["task_id"], p["canonical_solution"], "passed") for p in problems] * TIMES
    mix = [mixed(n, sample) for n, sample in enumerate(ok)]
    long = [with_long(n, sample) for n, sample in enumerate(mix)]
    return Work(suite, problems, {"ok": ok, "mix": mix, "long": long}, data.pinned)


def mixed(number: int, gold: Sample) -> Sample:
    """Of each twenty: one spins, one sleeps, two are wrong. Any part is like the whole."""
    match number % 20:
        case 0:
            return Sample(gold.task_id, SPINNING, "timeout")
        case 10:
            return Sample(gold.task_id, SLEEPING, "timeout")
        case 5 | 15:
            return Sample(gold.task_id, WRONG, "failed")
    return gold


def with_long(number: int, sample: Sample) -> Sample:
    """A tenth of all: right, and half of its limit is needed to compute it."""
    return Sample(sample.task_id, sample.completion + LONG, "passed") if number % 10 == 3 else sample
