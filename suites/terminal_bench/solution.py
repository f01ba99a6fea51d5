"""The reference solution, done as each format's oracle does it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from shlex import quote

from evalkit.errors import DataError
from evalkit.scaffolds.terminal import Ended, Terminal
from evalkit.workspace import Workspace

from .inside import files_below, put
from .trial import Solution, Step, Trial, Typed
from .verify import DAY_S, Verification

SOLUTION, ORACLE = "/solution", "/oracle"
LOG = "/logs/agent/oracle.txt"
WIDTH, HEIGHT = 160, 40
ENTERS = ("Enter", "C-m", "KPEnter", "C-j", "^M", "^J")  # names of one key


async def solve(work: Verification, workspace: Workspace) -> None:
    """The current step's, within the agent's time, however it ends. DataError where the task has none."""
    trial, step, how = work.trial, work.step, work.how
    solution = step.solution
    if solution is None:
        raise DataError(f"{trial.id} has no reference solution{f' for {step.name}' if step.name else ''}")
    limit_s = DAY_S if step.agent.timeout_s is None else step.agent.timeout_s * how.factor
    if trial.format == "harbor":
        await run_script(trial, step, solution, workspace, limit_s)
    else:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await type_it(work, solution, workspace, limit_s)


async def run_script(
    trial: Trial, step: Step, solution: Solution, workspace: Workspace, limit_s: float
) -> None:
    files = files_below(trial.files, [solution.folder])
    name = solution.script.removeprefix(f"{solution.folder}/")
    await put(workspace, {**files, name: replace(files[name], executable=True)}, SOLUTION)
    script = f"{SOLUTION}/{name}"
    env = {**dict(step.agent.env), **dict(solution.env), "DEBIAN_FRONTEND": "noninteractive"}
    await workspace.run(
        ["bash", "-c", f"({quote(script)}) > {LOG} 2>&1"],
        timeout_s=limit_s,
        user=step.agent.user,
        env=env,
        computes=True,
    )


async def type_it(work: Verification, solution: Solution, workspace: Workspace, limit_s: float) -> None:
    """Into a terminal of the agent's user, as the agent would; it stays where the tests are typed into it."""
    terminal = await Terminal.open(workspace, width=WIDTH, height=HEIGHT, user=work.step.agent.user)
    if work.wants_terminal:
        work.terminal = terminal
    try:
        if solution.script:
            files = {"solution.sh": files_below(work.trial.files, [""])[solution.script]}
            await put(workspace, files, ORACLE)
            await terminal.run_blocking((f"bash {ORACLE}/solution.sh", "Enter"), limit_s)
        for line in solution.typed:
            await type_line(terminal, line)
    except Ended:
        pass  # a solution may end its shell
    finally:
        if work.terminal is None:
            await terminal.end()


async def type_line(terminal: Terminal, line: Typed) -> None:
    """A line that blocks is waited for only where it ends with Enter, as officially."""
    keys = (line.keys, "Enter") if line.enter else (line.keys,)
    if line.block and (line.enter or line.keys in ENTERS or line.keys.endswith(("\n", "\r"))):
        if not await terminal.run_blocking(keys, line.max_timeout_s):
            raise TimeoutError(line.keys)  # officially an error of the agent's: nothing more is typed
        return
    loop = asyncio.get_running_loop()
    began = loop.time()
    await terminal.send(keys)
    await asyncio.sleep(max(0.0, line.min_timeout_s - (loop.time() - began)))
