"""Run LiveCodeBench's own checker over the corpus and write down what it says.

    python -m tests.parity.livecodebench.record --checkout LIVECODEBENCH --commit SHA --data DATA -o FILE

Of today's checker (28fef95, the same since 2025-05-23) into ../verdicts/livecodebench.jsonl, of the one
before it (15808c7, since 2025-01-17) into ../verdicts/livecodebench_2025_01.jsonl.

As ../record_official.py: Python 3.11 with numpy and tqdm; the programs run in this very machine, so use an
unprivileged user without a network in a throw-away environment, and an idle machine. An output file that
exists is completed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import platform
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evalkit_suites.livecodebench.records import tests_of

from ..make_corpus import Sample
from .corpus import own_samples, real_samples
from .problems import Record, own, real
from .told import told_samples

TIMEOUT = 6


def official(check: Any, record: Record, program: str) -> dict[str, Any]:
    """`passed`: whether it counts as right; `code`: of the error."""
    tests = tests_of(record)
    known = {"inputs": tests.inputs, "outputs": tests.outputs, "fn_name": tests.function or None}
    [results], [metadata] = check(([program], {"input_output": json.dumps(known)}, False, TIMEOUT))
    return {"passed": all(result is True for result in results), "code": metadata.get("error_code")}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--checkout", type=Path, required=True, help="checkout of the official repository")
    parser.add_argument("--commit", required=True, help="the checkout's commit, for the record")
    parser.add_argument("--data", type=Path, required=True, help="folder of data, as in EVALKIT_DATA")
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON lines, one a sample")
    args = parser.parse_args()
    sys.path.insert(0, str(args.checkout))
    module = importlib.import_module("lcb_runner.evaluation.compute_code_generation_metrics")
    problems = own() | real(args.data)
    samples = [*own_samples(), *real_samples(), *told_samples(real(args.data))]
    rows = already(args.output)
    with args.output.open("a") as file:
        for sample in samples:
            key = (sample.task_id, sample.id, sample.sha256)
            if key in rows:
                continue
            rows[key] = row(module.evaluate_generations_by_problem, problems[sample.task_id], sample)
            print(json.dumps(rows[key]), file=file, flush=True)
    about = {"suite": args.output.stem, "scorer": "lcb_runner", "commit": args.commit}
    about |= versions(args.checkout)
    write(args.output, [{"about": about}, *(rows[s.task_id, s.id, s.sha256] for s in samples)])


def row(check: Any, record: Record, sample: Sample) -> dict[str, Any]:
    started = time.monotonic()
    said = official(check, record, sample.program)
    wall_s = round(time.monotonic() - started, 1)
    if said["code"] == -3 and wall_s < 30 and official(check, record, sample.program) != said:
        said["flaky"] = True
    return {"task_id": sample.task_id, "id": sample.id, "sha256": sample.sha256, **said, "wall_s": wall_s}


def versions(checkout: Path) -> dict[str, str]:
    import numpy

    files = sorted((checkout / "lcb_runner" / "evaluation").rglob("*.py"))
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()
    return {"source_sha256": digest, "python": platform.python_version(), "numpy": numpy.__version__}


def write(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def already(path: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Rows of an earlier, perhaps interrupted, recording: by task, id and program."""
    lines = path.read_text().splitlines() if path.exists() else []
    rows = [row for row in map(json.loads, lines) if "about" not in row]
    return {(row["task_id"], row["id"], row["sha256"]): row for row in rows}


if __name__ == "__main__":
    main()
