"""LiveCodeBench's judging: the program meets one test after the other, its output is compared here.

Rules of LiveCodeBench (lcb_runner/evaluation/testing_util.py at 28fef95, and at 15808c7, which differs in
`stand_in.py` only). All tests run in one process, as they do there, within what `stand_in.py` puts around the
program; with the scorer `real`, a program that reads standard input has a true one, and a process of its own
for each test.
"""

from __future__ import annotations

import functools
import json
import marshal
import sys
from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Any

from evalkit_judge import AnswerError, Test
from evalkit_judge import short as shown

INT_DIGITS = 50_000
NO_EXCEPTION = (
    "SystemExit",
    "KeyboardInterrupt",
    "GeneratorExit",
    "BaseException",
)  # what `except Exception` lets pass

Difference = str  # how a result differs from what is right; "" where it does not
Check = Callable[[Any, str, str], Difference]  # (answer, input, output)


def judge(answer: Any, task: dict[str, Any]) -> Generator[Any, None, Any]:
    """A Test for each of the problem's, up to the first that fails. Returns the official word for it all."""
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(INT_DIGITS)
    try:
        return (yield from run_tests(answer, task))
    finally:
        sys.set_int_max_str_digits(digits)  # this process may judge for other suites


def run_tests(answer: Any, task: dict[str, Any]) -> Generator[Any, None, Any]:
    check = prepared(answer, task)
    if isinstance(check, AnswerError):
        yield Test("program", check.kind, check.message)
        return {"official": official_word(check, loading=True)}
    for number, (given, right) in enumerate(zip(task["inputs"], task["outputs"], strict=True), 1):
        try:
            difference = check(answer, given, right)
        except AnswerError as e:
            yield Test(f"test {number}", e.kind, e.message)
            all_over = e.kind == "timeout" and answer.remaining() <= 0  # the global limit has no test's word
            return {"official": "-5" if all_over else official_word(e)}
        yield Test(f"test {number}", "wrong" if difference else "passed", difference)
        if difference:
            return {"official": "-2"}
    return {"official": "passed"}


def prepared(answer: Any, task: dict[str, Any]) -> Check | AnswerError:
    """How to run one test of this task on the program, which is ready for it; or why it is not."""
    limit, name, real = task["timeout"], task["function"], task["scorer"] == "real"
    if real and not name:
        return lambda answer, given, right: check_true_program(answer, given, right, task)
    try:
        answer.execute(compiled(task["stand_in"]))
        answer.call("prepare", answer.program, name, task["scorer"], timeout=limit)
    except AnswerError as e:
        return e
    if name:
        return lambda answer, given, right: check_value(answer, given, right, limit)
    return lambda answer, given, right: check_stand_in(answer, given, right, task)


@functools.cache
def compiled(source: str) -> str:
    """A statement that executes `source`, whose compiling would cost each program a fifth of its judging."""
    code = marshal.dumps(compile(source, "<stand-in>", "exec", dont_inherit=True))
    return f"import marshal\nexec(marshal.loads({code!r}))"


def official_word(e: AnswerError, loading: bool = False) -> str:
    """The official code of a test without a result: -3 time, -4 an error, -5 the process died."""
    if e.kind == "timeout" or "timeoutexception" in e.message.lower():  # whoever raised one of that name
        return "-4" if loading else "-3"
    return "-5" if e.died or e.type_name in NO_EXCEPTION else "-4"


# -- programs that read and print ----------------------------------------------------------------------
def check_stand_in(answer: Any, given: str, right: str, task: dict[str, Any]) -> Difference:
    most = task["output"]
    printed = answer.call("run_stdio", given, most, timeout=task["timeout"])
    if printed is None or (isinstance(printed, str) and len(printed) > most):
        raise AnswerError("output", f"more than {most:,} characters of output")
    return check_printed(printed, right)


def check_true_program(answer: Any, given: str, right: str, task: dict[str, Any]) -> Difference:
    run = answer.run(given, timeout=task["timeout"], before=task["before"])
    if run.status:
        last = run.stderr.strip().rpartition("\n")[2]
        kind = "memory" if last.startswith("MemoryError") else "crashed"
        raise AnswerError(kind, f"exit status {run.status}: {last}" if last else f"exit status {run.status}")
    return check_printed(run.stdout, right)


def check_printed(printed: Any, right: str) -> Difference:
    """Line by line, without blanks at both ends of each and of the whole; lines of numbers by value."""
    if type(printed) is not str:
        return f"a {type(printed).__name__} came for the output"
    got, wanted = lines_of(printed), lines_of(right)
    if len(got) != len(wanted):
        return f"{len(got)} lines for {len(wanted)}: {short(printed)} for {short(right)}"
    for number, (line, want) in enumerate(zip(got, wanted, strict=True), 1):
        if line != want and not same_numbers(line, want):
            return f"line {number}: {short(line)} for {short(want)}"
    return ""


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


def same_numbers(line: str, want: str) -> bool:
    """Whether both are nothing but decimal numbers, and the same ones. No tolerance.

    A signalling NaN can be read, but not be compared: officially an error.
    """
    try:
        numbers, wanted = decimals(line), decimals(want)
    except ArithmeticError:
        return False
    try:
        return numbers == wanted
    except ArithmeticError as e:
        raise AnswerError("crashed", f"{type(e).__name__}: {short(line)} for {short(want)}") from None


def decimals(line: str) -> list[Decimal]:
    return [Decimal(word) for word in line.split()]


# -- functions -----------------------------------------------------------------------------------------
def check_value(answer: Any, given: str, right: str, limit: float) -> Difference:
    """Each line of `given` is an argument as JSON. A tuple counts as a list, but not one inside it."""
    arguments, want = [json.loads(line) for line in given.split("\n")], json.loads(right)
    got = answer.call("call", *arguments, timeout=limit)
    if isinstance(got, tuple):
        got = list(got)
    try:
        equal = got == want
        if (
            getattr(equal, "size", 1) == 0
        ):  # an array of no truth at all: officially no result can be made of it
            raise AnswerError("crashed", f"an array without items for {short(want)}", died=True)
        same = bool(equal)
    except Exception as e:  # arrays of many truths
        raise AnswerError("crashed", f"{type(e).__name__}: {e}") from None
    return "" if same else f"{short(got)} for {short(want)}"


def short(value: Any) -> str:
    return str(shown(value, 100))
