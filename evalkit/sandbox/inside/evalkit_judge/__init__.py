"""What a suite's judge works with, in the judge's container.

    from evalkit_judge import Test, short

    def judge(answer, task):
        answer.load()
        for number, (args, expected) in enumerate(task["io"]):
            got = answer.call(task["entry_point"], *args, timeout=3)
            yield Test(f"io {number}", "passed" if got == expected else "wrong", f"got {short(got)}")
        return {"anything": "that the suite wants to know"}

A judge is a generator of `Test`s. The status of the first that did not pass is the sample's; no Test
at all is a fault of the judge. An `AnswerError` that it lets through becomes a failed Test.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import AnswerError, NotCrossable
from .memory import remember
from .objects import Opaque
from .remote import Answer
from .shown import short
from .whole import Run

__all__ = ["Answer", "AnswerError", "NotCrossable", "Opaque", "Run", "Test", "remember", "short"]


@dataclass(frozen=True)
class Test:
    """One test's outcome: "passed", or a reason of `failed` (evalkit/outcome.py)."""

    __test__ = False

    name: str
    status: str
    detail: str = ""
