"""Verification of the 2.x format, as harbor 0.25.0 has it: test.sh by an exec, then the reward that it wrote.

The script's exit code says nothing. Rewards of before are removed as root; afterwards their folder is read
from outside, at one moment, whatever still runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from evalkit.workspace import Executed, File, NotAFile, Workspace

from .ctrf import read_tests
from .inside import GONE, TESTS, as_root, put
from .rewards import FOLDER, JSON, TEXT, Forged, NoReward, read_rewards
from .state import BROKEN, FORGED, LATE, NO_REWARD, Verified
from .trial import Step

if TYPE_CHECKING:
    from .verify import Seen, Verification

STDOUT = f"{FOLDER}/test-stdout.txt"
RESULTS = (JSON, TEXT, "ctrf.json")
FOLDER_BYTES = 64 << 20


async def verify_harbor(
    by: Verification, workspace: Workspace, step: Step, files: Mapping[str, File], limit_s: float
) -> Seen:
    """`files`: the tests, by path below /tests. NotAFile where they cannot be put there."""
    from .verify import Seen

    script = step.script.removeprefix(f"{TESTS}/")
    if script in files:
        files = {**files, script: replace(files[script], executable=True)}
    await put(workspace, files, TESTS)
    if stale := await cleared(workspace):
        return Seen(Verified(end=FORGED, detail=f"{stale} cannot be removed"))
    done = await run_script(workspace, step, limit_s, alone=False)
    if done.starved(limit_s):  # late beside others, for want of CPU
        await cleared(workspace)
        done = await run_script(workspace, step, limit_s, alone=True)
    verified = Verified(seconds=round(done.wall_s, 3))
    if done.timed_out:
        detail = f"not done in {limit_s:g} s"
        return Seen(replace(verified, end=LATE, official="VerifierTimeoutError", detail=detail), done.output)
    if done.ended:
        return Seen(replace(verified, end=BROKEN, detail=f"the tests ended it all: {done.ended}"))
    left = (await workspace.tree(FOLDER, limit=FOLDER_BYTES)).files
    log = left.get("test-stdout.txt", File()).data or done.output
    verified = replace(verified, tests=await asyncio.to_thread(read_tests, left))
    try:
        return Seen(replace(verified, rewards=read_rewards(left, by.owners)), log)
    except Forged as e:
        return Seen(replace(verified, end=FORGED, detail=str(e)), log)
    except NoReward as e:
        return Seen(replace(verified, end=NO_REWARD, official=e.official, detail=str(e)), log)


async def cleared(workspace: Workspace) -> str:
    """Remove results of before, and a folder of results that is none. The name of one that is still there."""
    await as_root(workspace, GONE, *(f"{FOLDER}/{name}" for name in RESULTS))
    try:
        left = (await workspace.tree(FOLDER, limit=FOLDER_BYTES)).files
    except NotAFile:  # a link, no folder, or one that is too full
        await as_root(workspace, 'rm -rf -- "$1"; mkdir -p -- "$1"; chmod 777 -- "$1"', FOLDER)
        left = (await workspace.tree(FOLDER, limit=FOLDER_BYTES)).files
    return next((name for name in RESULTS if name in left), "")


async def run_script(workspace: Workspace, step: Step, limit_s: float, *, alone: bool) -> Executed:
    command = f"({quote(step.script)}) > {STDOUT} 2>&1"
    return await workspace.run(
        ["bash", "-c", command],
        timeout_s=limit_s,
        user=step.verifier.user,
        env=dict(step.verifier.env),
        computes=True,
        alone=alone,
    )
