"""Verification of terminal-bench-core, as its harness 0.2.18 has it: run-tests.sh is typed into a new
terminal of root's, and what that shows in the end is the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from evalkit.scaffolds.terminal import Ended, Terminal
from evalkit.task import TestResult
from evalkit.workspace import File, Workspace

from .company import computing
from .inside import TESTS, put
from .screen import Unreadable, read_screen, resolved
from .state import LATE, UNREAD, Verified
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
    late, screen, seconds, starved = await typed(by, workspace, step, limit_s, alone=False)
    if late and starved:  # late beside others, for want of CPU
        late, screen, seconds, _ = await typed(by, workspace, step, limit_s, alone=True)
    verified, log = Verified(seconds=round(seconds, 3)), screen.encode()
    if late:
        detail = f"not done in {limit_s:g} s: {screen.strip()[-SHOWN:]}"
        return Seen(replace(verified, end=LATE, official="test_timeout", detail=detail), log)
    try:
        results = read_screen(by.trial.parser, screen)
    except Unreadable as e:
        detail = f"{e}: {screen.strip()[-SHOWN:]}"
        return Seen(replace(verified, end=UNREAD, official="parse_error", detail=detail), log)
    tests = tuple(TestResult(name, "passed" if good else "wrong") for name, good in results.items())
    passes = resolved(results)
    official = "resolved" if passes else "unresolved"
    rewards = {"reward": float(passes)}
    return Seen(replace(verified, rewards=rewards, tests=tests, official=official), log)


async def typed(
    by: Verification, workspace: Workspace, step: Step, limit_s: float, *, alone: bool
) -> tuple[bool, str, float, bool]:
    """Whether they were late, the screen with all that it showed before, seconds, and whether that may be for
    want of CPU. In the agent's own terminal where the task wants that, and it is there."""
    own = by.terminal if by.trial.same_shell else None
    terminal = own or await Terminal.open(
        workspace, width=WIDTH, height=HEIGHT, user=step.agent.user if by.trial.same_shell else "root"
    )
    try:
        async with computing(workspace, limit_s, alone=alone) as place:
            began = monotonic()
            try:
                done = await terminal.run_blocking(KEYS, limit_s)
            except Ended:  # the tests, or the agent's own programs, ended the session
                return False, "", monotonic() - began, False
            seconds = monotonic() - began
        screen = await terminal.scrollback()
        return not done, screen, seconds, place.starved(limit_s)
    finally:
        if own is None:
            await terminal.end()
