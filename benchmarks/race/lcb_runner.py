"""LiveCodeBench's own checker, as its runner calls it. Needs its checkout, numpy and tqdm, not evalkit."""

from __future__ import annotations

import importlib
import json
import os
import sys
from multiprocessing import active_children
from pathlib import Path
from typing import Any

from race.child import Row, problems, serve

LIMIT_S = 6


def word(results: list[Any]) -> str:
    if all(result is True for result in results):
        return "passed"
    return "timeout" if -3 in results else "failed"


def main() -> None:
    folder, checkout = Path(sys.argv[1]), sys.argv[2]
    sys.path.insert(0, checkout)
    checker = importlib.import_module("lcb_runner.evaluation.compute_code_generation_metrics")
    known = problems(folder)

    def run(samples: list[Row], at_once: int) -> list[str]:
        asked = [{"input_output": json.dumps(known[sample["task_id"]]["input_output"])} for sample in samples]
        programs = [[sample["completion"]] for sample in samples]
        found, _ = checker.evaluate_generations(
            asked, programs, debug=False, num_process_evaluate=at_once, timeout=LIMIT_S
        )
        active_children()  # waits for those that it killed, so that their time is counted
        return [word(found[number][0]) for number in range(len(samples))]

    sys.stdin = os.fdopen(os.dup(0))  # requests
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)  # a program that reads it would wait for the next request
    os.dup2(nothing, 2)  # a progress bar, and what programs print
    serve(folder, run)


if __name__ == "__main__":
    main()
