"""Compare the verdicts of a run here with those in the results file that it replayed.

    evalkit run livecodebench --model replay:FILE_eval_all.json
    python -m tests.parity.livecodebench.published RUN FILE_eval_all.json --data DATA

FILE is what LiveCodeBench's own runner writes with --evaluate. Where only public tests are at hand, a program
that failed there on a private one passes here: such cases are counted apart. Prints the counts, then every
program that differs on a test that both ran.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit_suites.livecodebench.records import Tests, check, tests_of

from evalkit.data import load_data, read_records
from evalkit.registry import open_suite
from evalkit.run.export import records
from evalkit.store import read_run

Row = Mapping[str, Any]
SAME = ("passed in both", "failed in both", "failed there on a test that is not at hand")


def compared(
    rows: Iterable[Row], here: Mapping[tuple[str, int], str], tests: Mapping[str, Tests]
) -> Iterator[tuple[str, str]]:
    """(question, how its two verdicts compare), one a program. `here`: outcomes by question and sample."""
    for row in rows:
        name = str(row["question_id"])
        for number, (passed, said) in enumerate(zip(row["graded_list"], row["metadata"], strict=True)):
            outcome = here.get((name, number), "not_run")
            if outcome not in ("passed", "failed"):
                yield name, "not judged here"
            elif passed == (outcome == "passed"):
                yield name, f"{outcome} in both"
            elif passed:
                yield name, "passed there, failed here"
            elif at_hand(json.loads(said), tests[name]):
                yield name, "failed there, passed here"
            else:
                yield name, "failed there on a test that is not at hand"


def at_hand(said: Row, tests: Tests) -> bool:
    """Whether the test that a program failed is one of these; also where it is not said which it was."""
    if "inputs" not in said:
        return True
    given = tests.inputs
    if tests.function:
        given = tuple(str([json.loads(line) for line in text.split("\n")]) for text in given)
    return "".join(str(said["inputs"]).split()) in {"".join(text.split()) for text in given}


def outcomes_of(run: Path) -> dict[tuple[str, int], str]:
    with read_run(run) as store:
        return {(row["task_id"], row["sample"]): row["outcome"] for row in records(store)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path, help="as of the run")
    args = parser.parse_args()
    problems = {str(r["question_id"]): r for r in load_data(open_suite("livecodebench"), args.data).records}
    rows = list(read_records(args.file))
    tests = {name: tests_of(record) for name, record in problems.items() if check(record)}
    found = list(compared(rows, outcomes_of(args.run), tests))
    for how, count in sorted(Counter(how for _, how in found).items()):
        print(f"{count:6,}  {how}")
    for name, how in found:
        if how not in SAME:
            print(f"{name}: {how}")


if __name__ == "__main__":
    main()
