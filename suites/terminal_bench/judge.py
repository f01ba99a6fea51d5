"""From an answer to its verdict.

An agent's answer is what the verification of its live container gave (state.py); where no agent worked, a
container is opened here, the reference solution run or nothing, and then verified the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from evalkit.errors import DataError
from evalkit.outcome import Outcome
from evalkit.task import Answer, Verdict, error, failed, passed
from evalkit.workspace import WorkspaceSandbox

from .alone import nobody, reference
from .blame import mute, the_agents
from .rewards import HEADLINE, headline
from .state import (
    BROKEN,
    CHANGES,
    FORGED,
    LATE,
    LOG,
    NO_REWARD,
    UNREAD,
    State,
    Verified,
    is_order,
    read_state,
)
from .strict import with_strict
from .trial import Trial
from .verify import How
from .workplace import spec_of

DETAIL, SHOWN = 400, 5
# the reason of `failed` or `error` that an end without a reward stands for
FAILED = {LATE: "test_timeout", FORGED: "wrong", BROKEN: "crashed"}
ERROR = {UNREAD: "grader", NO_REWARD: "no_reward"}


async def score(trial: Trial, answer: Answer, sandbox: WorkspaceSandbox, how: How) -> Verdict:
    """SandboxError where the engine failed, DataError where gold is asked for that the task lacks."""
    measured: dict[str, float] = {}
    worked = not is_order(answer.text)
    if not answer.text.strip():
        answer = await nobody(trial, sandbox, how)
    elif not worked:
        answer, measured["solution_s"] = await reference(trial, sandbox, how)
    try:
        state = read_state(answer.text)
    except DataError as e:
        return failed("malformed", e.message)
    verdict = official_verdict(trial, state, answer.files.get(LOG, b""), measured)
    if worked and mute(state) and (why := await the_agents(trial, answer, sandbox, how)):
        verdict = replace(
            verdict, outcome=Outcome.FAILED, reason="crashed", detail=f"{why}; {verdict.detail}"
        )
    return await with_strict(
        verdict,
        trial,
        sandbox,
        await asyncio.to_thread(spec_of, trial, how),
        changes=answer.files.get(CHANGES),
        live=state.strict,
        factor=how.factor,
    )


def official_verdict(trial: Trial, state: State, log: bytes, measured: Mapping[str, float]) -> Verdict:
    """As the official harness of the task's format counts it. A step without a reward decides: its end is the
    task's, whatever the steps before it earned."""
    if state.lost:
        return failed(state.lost, "the container ended with its own programs: nothing is left to verify")
    seconds = round(sum(step.seconds for step in state.steps), 3)
    facts = {"verifier_s": seconds, **measured}
    tests = tuple(test for step in state.steps for test in step.tests)
    bad = next((step for step in state.steps if step.rewards is None), None)
    if bad is not None:
        return without_reward(bad, state, log, facts)
    if not state.rewards:
        return error("no_reward", state.stopped or "no step was verified", log=log, measured=facts)
    value = headline(dict(state.rewards))
    official = state.steps[0].official if trial.format == "core" else said(state.rewards)
    facts["reward"] = value
    if value == 1:
        return passed(official=official, tests=tests, log=log, measured=facts)
    return failed("wrong", why_failed(state, log), official=official, tests=tests, log=log, measured=facts)


def without_reward(bad: Verified, state: State, log: bytes, facts: Mapping[str, float]) -> Verdict:
    where = f"step {bad.step}: " if bad.step else ""
    make = failed if bad.end in FAILED else error
    return make(
        FAILED.get(bad.end) or ERROR.get(bad.end, "no_reward"),
        f"{where}{bad.detail}"[: 2 * DETAIL],
        official=bad.official,
        tests=bad.tests,
        log=log,
        measured=facts,
    )


def said(rewards: Mapping[str, float]) -> str:
    """ "reward=0.5", the one that counts first."""
    names = sorted(rewards, key=lambda name: (name != HEADLINE, name))
    return " ".join(f"{name}={rewards[name]:g}" for name in names)


def why_failed(state: State, log: bytes) -> str:
    names = [test.name for step in state.steps for test in step.tests if test.status != "passed"]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    which = f"failed: {', '.join(names[:SHOWN])}{more}" if names else log.decode("utf-8", "replace")[-DETAIL:]
    return "; ".join(filter(None, (state.stopped, which.strip())))
