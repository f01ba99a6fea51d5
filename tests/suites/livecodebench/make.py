"""Writes problems.jsonl in the official format: `python -m tests.suites.livecodebench.make`."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

from .problems import PROBLEMS, Problem

FILE = Path(__file__).with_name("problems.jsonl")
PLAIN = ("evk001_c", "9101")  # private tests as JSON, as some of the official records have them


def record(problem: Problem) -> dict[str, Any]:
    """The fields of the official data, all of them texts."""
    cases = [case(problem, given) for given in problem.inputs]
    hidden = json.dumps(cases[2:])
    return {
        "question_title": problem.title,
        "question_content": problem.content,
        "platform": problem.platform,
        "question_id": problem.name,
        "contest_id": problem.name.partition("_")[0],
        "contest_date": problem.date,
        "starter_code": f"class Solution:\n    def {problem.method}:\n        " if problem.method else "",
        "difficulty": problem.difficulty,
        "public_test_cases": json.dumps(cases[:2]),
        "private_test_cases": hidden if problem.name in PLAIN else packed(hidden),
        "metadata": json.dumps({"func_name": problem.function} if problem.method else {}),
    }


def case(problem: Problem, given: Any) -> dict[str, str]:
    if problem.method:
        texts = "\n".join(map(json.dumps, given)), json.dumps(problem.right(*given))
    else:
        texts = given, problem.right(given) + "\n"
    kind = "functional" if problem.method else "stdin"
    return dict(zip(("input", "output", "testtype"), (*texts, kind), strict=True))


def packed(text: str) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(text, 4), 9)).decode()


def unpacked(record: dict[str, Any]) -> dict[str, Any]:
    """For comparing: compressed bytes differ between versions of zlib."""
    hidden = record["private_test_cases"]
    if not hidden.startswith("["):
        hidden = pickle.loads(zlib.decompress(base64.b64decode(hidden)))
    return {**record, "private_test_cases": hidden}


if __name__ == "__main__":
    FILE.write_text("".join(json.dumps(record(problem)) + "\n" for problem in PROBLEMS), encoding="utf-8")
