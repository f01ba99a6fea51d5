"""`evalkit run` on a simulated cluster, and what becomes of it when parts of that are ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

import evalkit
from evalkit.data import load_data
from evalkit.registry import open_suite
from evalkit.store import read_run


def command(*words: str, results: Path) -> list[str]:
    return [sys.executable, "-m", "evalkit", "run", *words, "--results", str(results), "--json"]


def finished(*words: str, results: Path, **environment: str) -> dict[str, Any]:
    """The summary of a run that must end well."""
    done = subprocess.run(
        command(*words, results=results),
        capture_output=True,
        text=True,
        timeout=500,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()  # Ray has a mouth of its own
    summary: dict[str, Any] = json.loads(line)
    return summary


def refused(*words: str, results: Path, code: int = 2) -> str:
    """What a run says that cannot begin."""
    done = subprocess.run(command(*words, results=results), capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr


def verdicts(run: str) -> list[tuple[str, int, str, str]]:
    """(task, sample, outcome, reason) of every sample."""
    frame = evalkit.load(run).samples()
    return list(
        zip(frame["task_id"], frame["sample"], frame["outcome"], frame["reason"].fillna(""), strict=True)
    )


def calls_made(run: str) -> Counter[tuple[str, int, int]]:
    """How often each call of each sample was made, over all tries."""
    frame = evalkit.load(run).calls()
    return Counter(zip(frame["task_id"], frame["sample"], frame["call"], strict=True))


def answered(results: Path) -> int:
    """How many samples have an answer by now."""
    for manifest in results.glob("*/manifest.json"):
        with read_run(manifest.parent) as store:
            return sum(state.answered for state in store.state().values())
    return 0


def wait_for(count: int, results: Path, process: subprocess.Popen[Any]) -> None:
    """Until so many samples have an answer."""
    end = time.monotonic() + 120
    while answered(results) < count:
        assert process.poll() is None, "it ended too early"
        assert time.monotonic() < end, "it does not go on"
        time.sleep(0.05)


def workers() -> list[psutil.Process]:
    """evalkit's processes on the simulated nodes, of this test's processes."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if words and words[0].startswith("ray::Node"):
            found.append(process)
    return found


def humaneval_script(file: Path) -> Path:
    """Replies to HumanEval: gold, but each fourth returns None, and each tenth has no end."""
    with file.open("w") as script:
        for number, record in enumerate(load_data(open_suite("humaneval")).records):
            code = record["prompt"] + record["canonical_solution"]
            if number % 4 == 3:
                code = f"def {record['entry_point']}(*_):\n    return None"
            elif number % 10 == 5:
                code = f"def {record['entry_point']}(*_):\n    while True: pass"
            reply = f"```python\n{code}\n```"
            script.write(json.dumps({"match": record["prompt"].strip()[:400], "reply": reply}) + "\n")
    return file


def requests(log: Path) -> list[dict[str, Any]]:
    """The endpoint's log, a line a request."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def started(*words: str, results: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*words, results=results), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def result(process: subprocess.Popen[str], codes: Sequence[int] = (0,)) -> tuple[dict[str, Any], str]:
    """Its summary, and what it said meanwhile."""
    out, err = process.communicate(timeout=400)
    assert process.returncode in codes, (process.returncode, err)
    [line] = out.splitlines()
    return json.loads(line), err
