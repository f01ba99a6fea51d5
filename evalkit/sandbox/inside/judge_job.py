"""Jobs in a process of their own: run a suite's judge on a program, and say what came out."""

from __future__ import annotations

import functools
import gc
import json
import os
import resource
import signal
import sys
import time
import traceback
import types
from dataclasses import dataclass, field
from typing import Any

from . import frames, parts
from .accounting import do_not_preempt
from .evalkit_judge import Answer, AnswerError, Test, memory
from .evalkit_judge.errors import Astray, NotOfTheTest, SupervisorGone
from .evalkit_judge.line import Line

STDOUT_HEAD = 8 << 10  # bytes of the program's output that travel to the host
DETAIL = 4000  # characters of a test's detail
TESTS = 20_000
GRACE_S = 0.5  # what the judge's own code may take beyond the program's limit
HARD_S = 4.0  # CPU time beyond it, after which not even a loop in C goes on
MEMORY = 2 << 30  # bytes of address space of a judge: what an answer sends may fill it, and no more
LAST, GOES_ON = b"l", b"g"  # of a reply: whether this process can take another job
GROWN = 64 << 10  # kB that a worker may grow by before another takes its place


@dataclass
class Work:
    """What a worker is given: the job's head, the task as JSON, the judge's text, things remembered."""

    job: dict[str, Any]
    task: bytes
    judge: str
    kept: dict[str, bytes] = field(default_factory=dict)


NO_MEMORY, LATE = 93, 94  # exit statuses of a worker that could not even write its result


class OutOfTime(NotOfTheTest):
    """Raised by the alarm in a judge whose own code does not end."""


def run_job(job: dict[str, Any], judge: str, config: dict[str, Any]) -> dict[str, Any]:
    """The result: status, detail, tests, measured, stdout, data; `last`: this process should take no more.

    Or `broken`: why, for the host: container A is gone, and the job says nothing about the program.
    """
    last = False
    try:
        for guess in (True, False):
            answer = Answer(lambda: open_line(job, config), job["program"], guess)
            tests, outcome = attempt(judge, answer, job["task"], config["reasons"])
            last = last or bool(outcome.get("last"))
            ends = [line.close() for line in answer._lines]
            if not any(line.astray for line in answer._lines):
                break
            job["task"] = json.loads(job["text"])  # what the first attempt changed in it is gone
    except SupervisorGone as e:
        return {"broken": str(e), "last": True}
    first = next((t for t in tests if t[1] != "passed"), None)
    window = answer._lines[-1].window if ends and first and first[1] == "timeout" else None
    late = {"had_s": window.had_s, "allowed_s": window.allowed_s} if window else {}
    return {
        "status": first[1] if first else "passed",
        "detail": first[2] if first else "",
        "tests": tests,
        "stdout": bytes(answer._lines[0].head[:STDOUT_HEAD]).decode("utf-8", "replace") if ends else "",
        "data": {},
        # whose fault it was that memory ran out only shows when the program runs alone
        "again": bool(first) and any(end.out_of_memory for end in ends),
        "measured": {
            "wall_s": sum(line.wall_s for line in answer._lines),
            "waited_s": sum(line.known.waited_s for line in answer._lines),
            "cpu_s": sum(end.user_s + end.system_s for end in ends),
            "peak_rss_bytes": max((end.peak_rss_bytes for end in ends), default=0),
            "calls": answer.calls,
            "output_bytes": sum(line.printed for line in answer._lines),
            **late,
        },
        **outcome,
        "last": last,
    }


def attempt(
    judge: str, answer: Answer, task: Any, reasons: list[str]
) -> tuple[list[list[Any]], dict[str, Any]]:
    """Run the judge once, to its end or its time's: the tests, and what overrides the result."""
    tests: list[list[Any]] = []
    outcome: dict[str, Any] = {}
    watch = Watch(answer)
    signal.signal(signal.SIGALRM, watch.alarm)
    try:
        try:
            outcome = drive(judge, answer, task, tests, reasons)
        finally:  # to let go of millions of values may take until the next alarm
            watch.over = True
    except (Astray, OutOfTime):
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    if watch.rang:  # also where a test's bare `except` took the alarm for the answer's error
        tests.append(["the test's own code", "timeout", "the test did not end within the time limit", None])
        outcome["last"] = True  # whatever was interrupted may be half done
        watch.measure()
    return tests, outcome


def open_line(job: dict[str, Any], config: dict[str, Any]) -> Line:
    """Start a process for the program. From now on the judge's own code is on the clock, too."""
    line = Line(config["socket"], job, moved)
    signal.setitimer(signal.ITIMER_REAL, job["limits"]["wall_s"] + GRACE_S, 1.0)
    # no handler: it ends this process, which the main process takes for a timeout
    signal.setitimer(signal.ITIMER_PROF, job["limits"]["wall_s"] + HARD_S)
    return line


@dataclass
class Watch:
    """Ends a judge whose own code does not end; waiting for the answer has clocks of its own."""

    answer: Answer
    over: bool = False
    rang: bool = False

    def alarm(self, number: int, frame: Any) -> None:
        if self.over:
            return
        line = self.answer._lines[-1] if self.answer._lines else None
        if line is None or line.asking or time.monotonic() - line.waited_here() <= line.end + GRACE_S:
            return  # the timer repeats
        self.rang = True
        raise OutOfTime

    def measure(self) -> None:
        """What the program had until now: else it counts as held up, and all is tried again in vain."""
        line = self.answer._lines[-1]
        if line.ended is None and line.dead is None:  # else it was over before, and why is known
            line.window = line.whole
            line.whole.missing_s(line.times(), line.limits["share_s"])


def drive(
    judge: str, answer: Answer, task: Any, tests: list[list[Any]], reasons: list[str]
) -> dict[str, Any]:
    """Run the judge; appends to `tests` [name, status, detail, None]; overrides of the result."""
    try:
        generator = module_of(judge).judge(answer, task)
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
    except NotOfTheTest:
        raise
    except MemoryError:
        tests.append(["the test's own code", "memory", "the test took too much memory", None])
        return {"last": True}
    except BaseException as e:  # a fault of the judge, never the program's
        where = traceback.extract_tb(e.__traceback__)[-1]
        text = f"{type(e).__name__}: {e} (line {where.lineno} of {where.filename}, in {where.name})"
        return {"status": "grader", "detail": text[:DETAIL], "last": True}
    if not tests:
        return {"status": "grader", "detail": "the judge made no test"}
    return {"data": data if isinstance(data, dict) else {}}


@functools.lru_cache(maxsize=8)
def module_of(judge: str) -> types.ModuleType:
    """A judge as a module. A worker that takes several jobs executes it once."""
    module = types.ModuleType("suite_judge")
    sys.modules["suite_judge"] = module  # dataclasses look their module up
    exec(compile(judge, "judge.py", "exec", dont_inherit=True), vars(module))
    return module


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


def worker(first: Work, config: dict[str, Any], line: int) -> None:
    """In a fork of the main process: do one job, and more if they come. Never returns.

    The reply to each: the length of the rest, LAST or GOES_ON, then as `parts` the result and the names and
    values of what the judge wants remembered. Before it may come what the program does: length, state.
    """
    try:
        nothing = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):  # the streams to the host are not for tests to write to
            os.dup2(nothing, fd)
        os.dup2(line, 3)
        os.closerange(4, sys.maxsize & 0x7FFFFFFF)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + GROWN
        gc.enable()
        gc.set_threshold(10_000, 10, 50)  # of a job little is left that needs it
        do_not_preempt()
        work: Work | None = first
        texts = {first.job["judge"]: first.judge}
        while work is not None:
            reply, last = do(work, config)
            last = last or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > grown
            fields = parts.join([reply, *parts.of_mapping(memory.NEW)])[4:]
            write(parts.LENGTH.pack(len(fields) + 1) + (LAST if last else GOES_ON) + fields)
            work = None if last else receive(texts)
    except MemoryError:  # even for saying so there was none left
        os._exit(NO_MEMORY)
    except OutOfTime:
        os._exit(LATE)
    finally:
        os._exit(0)


def do(work: Work, config: dict[str, Any]) -> tuple[bytes, bool]:
    """One job: its result as JSON, and whether this process should take no other."""
    memory.NEW.clear()
    memory.KEPT.clear()
    memory.KEPT.update(work.kept)
    work.job |= {"task": json.loads(work.task), "text": work.task}
    result = run_job(work.job, work.judge, config)
    last = bool(result.pop("last", False))
    return to_json(result), last


def moved(state: bytes) -> None:
    """Tell the main process what the program does."""
    write(parts.LENGTH.pack(1) + state)


def receive(texts: dict[str, str]) -> Work | None:
    """The next job from the main process; None when there will be none. `texts` of judges, by name."""
    try:
        size = parts.LENGTH.unpack(frames.read_exactly(3, 4))[0]
        head, task, text, *kept = parts.split(frames.read_exactly(3, size), 0)
    except (EOFError, OSError):
        return None
    job = json.loads(head)
    if text:
        texts[job["judge"]] = text.decode("utf-8", "surrogatepass")
    return Work(job, task, texts[job["judge"]], parts.mapping(kept))


def write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(3, rest) :]
