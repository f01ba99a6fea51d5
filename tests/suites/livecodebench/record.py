"""Have LiveCodeBench's own code read and judge replies.txt, and keep its results file.

    python -m tests.suites.livecodebench.record --checkout LIVECODEBENCH

Needs a checkout at 28fef95 and what it imports (datasets, tqdm, numpy). The programs are ours and harmless.
What comes out, outputs.json, is the file whose name ends in _eval_all.json with the official runner.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
from pathlib import Path

from .make import FILE

FOLDER = Path(__file__).parent
REPLIES, OUTPUTS = FOLDER / "replies.txt", FOLDER / "outputs.json"
TIMEOUT = 6


def replies() -> dict[str, list[str]]:
    """The replies by question_id, in the file's order."""
    found: dict[str, list[str]] = {}
    _, *parts = re.split(r"^=== (\w+): .*\n", REPLIES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for name, reply in zip(parts[::2], parts[1::2], strict=True):
        found.setdefault(name, []).append(reply)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--checkout", type=Path, required=True, help="checkout of the official repository")
    sys.path.insert(0, str(parser.parse_args().checkout))
    problem = importlib.import_module("lcb_runner.benchmarks.code_generation").CodeGenerationProblem
    reading = importlib.import_module("lcb_runner.utils.extraction_utils")
    judging = importlib.import_module("lcb_runner.evaluation.compute_code_generation_metrics")
    grades = importlib.import_module("lcb_runner.evaluation.pass_k_utils").extract_instance_results
    records = map(json.loads, FILE.read_text(encoding="utf-8").splitlines())
    problems = sorted((problem(**r) for r in records), key=lambda p: p.question_id)
    asked = replies()
    outputs = [asked[p.question_id] for p in problems]
    codes = [[reading.extract_code(reply, None) for reply in texts] for texts in outputs]
    samples = [p.get_evaluation_sample() for p in problems]
    metrics, results, metadata = judging.codegen_metrics(
        samples, codes, num_process_evaluate=2, timeout=TIMEOUT
    )
    rows = [
        p.insert_output_evaluation(*lists, metadata=said)
        for p, *lists, said in zip(problems, outputs, codes, grades(results), metadata, strict=True)
    ]
    OUTPUTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print({name: value for name, value in metrics.items() if name != "detail"})


if __name__ == "__main__":
    main()
