"""What is taken of a machine when an agent of another's has worked on it: its state, as it stands."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from evalkit.assignment import Take
from evalkit.interaction import Observation
from evalkit.model import ToolCall
from evalkit.scaffold import Attempt, Rollout
from evalkit.suite import Suite
from evalkit.task import Answer
from evalkit.workspace import Workspace

CRASHED = "crashed"


async def with_state(
    attempt: Attempt, suite: Suite, rollout: Rollout, take: Take, workspace: Workspace
) -> Attempt:
    """The attempt with the state for its answer, whatever the agent handed in. Taking it is an act on record,
    on the account of the tests; a machine that dies of it has no state."""
    taken: list[Answer] = []

    async def look(_: ToolCall) -> Observation:
        answer = await take(workspace)
        taken.append(answer)
        digest = hashlib.sha256(answer.text.encode(errors="surrogatepass")).hexdigest()
        data = {"form": answer.form, "sha256": digest}
        return Observation(f"{len(answer.text):,} characters", data, clock="verification")

    seen = await rollout.observe(ToolCall("", "(answer)"), look)
    facts = {**attempt.facts, "verification_s": seen.wall_s}
    if not taken:
        return Attempt(suite.lost(CRASHED), CRASHED, facts)
    return replace(attempt, answer=taken[0], facts=facts)
