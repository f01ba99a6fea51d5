"""The official run of one instance: in a fresh workspace, what swebench 5.0.2's `run_instance` does.

The patch is put beside the repository and tried four ways; then the evaluation script runs as root, and what
it prints is the log. Root's rights, the model's code and the tests are one here: the log is what officially
counts, not what can be trusted (see strict).
"""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.workspace import (
    Executed,
    Workspace,
    WorkspaceDied,
    WorkspaceLimits,
    WorkspaceSandbox,
    WorkspaceSpec,
)

from .changes import BEFORE, Changes, Unreadable, read_changes
from .instances import Instance
from .scripts import evaluation_script
from .wheels import WHEELS, supply

ROOT = "/testbed"
PATCH, SCRIPT = "/tmp/patch.diff", "/eval.sh"
LIMITS = WorkspaceLimits(
    memory_bytes=8 << 30, disk_bytes=8 << 30, processes=4096
)  # officially there are none
LOG_BYTES = 64 << 20
APPLY_S = 300.0
# status 0: it is applied
APPLY = f"""{BEFORE}
for attempt in 'git apply --verbose' 'git apply --verbose --3way' 'git apply --verbose --reject' \\
        'patch --batch --forward --fuzz=5 -p1 -i'; do
    if [ "$attempt" != 'git apply --verbose' ]; then git checkout -- . ; git clean -fd; fi >/dev/null 2>&1
    echo "$attempt:"
    $attempt {PATCH} && exit 0
done
git apply --check --reverse {PATCH}
"""
# One pipe for both streams: the marks come by stderr, and have to stand where they belong.
EVALUATE = ["/bin/sh", "-c", f"exec /bin/bash {SCRIPT} 2>&1"]


@dataclass(frozen=True)
class OfficialRun:
    """`applied`: whether one of the ways took the patch; `said` what they printed. `log`: of the evaluation
    script, with the official sentence where it was late. `executed` is None where it was not run, or where
    its programs ended the workspace twice. `changes`: what the patch made of the repository, or why that
    cannot be told."""

    applied: bool
    said: str = ""
    changes: Changes | str = ""
    log: bytes = b""
    executed: Executed | None = None
    patch: bytes | Changes = b""


async def run_official(
    instance: Instance,
    patch: bytes | Changes,
    sandbox: WorkspaceSandbox,
    *,
    image: str,
    test_timeout_s: float,
    network: bool,
) -> OfficialRun:
    """With a patch, or with files as a patch made them. SandboxError where the engine failed. What was late
    for want of CPU is run again, alone; what lost its workspace once more, since programs of root's may end
    their own."""
    alone, died = False, False
    while True:
        workspace = await sandbox.open(
            WorkspaceSpec(image, root=ROOT, user="root", network=network, limits=LIMITS)
        )
        try:
            if not network:
                await supply(instance, workspace, sandbox)
            run = await _run(workspace, instance, patch, test_timeout_s, network, alone)
        except _Ended as e:
            if died:
                return OfficialRun(True, e.said, e.changes, patch=patch)
            died = True
            continue
        finally:
            await workspace.close()
        if alone or run.executed is None or not run.executed.starved(test_timeout_s):
            return run
        alone = True


class _Ended(Exception):
    """The workspace was gone while the evaluation script ran."""

    def __init__(self, said: str, changes: Changes | str) -> None:
        super().__init__(said)
        self.said, self.changes = said, changes


def offline(network: bool) -> dict[str, str]:
    """Where the installation at grading finds what builds need: never what a patch asks for."""
    return {} if network else {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": WHEELS}


async def apply_alone(patch: bytes, sandbox: WorkspaceSandbox, *, image: str) -> Changes | str:
    """What the patch makes of the repository, without a run; in words why that cannot be told."""
    workspace = await sandbox.open(WorkspaceSpec(image, root=ROOT, user="root", limits=LIMITS))
    try:
        tried, changes = await _apply(workspace, patch)
        return changes if tried is None or tried.status == 0 else "it does not apply"
    finally:
        await workspace.close()


async def _apply(workspace: Workspace, patch: bytes | Changes) -> tuple[Executed | None, Changes | str]:
    """What tried the patch, and what it made of the repository; files are put there as they are."""
    if isinstance(patch, Changes):
        await workspace.remove(sorted(patch.deleted))
        await workspace.write(patch.files)
        return None, patch
    await workspace.write({"patch.diff": patch}, folder="/tmp")
    tried = await workspace.run(["/bin/bash", "-c", APPLY], timeout_s=APPLY_S, output_bytes=1 << 20)
    if tried.status != 0:
        return tried, ""
    try:
        return tried, await read_changes(workspace)
    except Unreadable as e:
        return tried, str(e)


async def _run(
    workspace: Workspace,
    instance: Instance,
    patch: bytes | Changes,
    limit_s: float,
    network: bool,
    alone: bool,
) -> OfficialRun:
    tried, changes = await _apply(workspace, patch)
    said = tried.text if tried else ""
    if tried and tried.status != 0:
        return OfficialRun(False, said, patch=patch)
    await workspace.write({"eval.sh": evaluation_script(instance).encode()}, folder="/")
    try:
        executed = await workspace.run(
            EVALUATE,
            timeout_s=limit_s,
            env=offline(network),
            output_bytes=LOG_BYTES,
            computes=True,
            alone=alone,
        )
    except WorkspaceDied:
        raise _Ended(said, changes) from None
    log = executed.output
    if executed.timed_out:
        log += f"\n\nTimeout error: {limit_s:g} seconds exceeded.".encode()
    return OfficialRun(True, said, changes, log, executed, patch)
