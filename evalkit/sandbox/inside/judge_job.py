"""One job in a process of its own: run a suite's judge on a program, and say what came out."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
import types
from typing import Any

from .evalkit_judge import Answer, AnswerError, Test
from .evalkit_judge.line import Line, SupervisorGone

STDOUT_HEAD = 8 << 10  # bytes of the program's output that travel to the host
DETAIL = 4000  # characters of a test's detail
TESTS = 20_000
GRACE_S = 0.5  # what the judge's own code may take beyond the program's limit


class OutOfTime(BaseException):
    """Raised by the alarm in a judge whose own code does not end."""


def run_job(job: dict[str, Any], judge: types.CodeType, config: dict[str, Any]) -> bytes:
    """The result as JSON: status, detail, tests, measured, stdout, data; or broken: why.

    "broken" is for the host: container A is gone, the job says nothing about the program.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limits = job["limits"]
    try:
        line = Line(config["socket"], limits, job["guard"])
    except SupervisorGone as e:
        return json.dumps({"broken": str(e)}).encode()
    answer = Answer(line, job["program"])
    tests: list[list[Any]] = []
    outcome: dict[str, Any] = {}
    signal.signal(signal.SIGALRM, _alarm)
    signal.setitimer(signal.ITIMER_REAL, limits["wall_s"] + GRACE_S, 1.0)
    try:
        outcome = drive(judge, answer, job["task"], tests, config["reasons"])
    except OutOfTime:
        tests.append(["the judge's own code", "timeout", "the test did not end within the time limit", None])
    except SupervisorGone as e:
        return json.dumps({"broken": str(e)}).encode()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        end = line.close()
    except SupervisorGone as e:
        return json.dumps({"broken": str(e)}).encode()
    first = next((t for t in tests if t[1] != "passed"), None)
    result = {
        "status": first[1] if first else "passed",
        "detail": first[2] if first else "",
        "tests": tests,
        "stdout": bytes(line.head[:STDOUT_HEAD]).decode("utf-8", "replace"),
        "data": {},
        "measured": {
            "wall_s": line.wall_s,
            "cpu_s": end.user_s + end.system_s,
            "peak_rss_bytes": end.peak_rss_bytes,
            "calls": answer.calls,
            "output_bytes": line.printed,
        },
        **outcome,
    }
    return _json(result)


def drive(
    judge: types.CodeType, answer: Answer, task: Any, tests: list[list[Any]], reasons: list[str]
) -> dict[str, Any]:
    """Run the judge; appends to `tests` [name, status, detail, None]; overrides of the result."""
    namespace: dict[str, Any] = {"__name__": "suite_judge"}
    try:
        exec(judge, namespace)
        generator = namespace["judge"](answer, task)
        if not isinstance(generator, types.GeneratorType):
            raise TypeError("judge() is no generator: it has to yield Tests")
        while True:
            try:
                test = next(generator)
            except StopIteration as stop:
                data = stop.value or {}
                break
            if not isinstance(test, Test) or test.status not in ("passed", *reasons):
                raise TypeError(f"the judge yielded {test!r:.200}: a Test with a known status was expected")
            if len(tests) < TESTS or test.status != "passed":
                tests.append([str(test.name)[:200], test.status, str(test.detail)[:DETAIL], None])
    except AnswerError as e:
        tests.append(["answer", e.kind, e.message[:DETAIL], None])
        return {}
    except (OutOfTime, SupervisorGone):
        raise
    except MemoryError:
        tests.append(["the judge's own code", "memory", "the test took too much memory", None])
        return {}
    except BaseException as e:  # a fault of the judge, never the program's
        where = traceback.extract_tb(e.__traceback__)[-1]
        text = f"{type(e).__name__}: {e} (line {where.lineno} of {where.filename}, in {where.name})"
        return {"status": "grader", "detail": text[:DETAIL]}
    if not tests:
        return {"status": "grader", "detail": "the judge made no test"}
    return {"data": data if isinstance(data, dict) else {}}


def _json(result: dict[str, Any]) -> bytes:
    try:
        return json.dumps(result).encode()
    except (TypeError, ValueError) as e:
        result |= {"data": {}, "status": "grader", "detail": f"the judge returned what JSON does not hold: {e}"}
        return json.dumps(result).encode()


def _alarm(number: int, frame: Any) -> None:
    raise OutOfTime


def child(job: dict[str, Any], judge: types.CodeType, config: dict[str, Any], result: int) -> None:
    """In a fork of the judge's main process: run the job, write its result, leave."""
    try:
        nothing = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):  # the streams to the host are not for tests to write to
            os.dup2(nothing, fd)
        moved = os.dup2(result, 3) if result != 3 else 3
        os.closerange(4, sys.maxsize & 0x7FFFFFFF)
        data = memoryview(run_job(job, judge, config))
        while data:
            data = data[os.write(moved, data) :]
    finally:
        os._exit(0)
