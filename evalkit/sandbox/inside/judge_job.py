"""One job in a process of its own: run a suite's judge on a program, and say what came out."""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
import traceback
import types
from typing import Any

from .evalkit_judge import Answer, AnswerError, Test, memory
from .evalkit_judge.errors import SupervisorGone
from .evalkit_judge.line import Line

STDOUT_HEAD = 8 << 10  # bytes of the program's output that travel to the host
DETAIL = 4000  # characters of a test's detail
TESTS = 20_000
GRACE_S = 0.5  # what the judge's own code may take beyond the program's limit
HARD_S = 4.0  # CPU time beyond it, after which not even a loop in C goes on
LENGTH = struct.Struct(">I")


class OutOfTime(BaseException):
    """Raised by the alarm in a judge whose own code does not end."""


def run_job(job: dict[str, Any], judge: types.CodeType, config: dict[str, Any]) -> dict[str, Any]:
    """The result: status, detail, tests, measured, stdout, data.

    Or `broken`: why, for the host: container A is gone, and the job says nothing about the program.
    """
    answer = Answer(lambda: open_line(job, config), job["program"])
    tests: list[list[Any]] = []
    outcome: dict[str, Any] = {}
    signal.signal(signal.SIGALRM, _alarm)
    try:
        try:
            outcome = drive(judge, answer, job["task"], tests, config["reasons"])
        except OutOfTime:
            tests.append(
                ["the test's own code", "timeout", "the test did not end within the time limit", None]
            )
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        ends = [line.close() for line in answer._lines]
    except SupervisorGone as e:
        return {"broken": str(e)}
    first = next((t for t in tests if t[1] != "passed"), None)
    return {
        "status": first[1] if first else "passed",
        "detail": first[2] if first else "",
        "tests": tests,
        "stdout": bytes(answer._lines[0].head[:STDOUT_HEAD]).decode("utf-8", "replace") if ends else "",
        "data": {},
        "measured": {
            "wall_s": sum(line.wall_s for line in answer._lines),
            "waited_s": sum(end.waited_s for end in ends),
            "cpu_s": sum(end.user_s + end.system_s for end in ends),
            "peak_rss_bytes": max((end.peak_rss_bytes for end in ends), default=0),
            "calls": answer.calls,
            "output_bytes": sum(line.printed for line in answer._lines),
        },
        **outcome,
    }


def open_line(job: dict[str, Any], config: dict[str, Any]) -> Line:
    """Start a process for the program. From now on the judge's own code is on the clock, too."""
    line = Line(config["socket"], job["limits"], job["guard"])
    signal.setitimer(signal.ITIMER_REAL, job["limits"]["wall_s"] + GRACE_S, 1.0)
    # no handler: it ends this process, which the main process takes for a timeout
    signal.setitimer(signal.ITIMER_PROF, job["limits"]["wall_s"] + HARD_S)
    return line


def drive(
    judge: types.CodeType, answer: Answer, task: Any, tests: list[list[Any]], reasons: list[str]
) -> dict[str, Any]:
    """Run the judge; appends to `tests` [name, status, detail, None]; overrides of the result."""
    module = types.ModuleType("suite_judge")
    sys.modules["suite_judge"] = module  # dataclasses look their module up
    namespace = module.__dict__
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
        tests.append(["the test's own code", "memory", "the test took too much memory", None])
        return {}
    except BaseException as e:  # a fault of the judge, never the program's
        where = traceback.extract_tb(e.__traceback__)[-1]
        text = f"{type(e).__name__}: {e} (line {where.lineno} of {where.filename}, in {where.name})"
        return {"status": "grader", "detail": text[:DETAIL]}
    if not tests:
        return {"status": "grader", "detail": "the judge made no test"}
    return {"data": data if isinstance(data, dict) else {}}


def to_json(result: dict[str, Any]) -> bytes:
    try:
        return json.dumps(result).encode()
    except (TypeError, ValueError) as e:
        result |= {
            "data": {},
            "status": "grader",
            "detail": f"the judge returned what JSON does not hold: {e}",
        }
        return json.dumps(result).encode()


def _alarm(number: int, frame: Any) -> None:
    raise OutOfTime


def child(job: dict[str, Any], task: bytes, judge: types.CodeType, config: dict[str, Any], pipe: int) -> None:
    """In a fork of the judge's main process: run the job, write its result, leave.

    What is written: the length of the result, the result, then what the judge wants remembered:
    for each thing the length of its name, the name, the length of the bytes, the bytes.
    """
    try:
        nothing = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):  # the streams to the host are not for tests to write to
            os.dup2(nothing, fd)
        os.dup2(pipe, 3)
        os.closerange(4, sys.maxsize & 0x7FFFFFFF)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        job["task"] = json.loads(task)
        result = to_json(run_job(job, judge, config))
        parts = [LENGTH.pack(len(result)), result]
        for name, data in memory.NEW.items():
            key = name.encode("utf-8", "replace")
            parts += [LENGTH.pack(len(key)), key, LENGTH.pack(len(data)), data]
        rest = memoryview(b"".join(parts))
        while rest:
            rest = rest[os.write(3, rest) :]
    finally:
        os._exit(0)
