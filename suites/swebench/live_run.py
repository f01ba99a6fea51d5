"""Live's run of an instance and its verdict: patches, rebuild, tests, their log, its parser.

The official steps in the official order: the tests' patch goes in before the model's, what does not apply is
left as it is, and where the tests are late, what they had written by then is what counts.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from evalkit.task import TestResult, Verdict, failed, passed
from evalkit.workspace import Workspace, WorkspaceDied, WorkspaceLimits, WorkspaceSandbox, WorkspaceSpec

from .live import PARSER, PYTEST, LiveInstance, by_pytest, cleaned, live_report, read_live, why
from .live_shell import LiveShell, Said

# 150 minutes a command, as its authors write it (their code counts 150 * 60 in minutes: 150 hours)
COMMAND_S = 9000.0
LIMITS = WorkspaceLimits(memory_bytes=16 << 30, disk_bytes=16 << 30, processes=4096)
LOG_BYTES = 64 << 20
PARSER_LIMITS = WorkspaceLimits(memory_bytes=2 << 30, disk_bytes=256 << 20, processes=64)
PARSER_S = 120.0
ROOT, ASIDE = "/testbed", "/tmp"
TESTS, PATCH, SCRIPT = "evalkit-tests.diff", "evalkit-model.diff", "evalkit-run_test.sh"
APPLY = f"git apply --reject --whitespace=nowarn {ASIDE}/{{name}}"
RESOLVED, UNRESOLVED, EMPTY, ERROR = "resolved", "unresolved", "empty_patch", "error"
DETAIL = 400


@dataclass(frozen=True)
class LiveRun:
    """`applied`: whether all of the model's patch went in; `said`: git's words. `log`: what was shown of the
    tests; `late` where a command was, `dropped` where the log was too long."""

    applied: bool
    said: str
    log: bytes
    late: bool
    dropped: bool


async def grade_live(
    row: Mapping[str, Any],
    patch: str | None,
    sandbox: WorkspaceSandbox,
    *,
    image: str,
    command_s: float = COMMAND_S,
    network: bool = False,
) -> Verdict:
    """The verdict on a patch of a row of Live's. SandboxError where the engine failed, DataError for a row
    that is none. There is no strict verdict: what its parsers read is what the tests print."""
    instance = read_live(row)
    if not patch or not patch.strip():
        return failed("empty_patch", official=EMPTY)
    try:
        data = patch.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return failed("patch_apply", "half a surrogate pair in the patch: no UTF-8", official=ERROR)
    run = await run_live(instance, data, sandbox, image=image, command_s=command_s, network=network)
    if run is None:
        return failed("crashed", "the tests ended their workspace, twice", official=ERROR)
    if run.dropped:
        return failed("output", f"a log of more than {LOG_BYTES >> 20} MiB", official=ERROR, log=run.log)
    statuses, broken = await read_log(instance, cleaned(run.log), sandbox)
    if statuses is None:
        return failed("wrong", f"its parser cannot read the log: {broken}", official=ERROR, log=run.log)
    return verdict_of(instance, run, statuses)


def verdict_of(instance: LiveInstance, run: LiveRun, statuses: Mapping[str, str]) -> Verdict:
    report = live_report(instance, statuses)
    tests = tuple(
        TestResult(name, status)
        for key in ("FAIL_TO_PASS", "PASS_TO_PASS")
        for status, names in (("passed", report[key]["success"]), ("wrong", report[key]["failure"]))
        for name in names
    )
    if report["resolved"]:
        return passed(official=RESOLVED, tests=tests, log=run.log)
    reason, detail = "wrong", why(instance, report)
    if run.late:
        reason, detail = "test_timeout", f"not done in time; {detail}"
    elif not run.applied:
        reason, detail = "patch_apply", f"{run.said[-DETAIL:]}; {detail}"
    return failed(reason, detail[: 3 * DETAIL], official=UNRESOLVED, tests=tests, log=run.log)


# -- the run ---------------------------------------------------------------------------------------


async def run_live(
    instance: LiveInstance,
    patch: bytes,
    sandbox: WorkspaceSandbox,
    *,
    image: str,
    command_s: float,
    network: bool,
) -> LiveRun | None:
    """None where the tests ended their workspace, twice: root's programs may."""
    for _ in range(2):
        workspace = await sandbox.open(
            WorkspaceSpec(image, root=ROOT, user="root", network=network, limits=LIMITS)
        )
        try:
            return await _run(workspace, instance, patch, command_s)
        except WorkspaceDied:
            continue
        finally:
            await workspace.close()
    return None


async def _run(workspace: Workspace, instance: LiveInstance, patch: bytes, limit_s: float) -> LiveRun:
    files_of = {TESTS: instance.test_patch, SCRIPT: f"{instance.test}\n"}
    there = {name: text.encode("utf-8", "surrogateescape") for name, text in files_of.items()}
    await workspace.write({**there, PATCH: patch}, folder=ASIDE)  # nothing is running yet
    test, show, prepare = instance.test, instance.show, [instance.rebuild]
    if not show.strip():  # the first rows, all Python, have no command that shows the log
        prepare.append(f"cp {ASIDE}/{SCRIPT} run_test.sh")
        test, show = "bash run_test.sh > testlog.out 2>&1", "cat testlog.out"
    async with LiveShell(workspace, LOG_BYTES) as shell:
        await shell.ask(APPLY.format(name=TESTS), limit_s)
        applied = said = await shell.ask(APPLY.format(name=PATCH), limit_s)
        for command in (*filter(str.strip, prepare), test):
            if said.status is not None:
                said = await shell.ask(command, limit_s)
        if said.status is not None:
            shown = await shell.ask(show, limit_s)
            return _of(applied, shown, shown.late, shell.dropped)
    async with LiveShell(workspace, LOG_BYTES) as shell:  # the other is gone with what it did
        shown = await shell.ask(show, limit_s)
        return _of(applied, shown, said.late, shell.dropped)


def _of(applied: Said, shown: Said, late: bool, dropped: bool) -> LiveRun:
    return LiveRun(
        applied.status == 0, applied.output.decode("utf-8", "replace"), shown.output, late, dropped
    )


# -- the log ---------------------------------------------------------------------------------------


async def read_log(
    instance: LiveInstance, log: str, sandbox: WorkspaceSandbox
) -> tuple[dict[str, str] | None, str]:
    """Test -> word; None where its parser breaks, and how. A row's own parser runs in a container only."""
    if instance.parser.lower().strip() == PYTEST:
        return await asyncio.to_thread(by_pytest, log), ""
    workspace = await sandbox.open(WorkspaceSpec(PARSER.name, limits=PARSER_LIMITS))
    try:
        code = files(__package__).joinpath("inside", "parse_live.py").read_bytes()
        parser = instance.parser.encode("utf-8", "replace")
        await workspace.write({"parse_live.py": code, "parser.py": parser, "log": log.encode()})
        done = await workspace.run(
            ["python3", "-I", "parse_live.py", "parser.py", "log"],
            timeout_s=PARSER_S,
            output_bytes=LOG_BYTES,
            computes=True,
        )
    except WorkspaceDied:
        return None, "it ended its workspace"
    finally:
        await workspace.close()
    if done.timed_out:
        return None, f"not done in {PARSER_S:g} s"
    try:
        said = json.loads(done.output)
        statuses = said.get("statuses")
    except (ValueError, AttributeError):
        return None, f"it printed {done.text[-100:]!r}"
    if isinstance(statuses, dict) and all(isinstance(word, str) for word in statuses.values()):
        return statuses, ""
    return None, str(said.get("broken", "no words"))[:DETAIL]
