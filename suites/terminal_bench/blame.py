"""Whose doing it was that tests gave no verdict.

No summary on the screen, no reward: the tests' own place broke, or the agent broke it. It was the agent where
tests in an untouched container do give a verdict, and with nothing but its files again give none.
"""

from __future__ import annotations

import gzip

from evalkit.task import Answer
from evalkit.workspace import NotAFile, WorkspaceSandbox

from .alone import nobody, opened
from .state import CHANGES, NO_REWARD, UNREAD, State, read_state
from .trial import Trial
from .verify import How

MUTE = (UNREAD, NO_REWARD)
SAID = "the tests give no verdict with what was made of the files, and give one without it"


async def the_agents(trial: Trial, answer: Answer, sandbox: WorkspaceSandbox, how: How) -> str:
    """Why it was, in words; "" where that does not show. Runs the tests twice in fresh containers."""
    changes = answer.files.get(CHANGES)
    if changes is None or len(trial.steps) > 1:
        return ""
    untouched = read_state((await nobody(trial, sandbox, how)).text)
    if mute(untouched):
        return ""
    async with opened(trial, sandbox, how) as (workspace, verification):
        try:
            await workspace.apply(gzip.decompress(changes))
        except NotAFile:
            return ""
        again = read_state((await verification(workspace)).text)
    return SAID if mute(again) else ""


def mute(state: State) -> bool:
    return any(step.end in MUTE for step in state.steps)
