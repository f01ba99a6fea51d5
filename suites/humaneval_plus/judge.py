"""EvalPlus' differential judging, for HumanEval+ and (with mbpp_plus/judge.py behind it) MBPP+.

Runs in the judge container. The reference program is executed here on copies of the inputs; the answer is
called with the same inputs in the other container; results are compared here, by the rules of
evalplus/evalplus at 26d6d00b (docs/parity.md names them and where this differs).

The text of mbpp_plus/judge.py, put behind this one, replaces the functions at the end.
"""

from __future__ import annotations

import copy
import math
import pickle
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from evalkit_judge import AnswerError, Test, remember, short

MOST_S = 60.0  # a part's time, whatever its tests add up to
GRACE_S = 2.0  # EvalPlus waits so much longer before it kills
FLOAT_TOLERANCE = 1e-6  # absolute, where the task names none and floats are expected
RELATIVE_TOLERANCE = 1e-7  # always
SHOWN = 100  # characters of a value in a detail
MOST_REMEMBERED = 24 << 20  # bytes of reference results that are worth keeping for the next sample


@dataclass(frozen=True)
class Part:
    """Base or plus tests: inputs with what the reference returned for each, and the seconds it took."""

    name: str
    inputs: Sequence[Sequence[Any]]
    expected: Sequence[Any]
    seconds: Sequence[float]


def judge(answer: Any, task: dict[str, Any]) -> Generator[Any, None, Any]:
    """Two tests, "base" and "plus". The returned dict holds EvalPlus' own words: pass, fail or timeout."""
    words = {}
    for name in ("base", "plus"):
        part = reference(task, name)
        if name == "plus":
            answer.restart()  # two processes there, so no state goes from base to plus
        words[name], status, detail = run_part(answer, task, part)
        yield Test(name, status, detail)
    return words


def reference(task: dict[str, Any], name: str) -> Part:
    """One part's inputs, and what the reference made of them: now, or for an earlier sample of the task."""
    inputs = restored(task["task_id"], task[f"{name}_input"])
    made: list[tuple[list[Any], list[float]]] = []

    def make() -> bytes:
        made.append(run_reference(task, inputs))
        data = pickle.dumps(made[0])
        return data if len(data) <= MOST_REMEMBERED else b""

    known = remember(name, make)
    expected, seconds = (made or [pickle.loads(known) if known else run_reference(task, inputs)])[0]
    return Part(name, inputs, expected, seconds)


def run_reference(task: dict[str, Any], inputs: Sequence[Sequence[Any]]) -> tuple[list[Any], list[float]]:
    """Results and seconds of the reference program. It gets copies: the inputs are the answer's."""
    scope: dict[str, Any] = {}
    exec(task["prompt"] + task["canonical_solution"], scope)
    function = scope[task["entry_point"]]
    expected, seconds = [], []
    for arguments in inputs:
        arguments = copy.deepcopy(arguments)
        start = time.monotonic()
        result = function(*arguments)
        seconds.append(time.monotonic() - start)
        expected.append(as_expected(task, result))
    return expected, seconds


def run_part(answer: Any, task: dict[str, Any], part: Part) -> tuple[str, str, str]:
    """EvalPlus' word, our status and a detail. Stops at the first input that fails, as EvalPlus does."""
    limits = [max(task["min_time_limit"], task["gt_time_limit_factor"] * s) for s in part.seconds]
    end = time.monotonic() + min(MOST_S, sum(limits)) + GRACE_S
    number, tolerance = 0, task["atol"]
    part_ends = True  # before a single test's limit does
    try:
        answer.foresee(task["entry_point"], lambda: calls_of(part), write_back=False)
        answer.load(timeout=end - time.monotonic())
        for number, arguments in enumerate(part.inputs):
            left = end - time.monotonic()
            if left <= 0:
                return "timeout", "timeout", f"{part.name} tests took more than {MOST_S:.0f} s"
            part_ends = left < limits[number]
            result = answer.call(task["entry_point"], *arguments, timeout=min(limits[number], left))
            expected = part.expected[number]
            if tolerance == 0 and is_floats(expected):
                tolerance = FLOAT_TOLERANCE  # and stays so for the tests after this one
            if not agrees(task, arguments, result, expected, tolerance):
                difference = f"{short(expected, SHOWN)} != {short(result, SHOWN)}"
                return "fail", "wrong", f"input {number} of {len(part.inputs)}: {difference}"
    except AnswerError as e:
        # EvalPlus hears nothing of a process that ended by itself; of a call that took too long it does
        ended = e.died and e.kind not in ("timeout", "output")
        word = "timeout" if ended or (e.kind == "timeout" and part_ends) else "fail"
        return word, e.kind, f"input {number} of {len(part.inputs)}: {e.message}"
    return "pass", "passed", f"{len(part.inputs)} inputs"


def calls_of(part: Part) -> Iterator[tuple[Sequence[Any], dict[str, Any]]]:
    for arguments in part.inputs:
        yield arguments, {}


def agrees(
    task: dict[str, Any], arguments: Sequence[Any], result: Any, expected: Any, tolerance: float
) -> bool:
    """Whether `result` counts as `expected`. Whatever a comparison raises is a difference."""
    try:
        equal = result == expected
        special = matches_specially(task, arguments, result, expected, equal)
        if special is not None:
            equal = special
            if task["entry_point"] == "find_zero":
                return bool(equal)
        if not equal and tolerance != 0:
            if type(result) is not type(expected):
                return False
            if isinstance(expected, (list, tuple)) and len(result) != len(expected):
                return False
            if np.shape(result) != np.shape(expected):
                return False  # an array without items, stretched over the expected ones, is close to them
            return bool(np.allclose(result, expected, rtol=RELATIVE_TOLERANCE, atol=tolerance))
        return bool(equal)
    except Exception:  # arrays of many truths, sets of lists, texts beside numbers: all of them "not equal"
        return False


def is_floats(value: Any) -> bool:
    """A float, a non-empty list or tuple of nothing but floats, or an array of them."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(item, float) for item in value)
    if isinstance(value, np.ndarray):
        return value.dtype in (np.float32, np.float64)
    return isinstance(value, float)


# -- what a data set has of its own: these three are for HumanEval+ ----------------------------------------


def restored(task_id: str, inputs: Any) -> Sequence[Sequence[Any]]:
    """Inputs as Python values: JSON says it all here."""
    return list(inputs)


def as_expected(task: dict[str, Any], result: Any) -> Any:
    """What is kept of the reference's result: all of it here."""
    return result


def matches_specially(
    task: dict[str, Any], arguments: Sequence[Any], result: Any, expected: Any, equal: Any
) -> Any:
    """Another verdict than equality where the task has many right answers; None where it has not.

    find_zero: any root will do. The polynomial is taken as it was sent: the answer cannot change it
    (EvalPlus uses the list that the answer had in its hands).
    """
    if task["entry_point"] != "find_zero":
        return None
    [coefficients] = arguments
    return abs(sum(c * math.pow(result, power) for power, c in enumerate(coefficients))) <= task["atol"]
