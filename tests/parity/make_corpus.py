"""The parity corpus: gold answers, mutated ones and odd ones, made again from the data by seed when needed.

    python -m tests.parity.make_corpus --data DATA [--suite humaneval] [-o corpus.jsonl]

The corpus itself is never committed (it contains the benchmarks' solutions); the recorded official
verdicts name each program by its sha256.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .mutations import mutate
from .odd_programs import QUICK, SLOW, TEXTS, odd_program
from .odd_values import VALUES, dressed
from .problems import FILES, Problem, data_folder, read_problems

SEED = "evalkit parity 1"


@dataclass(frozen=True)
class Plan:
    """How many samples: mutants a problem (on every `stride`-th), problems an oddity, problems a slow one."""

    mutants: int
    stride: int
    oddities: int
    slow: int


PLANS = {
    "humaneval": Plan(mutants=2, stride=1, oddities=2, slow=2),
    "humaneval_plus": Plan(mutants=1, stride=1, oddities=1, slow=1),
    "mbpp": Plan(mutants=1, stride=3, oddities=2, slow=2),
    "mbpp_plus": Plan(mutants=1, stride=2, oddities=1, slow=1),
}


@dataclass(frozen=True)
class Sample:
    """One program for one task. `id` is "gold", "mutant:KIND:N" or "odd:NAME"."""

    suite: str
    task_id: str
    id: str
    program: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.program.encode("utf-8", "surrogatepass")).hexdigest()


def corpus(suite: str, problems: Sequence[Problem]) -> Iterator[Sample]:
    """All samples of `suite`, in a fixed order."""
    plan = PLANS[suite]
    for problem in problems:
        yield Sample(suite, problem.task_id, "gold", problem.gold)
    for problem in problems[:: plan.stride]:
        rng = random.Random(f"{SEED} {suite} {problem.task_id}")
        for number, (kind, program) in enumerate(mutate(problem.gold, rng, plan.mutants)):
            yield Sample(suite, problem.task_id, f"mutant:{kind}:{number}", program)
    yield from _odd(suite, problems, plan)


def _odd(suite: str, problems: Sequence[Problem], plan: Plan) -> Iterator[Sample]:
    for name, (kinds, _) in VALUES.items():
        wanted = set(kinds.split())
        fitting = [p for p in problems if "any" in wanted or p.kinds & wanted]
        for problem in _chosen(suite, name, fitting, plan.oddities):
            yield Sample(
                suite, problem.task_id, f"odd:{name}", dressed(problem.gold, problem.entry_point, name)
            )
    for name in [*QUICK, *TEXTS]:
        for problem in _chosen(suite, name, problems, plan.oddities):
            yield _odd_sample(problem, name)
    for name in SLOW:
        for problem in _chosen(suite, name, problems, plan.slow):
            yield _odd_sample(problem, name)


def _odd_sample(problem: Problem, name: str) -> Sample:
    program = odd_program(problem.gold, problem.entry_point, name)
    return Sample(problem.suite, problem.task_id, f"odd:{name}", program)


def _chosen(suite: str, name: str, problems: Sequence[Problem], count: int) -> list[Problem]:
    """`count` problems for one oddity, in an order that depends on nothing but the seed and the names."""
    rng = random.Random(f"{SEED} {suite} {name}")
    return rng.sample(list(problems), min(count, len(problems)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--data", type=Path, default=data_folder(), help="folder of data (default: EVALKIT_DATA)"
    )
    parser.add_argument("--suite", choices=list(FILES), action="append", help="default: all four")
    parser.add_argument(
        "-o", "--output", type=Path, help="write JSON lines here; default: print the counts only"
    )
    args = parser.parse_args()
    if args.data is None:
        parser.error("no data: give --data FOLDER or set EVALKIT_DATA")
    samples = [s for suite in args.suite or FILES for s in corpus(suite, read_problems(suite, args.data))]
    for suite in args.suite or FILES:
        print(suite, sum(s.suite == suite for s in samples), file=sys.stderr)
    if args.output:
        rows = (json.dumps(dataclasses.asdict(s) | {"sha256": s.sha256}) for s in samples)
        args.output.write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
