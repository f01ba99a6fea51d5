"""One answer to one verdict: extract, score, and name what only the rollout knows."""

from __future__ import annotations

import asyncio
import dataclasses

from evalkit.outcome import Outcome
from evalkit.program import ProgramSandbox
from evalkit.suite import Suite
from evalkit.task import Answer, Task, Verdict, failed

CUT_SHORT = {"length": "truncated", "content_filter": "refused", "context": "context"}


async def judge(
    suite: Suite, task: Task, answer: Answer, finish_reason: str, sandbox: ProgramSandbox
) -> Verdict:
    """The official verdict. SandboxError where the sandbox broke.

    A reply that was cut by the token limit or a filter is scored like any other, as the official
    scorers do; where it does not pass, the reason is that it was cut, never `wrong`.
    """
    # a hostile reply may take seconds to read: other calls must not wait for it
    code = await asyncio.to_thread(suite.protocol().extract, task, answer)
    if code is None or not code.text.strip():
        verdict = failed("no_answer", "no code in the reply" if answer.text.strip() else "empty reply")
    else:
        verdict = await suite.score(task, code, sandbox)
        if verdict.extracted is None:
            verdict = dataclasses.replace(verdict, extracted=code.text)
    if verdict.outcome is Outcome.FAILED and finish_reason in CUT_SHORT:
        reason = CUT_SHORT[finish_reason]
        detail = f"finish_reason {finish_reason}; judged as it stood: {verdict.reason}"
        verdict = dataclasses.replace(verdict, reason=reason, detail=detail)
    return verdict
