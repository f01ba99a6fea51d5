"""Verification of terminal-bench-core, as its harness 0.2.18 has it: run-tests.sh is typed into a new
terminal of root's, and what that shows in the end is the verdict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from evalkit.scaffolds.terminal import Ended, NoTerminal, Terminal
from evalkit.task import TestResult
from evalkit.workspace import File, Workspace

from .company import computing
from .inside import TESTS, put
from .screen import Unreadable, read_screen, resolved
from .state import BROKEN, LATE, UNREAD, Verified
from .trial import Step

if TYPE_CHECKING:
    from .verify import Seen, Verification

KEYS = ("bash ", f"{TESTS}/run-tests.sh", "Enter")
WIDTH, HEIGHT = 160, 40
SHOWN = 600  # characters of a screen in a verdict's detail


async def verify_core(
    by: Verification, workspace: Workspace, step: Step, files: Mapping[str, File], limit_s: float
) -> Seen:
    """`files`: the tests with their script, by path below /tests. NotAFile where they cannot be put there."""
    from .verify import Seen

    await put(workspace, files, TESTS)
    shown = await typed(by, workspace, step, limit_s, alone=False)
    if shown.late and shown.starved:  # late beside others, for want of CPU
        shown = await typed(by, workspace, step, limit_s, alone=True)
    verified, log = Verified(seconds=round(shown.seconds, 3)), shown.screen.encode()
    if shown.ended:
        return Seen(replace(verified, end=BROKEN, detail="the terminal of the tests was ended"), log)
    if shown.late:
        detail = f"not done in {limit_s:g} s: {shown.screen.strip()[-SHOWN:]}"
        return Seen(replace(verified, end=LATE, official="test_timeout", detail=detail), log)
    try:
        results = await asyncio.to_thread(read_screen, by.trial.parser, shown.screen)
    except Unreadable as e:
        detail = f"{e}: {shown.screen.strip()[-SHOWN:]}"
        return Seen(replace(verified, end=UNREAD, official="parse_error", detail=detail), log)
    tests = tuple(TestResult(name, "passed" if good else "wrong") for name, good in results.items())
    passes = resolved(results)
    official = "resolved" if passes else "unresolved"
    rewards = {"reward": float(passes)}
    return Seen(replace(verified, rewards=rewards, tests=tests, official=official), log)


@dataclass(frozen=True)
class Shown:
    """`screen` with all that it showed before. `starved`: being late may be for want of CPU. `ended`: the
    tests or the agent's own programs ended the terminal."""

    screen: str = ""
    seconds: float = 0.0
    late: bool = False
    starved: bool = False
    ended: bool = False


async def typed(by: Verification, workspace: Workspace, step: Step, limit_s: float, *, alone: bool) -> Shown:
    """In the agent's own terminal where the task wants that, and it is there."""
    own = by.terminal if by.trial.same_shell else None
    user = step.agent.user if by.trial.same_shell else "root"
    try:
        terminal = own or await Terminal.open(workspace, width=WIDTH, height=HEIGHT, user=user)
    except (Ended, NoTerminal):  # there was one before the work
        return Shown(ended=True)
    try:
        async with computing(workspace, limit_s, alone=alone) as place:
            began = monotonic()
            done = await terminal.run_blocking(KEYS, limit_s)
            seconds = monotonic() - began
        return Shown(await terminal.scrollback(), seconds, not done, place.starved(limit_s))
    except Ended:
        return Shown(ended=True)
    finally:
        if own is None:
            await terminal.end()
