"""A command-line agent as a scaffold: it works in the rollout's container, and the model answers it.

    problem ──▶ agent's program in the workspace ──▶ relay ──▶ proxy ──▶ rollout.call
                     └──▶ files ──▶ the suite's take ──▶ answer

The network stays as the suite has it (off by default): the relay goes over the engine's own streams.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from time import monotonic
from typing import Any

from evalkit.assignment import Assignment, Take
from evalkit.errors import SandboxError, UsageError
from evalkit.interaction import Observation
from evalkit.model import ToolCall
from evalkit.scaffold import Attempt, Rollout
from evalkit.scaffolds.command.described import BUNDLE, HOME, Agent, Places, read_agent
from evalkit.scaffolds.command.relay import PORT, Relay, by_node, by_python
from evalkit.scaffolds.proxy.line import Line
from evalkit.scaffolds.taking import with_state
from evalkit.suite import Suite
from evalkit.task import Answer, Task
from evalkit.workspace import Bundle, Executed, Process, Workspace

CRASHED, FLOODED, LATE = "crashed", "output", "agent_timeout"
MOST_OUTPUT = 256 << 20  # bytes that it prints in all
KEPT = 1 << 16  # of them
SHOWN = 2000  # characters of its last words that are recorded
LOOK_S = 0.5
BEGIN_S = 300.0  # until its first call, at least: loading takes long on a busy machine
# both outputs through one pipe: the engine's two do not keep the order in which they were written
ONE_OUTPUT = ("/bin/sh", "-c", 'exec 2>&1; echo $$ >"$0"; exec "$@"')
NUMBER = f"{HOME}/number"  # the program's, as the container counts
END_ALONE = ("/bin/sh", "-c", 'kill -9 "$(cat "$0")"', NUMBER)
END_S = 5.0


@dataclass(frozen=True)
class Left:
    """How an agent's program came to its end. `status` None: it was ended. `why`: for what, "" where it was
    for the proxy's reasons."""

    status: int | None
    why: str = ""
    detail: str = ""
    said: str = ""


class CommandAgent:
    """evalkit.scaffold.Scaffold for the agent that a file describes."""

    def __init__(self, path: Path | str) -> None:
        self.agent = read_agent(Path(path))

    @property
    def name(self) -> str:
        return self.agent.name

    @property
    def version(self) -> str:
        return self.agent.version

    @property
    def asks(self) -> str:
        return self.agent.name  # its own words, and those of its file

    def check(self, suite: Suite) -> None:
        if type(suite).assignment is Suite.assignment:
            raise UsageError(f"{suite.info.name} has no work for {self.name}", "leave out --scaffold")
        bundles_of(self.agent)

    async def attempt(self, suite: Suite, task: Task, rollout: Rollout) -> Attempt:
        assignment = suite.assignment(task)
        assert rollout.sandbox is not None, "a suite with assignments has workspaces"
        bundles = (*assignment.spec.bundles, *bundles_of(self.agent))
        workspace = await rollout.sandbox.open(replace(assignment.spec, bundles=bundles))
        try:
            take = await assignment.ready(workspace)
            return await self._work(suite, assignment, take, workspace, rollout)
        finally:
            await workspace.close()

    async def _work(
        self, suite: Suite, assignment: Assignment, take: Take, workspace: Workspace, rollout: Rollout
    ) -> Attempt:
        from evalkit.scaffolds.proxy.server import ModelProxy

        async with ModelProxy(rollout, budget=rollout.budget.within(assignment.budget)) as proxy:

            async def run(_: ToolCall) -> Observation:
                places = Places(
                    f"http://127.0.0.1:{PORT}/v1",
                    proxy.key,
                    workspace.root,
                    turns=proxy.meter.budget.turns,
                )
                left = await drive(self.agent, assignment, places, workspace, proxy.line, proxy.port)
                return observed(left, proxy.line, self.agent)

            seen = await rollout.observe(ToolCall("", "(agent)", json.dumps(self._identity)), run)
            proxy.check()
            facts = {**proxy.facts(), "agent": self._identity, **dict(seen.data)}
            if seen.died:
                return Attempt(suite.lost(CRASHED), CRASHED, facts)
            end = seen.end or "stop"
            if proxy.final:
                return Attempt(proxy.final, end, facts)
            if assignment.form == "state":
                made = Attempt(Answer("", "state"), end, facts)
                return await with_state(made, suite, rollout, take, workspace)
            await workspace.quiet()
            return Attempt(await take(workspace), end, facts)

    @property
    def _identity(self) -> dict[str, str]:
        return {"name": self.name, "version": self.version}


class QwenCode(CommandAgent):
    """Qwen Code as its npm package is: agents/qwen-code.toml."""

    def __init__(self) -> None:
        with resources.as_file(
            resources.files("evalkit.scaffolds.command") / "agents" / "qwen-code.toml"
        ) as path:
            self.agent = read_agent(path, own=True)


def bundles_of(agent: Agent) -> tuple[Bundle, ...]:
    """What the agent brings into the workspace. UsageError where it is not installed."""
    if agent.folder is not None:
        return (Bundle(str(agent.folder), BUNDLE),)
    if agent.tool:
        from evalkit.tools import bundle_of

        return (Bundle(str(bundle_of(agent.tool)), BUNDLE),)
    return ()


def observed(left: Left, line: Line, agent: Agent) -> Observation:
    """How it ended, as the rollout's record has it."""
    if not line.asked and not line.over.is_set():
        raise SandboxError(
            f"{agent.name} ended (status {left.status}) without asking the model: {left.said[-300:].strip()}"
        )
    end = line.end or left.why
    if not end and left.status not in (0, None) and line.final is None:
        end = line.ended if line.ended != "stop" else CRASHED
        left = replace(left, detail=left.detail or f"{agent.name} ended with status {left.status}")
    end = end or line.ended
    data: dict[str, Any] = {"status": left.status}
    data |= {"detail": left.detail} if left.detail else {}
    return Observation(left.said[-SHOWN:], data, "" if end == "stop" else end)


async def drive(
    agent: Agent, assignment: Assignment, places: Places, workspace: Workspace, line: Line, port: int
) -> Left:
    """Run the agent's program to its end, or until there is a reason to end it."""
    state = assignment.form == "state"
    asked = agent.state_prompt if state and agent.state_prompt else agent.prompt
    prompt = replace(places).into(asked).replace("{problem}", assignment.problem)
    places = replace(places, prompt=prompt)
    await workspace.write(
        {path: places.into(text).encode() for path, text in agent.files.items()} or {".keep": b""},
        folder=HOME,
    )
    node = f"{BUNDLE}/node/run"
    async with Relay(
        workspace, port, by_node(node) if agent.relay == "node" else by_python("python3")
    ) as relay:
        printed = Printed()
        program = await workspace.start(
            (*ONE_OUTPUT, NUMBER, *(places.into(word) for word in agent.command)),
            env={name: places.into(value) for name, value in agent.env.items()},
            output_bytes=KEPT,
            on_output=printed.add,
        )
        if agent.prompt_by == "stdin":
            feeding = asyncio.ensure_future(_feed(program, prompt.encode(errors="replace")))
        else:
            feeding = asyncio.ensure_future(program.end_input())
        ending = asyncio.ensure_future(program.wait())
        try:
            why, detail = await _until(agent, ending, line, relay, printed)
            if not ending.done():
                await (end_alone(program, workspace) if state else program.kill())
            done = await ending
        finally:
            feeding.cancel()
            ending.cancel()
            await asyncio.gather(feeding, ending, return_exceptions=True)
    return _left(done, why, detail)


async def end_alone(program: Process, workspace: Workspace) -> None:
    """End the program and not what it started: services are part of a machine's state. Where that does not
    end it, all of it is ended."""
    await workspace.run(END_ALONE, timeout_s=END_S)
    try:
        await asyncio.wait_for(asyncio.shield(program.wait()), END_S)
    except TimeoutError:
        await program.kill()


async def _feed(program: Process, prompt: bytes) -> None:
    await program.write(prompt)
    await program.end_input()


async def _until(
    agent: Agent, ending: asyncio.Future[Executed], line: Line, relay: Relay, printed: Printed
) -> tuple[str, str]:
    """Wait until it has ended by itself, or should be: then why, and in words."""
    waits: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(event.wait()) for event in (line.over, relay.broken)
    ]
    quiet, calls = monotonic(), 0
    try:
        while not ending.done() and not line.over.is_set():
            await asyncio.wait([ending, *waits], timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            if ending.done() or line.over.is_set():
                break
            if relay.broken.is_set():
                await asyncio.wait([ending], timeout=LOOK_S)  # both may have ended with the workspace
                return (CRASHED, relay.why) if not ending.done() else ("", "")
            if printed.size > MOST_OUTPUT:
                return FLOODED, f"{agent.name} printed more than {MOST_OUTPUT >> 20} MiB"
            asked = line.asked + line.refused
            if asked != calls or line.busy:
                quiet, calls = monotonic(), asked
            limit_s = agent.quiet_s if asked else max(agent.quiet_s, BEGIN_S)
            if monotonic() - quiet > limit_s:
                return LATE, f"{agent.name} made no call for {limit_s:g} s"
        return "", ""
    finally:
        for wait in waits:
            wait.cancel()


def _left(done: Executed, why: str, detail: str) -> Left:
    if done.ended:
        return Left(None, CRASHED, f"the workspace was ended ({done.ended})", done.text)
    return Left(done.status, why, detail, done.text)


class Printed:
    """How much a program has printed."""

    def __init__(self) -> None:
        self.size = 0

    def add(self, data: bytes) -> None:
        self.size += len(data)
