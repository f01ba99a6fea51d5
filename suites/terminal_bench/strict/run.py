"""The strict run: a task's own test script, by programs that nobody in its container could have touched.

    files   a fresh container with those of the agent's changes that cannot steer who verifies (choice.py)
    live    the agent's own container: what it left running is killed but services, the image's programs are
            put back, and the same is run

inside/launch.py does it there, started by the verifier's own shell and Python, which lie in a read-only place
with libraries and a loader of their own. What the tests came to is what pytest's reporter said over a socket
that nobody else has; the reward that the script wrote has to say the same. docs/security.md
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalkit.task import TestResult
from evalkit.witness import NoLaunch, Traps
from evalkit.witness.python_traps import set_traps
from evalkit.workspace import (
    Bundle,
    Executed,
    File,
    NotAFile,
    Workspace,
    WorkspaceDied,
    WorkspaceSandbox,
    WorkspaceSpec,
)

from .choice import HARNESS, LIBRARIES, PROGRAMS, Image, left_out, listed, without
from .job import Job
from .results import judged
from .tools import AT, INSIDE, PACKAGES, PYTHON, SHELL

MORE_S = 30.0  # beside the tests' own limit
REPORT_BYTES, OUTPUT_BYTES = 4 << 20, 64 << 10
CENSUS_S = 60.0
HOME = f"{INSIDE}/home"
LAUNCH = "import sys; sys.path.insert(0, '/evalkit'); from inside.launch import main; main()"  # see INSIDE
TESTS = "/tests"
REWARDS = "/logs/verifier"


@dataclass(frozen=True)
class Strict:
    """`faults` say why it is no pass, `reason` is theirs. `left`: the agent's changes that were not taken."""

    tests: tuple[TestResult, ...] = ()
    faults: tuple[str, ...] = ()
    reason: str = "wrong"
    left: tuple[str, ...] = ()
    output: str = ""
    wall_s: float = 0.0


async def prove_files(sandbox: WorkspaceSandbox, spec: WorkspaceSpec, job: Job, changes: bytes) -> Strict:
    """In a fresh container of the spec, which has the verifier's bundles (tools.py). SandboxError where the
    engine failed, NoLaunch where nothing came of
    it by our own fault."""
    with tempfile.TemporaryDirectory(prefix="evalkit-tests-") as temporary:
        tests, traps = trapped(job)
        folder = Path(temporary) / "tests"
        laid_out(folder, tests)
        bundles = (*spec.bundles, Bundle(str(folder), TESTS))
        alone, died = False, False
        while True:
            workspace = await sandbox.open(replace(spec, bundles=bundles))
            left: tuple[str, ...] = ()
            try:
                image = await census(workspace, changes)
                out = left_out(listed(changes), image)
                left = tuple(sorted(out))
                await workspace.apply(without(changes, out))
                told = await told_of(workspace, job, tests, traps) | {
                    "mounted": True,
                    "places": "",
                    "tests": {},
                }
                run = await launched(workspace, told, job.timeout_s, alone=alone)
            except NotAFile as e:
                return Strict(faults=(f"what the agent made cannot be put in place: {e}",), left=left)
            except WorkspaceDied:
                if died:
                    return Strict(faults=("the tests ended their container, twice",), reason="crashed")
                died = True
                continue
            finally:
                await workspace.close()
            if alone or not run[0].starved(job.timeout_s):
                return outcome(job, tests, traps, run, left)
            alone = True


async def prove_live(workspace: Workspace, job: Job) -> Strict:
    """In the agent's own container, which has the verifier's bundles; nothing of it is of use afterwards."""
    tests, traps = trapped(job)
    left: tuple[str, ...] = ()
    try:
        changes = await workspace.changes(without=[TESTS, "/logs"])
        fresh = await workspace.another()
        try:
            image = await census(fresh, changes)
            known = listed(changes)
            out = left_out(known, image)
            left = tuple(sorted(out))
            out = frozenset(path for path in out if not HARNESS.match(path))  # they are the verifier's anyhow
            back = await packed(fresh, sorted(out & image.there))
            told = await told_of(fresh, job, tests, traps)
        finally:
            await fresh.close()
        told |= {"live": True, "back": base64.b64encode(back).decode(), "away": sorted(out - image.there)}
        run = await launched(workspace, told, job.timeout_s, alone=False)
    except NotAFile as e:
        return Strict(faults=(f"the container's changes cannot be read: {e}",), left=left)
    except WorkspaceDied:
        return Strict(faults=("the container ended with its own programs",), reason="crashed", left=left)
    return outcome(job, tests, traps, run, left)


# -- what it is told -------------------------------------------------------------------------------
def trapped(job: Job) -> tuple[dict[str, File], Traps]:
    given = {path: file for path, file in job.tests.items() if path.rpartition("/")[2] in job.shape.files}
    files, traps = set_traps("pytest", given)
    return {**job.tests, **files}, traps


def laid_out(folder: Path, tests: Mapping[str, File]) -> None:
    folder.mkdir(mode=0o755)
    for name, file in tests.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        path.chmod(0o755 if file.executable else 0o644)


async def census(workspace: Workspace, changes: bytes) -> Image:
    """In a fresh container: nothing of the agent's is there yet."""
    path = tuple((await inner(workspace, ()))["PATH"].split(":"))
    told = {
        "paths": sorted({change.path for change in listed(changes)}),
        "programs": sorted({*PROGRAMS, *path}),
        "libraries": list(LIBRARIES),
    }
    found = json.loads((await asked(workspace, told)).output)
    there, programs, libraries = (frozenset(found[key]) for key in ("there", "programs", "libraries"))
    return Image(there, programs, libraries, path)


async def packed(workspace: Workspace, paths: Sequence[str]) -> bytes:
    return (await asked(workspace, {"pack": list(paths)})).output if paths else b""


async def asked(workspace: Workspace, told: Mapping[str, Any]) -> Executed:
    done = await workspace.run(
        [*PYTHON, f"{INSIDE}/census.py"],
        timeout_s=CENSUS_S,
        folder="/",
        user="0:0",
        stdin=json.dumps(told).encode(),
        output_bytes=256 << 20,
        shell=SHELL,
    )
    if done.status != 0:
        raise NoLaunch(f"the image cannot be looked at: {done.text[-300:]}")
    return done


async def inner(workspace: Workspace, env: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The variables that tests have: the image's, the task's, and the user's home."""
    done = await workspace.run(
        [*PYTHON, "-c", "import json, os; print(json.dumps(dict(os.environ)))"],
        timeout_s=CENSUS_S,
        env=dict(env),
        shell=SHELL,
    )
    if done.status != 0:
        raise NoLaunch(f"the verifier's Python does not run in {workspace.spec.image}: {done.text[-300:]}")
    found: dict[str, str] = json.loads(done.output)
    found.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    return {name: text for name, text in found.items() if name not in ("SHLVL", "_", "PWD", "OLDPWD")}


async def told_of(workspace: Workspace, job: Job, tests: Mapping[str, File], traps: Traps) -> dict[str, Any]:
    """As inside/launch.py takes it. The workspace is fresh, or holds nothing that is run by it."""
    variables = await inner(workspace, job.env)
    number = await workspace.run(
        [
            *PYTHON,
            "-c",
            "import os; print(os.getuid(), os.getgid(), *os.getgroups(), os.path.expanduser('~'))",
        ],
        timeout_s=CENSUS_S,
        user=job.user,
        shell=SHELL,
    )
    *numbers, home = number.text.split()
    variables["HOME"] = home
    packages = [PACKAGES] if job.shape.packages else []
    return {
        "live": False,
        "mounted": False,
        "places": TESTS,
        "back": "",
        "away": [],
        "tests": {
            name: {"data": base64.b64encode(file.data).decode(), "executable": file.executable}
            for name, file in tests.items()
        },
        "traps": sorted(traps.names),
        "clear": [REWARDS],
        "rewards": [f"{REWARDS}/reward.json", f"{REWARDS}/reward.txt"],
        "shell": [SHELL],
        "script": f"{TESTS}/{job.script}",
        "folder": workspace.root,
        "uid": int(numbers[0]),
        "gid": int(numbers[1]),
        "groups": [int(each) for each in numbers[2:]],
        "inner": variables,
        "env": {
            **variables,
            "HOME": HOME,
            "PATH": f"{INSIDE}/bin:{AT}/bin:{variables['PATH']}",
            "EVALKIT_PACKAGES": "\n".join(packages),
        },
        "timeout_s": job.timeout_s,
        "report_bytes": REPORT_BYTES,
        "output_bytes": OUTPUT_BYTES,
    }


async def launched(
    workspace: Workspace, told: Mapping[str, Any], timeout_s: float, *, alone: bool
) -> tuple[Executed, dict[str, Any]]:
    """NoLaunch where the launcher gave no result."""
    executed = await workspace.run(
        [*PYTHON, "-c", LAUNCH],
        timeout_s=timeout_s + MORE_S,
        folder="/",
        user="0:0",
        stdin=json.dumps(told).encode(),
        output_bytes=2 * (REPORT_BYTES + OUTPUT_BYTES),
        computes=True,
        alone=alone,
        shell=SHELL,
    )
    if executed.timed_out or executed.ended or executed.status is None or executed.status < 0:
        return executed, {}
    try:
        found: dict[str, Any] = json.loads(executed.output)
    except ValueError:
        if executed.status == 137:  # killed: by the tests, or for want of memory
            return executed, {}
        said = executed.text[-400:]
        raise NoLaunch(f"the launcher gave no result (status {executed.status}): {said}") from None
    return executed, found


def outcome(
    job: Job,
    tests: Mapping[str, File],
    traps: Traps,
    run: tuple[Executed, dict[str, Any]],
    left: tuple[str, ...],
) -> Strict:
    executed, found = run
    wall_s = executed.wall_s
    if executed.timed_out or (found and found["status"] is None):
        return Strict(
            faults=("the tests were not done in time",), reason="test_timeout", left=left, wall_s=wall_s
        )
    if not found:
        return Strict(
            faults=("the tests ended with their container",), reason="crashed", left=left, wall_s=wall_s
        )
    results, faults = judged(found["lines"], job.tests, job.shape.files, traps)
    more = list(faults)
    if found["full"]:
        more.append("more was reported than is read")
    if found["changed"]:
        more.append(f"while they ran these were changed: {', '.join(found['changed'][:3])}")
    if job.rewards and not faults and not any(is_one(text) for text in found["rewards"].values()):
        more.append("the script gave no reward of 1")
    return Strict(results, tuple(more), "wrong", left, found["output"], wall_s)


def is_one(text: str | None) -> bool:
    """As a file of rewards says it: a number, or JSON of numbers that are all 1."""
    try:
        value = json.loads(text or "")
    except ValueError:
        return False
    numbers = list(value.values()) if isinstance(value, dict) else [value]
    return bool(numbers) and all(isinstance(n, int | float) and n == 1 for n in numbers)
