"""The official test run of an exercise in a workspace: test files put back, the official command, its exit
code."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.workspace import Executed, Workspace

from .exercises import Exercise
from .runners import LIMIT_S, RUNNERS, cleaned, folder_of, tests_ready

OUTPUT_BYTES = 1 << 20
TIMED_OUT = "Tests timed out!"  # the official text; the model reads it


@dataclass(frozen=True)
class Tested:
    """One official run. `text` is its output as the model is shown it."""

    passed: bool
    text: str
    executed: Executed

    @property
    def status(self) -> int | None:
        return self.executed.status

    @property
    def timed_out(self) -> bool:
        return self.executed.timed_out


async def run_official(workspace: Workspace, exercise: Exercise) -> Tested:
    """Build files stay as the answer has them, as they do officially; the image's user runs it all.

    Tests that were late beside others, for want of CPU, are run again alone: only then their lateness is the
    answer's doing.
    """
    tested = await _run(workspace, exercise, alone=False)
    if not tested.executed.starved(LIMIT_S):
        return tested
    await workspace.quiet()
    return await _run(workspace, exercise, alone=True)


async def _run(workspace: Workspace, exercise: Exercise, *, alone: bool) -> Tested:
    runner = RUNNERS[exercise.language]
    await workspace.write(tests_ready(exercise), folder=folder_of(exercise))
    executed = await workspace.run(
        ["/bin/sh", "-e", "-c", runner.official],
        timeout_s=LIMIT_S,
        folder=folder_of(exercise),
        env=runner.env,
        output_bytes=OUTPUT_BYTES,
        computes=True,
        alone=alone,
    )
    text = TIMED_OUT if executed.timed_out else cleaned(_all(executed), exercise)
    return Tested(executed.status == 0, text, executed)


def _all(executed: Executed) -> str:
    if not executed.dropped:
        return executed.text
    half = OUTPUT_BYTES // 2
    head, tail = executed.output[:half], executed.output[half:]
    gap = f"\n[... {executed.dropped} bytes of output left out ...]\n"
    return head.decode("utf-8", "replace") + gap + tail.decode("utf-8", "replace")
