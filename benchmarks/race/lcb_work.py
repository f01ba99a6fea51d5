"""LiveCodeBench's work: answers to its problems, many tests each, and programs that are late or nearly so.

The answers are those of its parity corpus (tests/parity/livecodebench), their expected verdicts the recorded
official ones. Without the data there are those of our own problems only.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evalkit_suites.livecodebench.records import tests_of

from race.work import Sample, Work

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.parity.livecodebench import corpus, problems, told  # noqa: E402
from tests.parity.make_corpus import Sample as Program  # noqa: E402
from tests.parity.problems import data_folder  # noqa: E402

VERDICTS = ROOT / "tests" / "parity" / "verdicts" / "livecodebench.jsonl"
QUICK_S = 1.0  # what took longer officially is no everyday answer
TESTS = 25  # a problem, about as many as LiveCodeBench's have
NUMBERS = 2000
SPINS = "while True: pass"
SLOW_S = 2.5  # CPU seconds of a right program, within its 6
SLOW = f"import time\nuntil = time.process_time() + {SLOW_S}\nwhile time.process_time() < until: pass\n"

READ = "n = int(input())\nxs = list(map(int, input().split()))\n"
RIGHT = (
    ("sums", READ + "print(sum(xs))"),
    ("sums", "import sys\nn, *xs = map(int, sys.stdin.read().split())\nprint(sum(xs))"),
    ("sums", "def main():\n    input()\n    print(sum(map(int, input().split())))\nmain()"),
    ("sorts", "class Solution:\n    def sorts(self, xs: List[int]) -> List[int]:\n        return sorted(xs)"),
)
TOTAL = READ + "print(sum(xs))"


def make_work() -> Work:
    folder = data_folder()
    real = problems.real(folder) if folder and (folder / "livecodebench").is_dir() else {}
    programs = [*harmless(), *told.told_samples(real), *(corpus.real_samples() if real else ())]
    answers = list(recorded(programs))
    random.Random(1).shuffle(answers)
    records = [*problems.own().values(), *real.values(), *many_tests()]
    lists = {
        "answers": answers,
        "many": [Sample(name, program, "passed") for name, program in RIGHT],
        "late": [with_late(number, sample) for number, sample in enumerate(answers)],
    }
    suite = "livecodebench"
    return Work(suite, [with_theirs(record) for record in records], lists, pinned=True)


def harmless() -> Iterable[Program]:
    """Those for our own problems that do nothing to the host, where the authors' checker runs them."""
    return (one for one in corpus.own_samples() if one.task_id.startswith(("printed-", "returned-")))


def recorded(programs: Iterable[Program]) -> Iterable[Sample]:
    """The quick ones, each with what is to come out."""
    rows = [row for row in map(json.loads, VERDICTS.read_text().splitlines()) if "about" not in row]
    known = {(row["task_id"], row["id"], row["sha256"]): row for row in rows}
    for one in programs:
        row = known[one.task_id, one.id, one.sha256]
        if row["wall_s"] < QUICK_S:
            yield Sample(one.task_id, one.program, "passed" if row["passed"] else "failed")


def many_tests() -> list[dict[str, Any]]:
    rng = random.Random(2)
    lists = [[rng.randrange(10**9) for _ in range(NUMBERS)] for _ in range(TESTS)]
    texts = [(f"{NUMBERS}\n{' '.join(map(str, xs))}\n", f"{sum(xs)}\n") for xs in lists]
    values = [(json.dumps(xs), json.dumps(sorted(xs))) for xs in lists]
    return [problems.record("sums", texts, ""), problems.record("sorts", values, "sorts")]


def with_late(number: int, sample: Sample) -> Sample:
    """Of each twenty: one never ends, one is right after nearly half of its limit."""
    match number % 20:
        case 0:
            return Sample("total", SPINS, "timeout")
        case 10:
            return Sample("total", SLOW + TOTAL.replace("import time\n", ""), "passed")
    return sample


def with_theirs(record: dict[str, Any]) -> dict[str, Any]:
    """A record, its tests as the authors' checker takes them, and the name that a race knows it by."""
    tests = tests_of(record)
    theirs = {"inputs": tests.inputs, "outputs": tests.outputs, "fn_name": tests.function or None}
    return {**record, "task_id": record["question_id"], "input_output": theirs}
