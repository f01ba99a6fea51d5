"""What becomes of the verdict on a reply that was cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from evalkit.model import Message
from evalkit.outcome import Outcome
from evalkit.program import ProgramSandbox
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.run.judging import judge
from evalkit.suite import CommonOptions, Scorer, Suite, SuiteInfo
from evalkit.task import Answer, Task, Verdict, failed, passed

NO_SANDBOX = cast(ProgramSandbox, None)


class Parted(Suite):
    """Every answer passes the first part; the second is passed by "good"."""

    def tasks(self, records: Any) -> list[Task]:
        return [Task("a", {})]

    def protocol(self) -> Protocol:
        as_it_is = Extractor("as-it-is", "1", "The reply.", lambda reply, task: reply)
        ask = Prompt((Message("user", "?"),))
        return Protocol("p", "1", prompt=lambda task: ask, extractor=as_it_is, assemble=lambda t, a: a.text)

    def scorer(self) -> Scorer:
        return Scorer("parted", "1")

    async def score(self, task: Task, answer: Answer, sandbox: Any) -> Verdict:
        good = passed(parts={"base": True, "plus": True})
        return good if answer.text == "good" else failed("wrong", parts={"base": True, "plus": False})


@pytest.mark.parametrize("text", ["good", "half"])
async def test_a_cut_reply_counts_in_no_part_unless_it_is_judged(text: str) -> None:
    info = SuiteInfo("parted", "Parted", Path())
    cut = await judge(Parted(info, CommonOptions()), Task("a", {}), Answer(text), "length", NO_SANDBOX)
    assert (cut.outcome, cut.reason) == (Outcome.FAILED, "truncated")
    assert cut.parts == {"base": False, "plus": False}
    judged = Parted(info, CommonOptions(truncated="judge"))
    whole = await judge(judged, Task("a", {}), Answer(text), "length", NO_SANDBOX)
    assert whole.outcome is (Outcome.PASSED if text == "good" else Outcome.FAILED)
    assert whole.parts == {"base": True, "plus": text == "good"}
