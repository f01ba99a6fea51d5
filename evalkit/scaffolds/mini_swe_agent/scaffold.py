"""The scaffold: an assignment, mini-swe-agent's process, our workspace for its commands, our model for it.

What it hands in is its own submission, and nothing is saved of a rollout that it did not hand in: so its
authors count (swebench.py of the package; docs/agents.md).
"""

from __future__ import annotations

import asyncio
import contextlib
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.errors import SandboxError, UsageError
from evalkit.interaction import Budget, OutOfTime
from evalkit.scaffold import Attempt, Rollout
from evalkit.scaffolds.mini_swe_agent.bridge import Bridge, call_of, output_of
from evalkit.scaffolds.mini_swe_agent.ends import THEIRS, Ended, reason
from evalkit.scaffolds.mini_swe_agent.process import AgentBroke, AgentProcess
from evalkit.scaffolds.taking import with_state
from evalkit.suite import Suite
from evalkit.task import Answer, Task
from evalkit.tools import python_of, tool_package
from evalkit.workspace import Workspace

if TYPE_CHECKING:
    from evalkit.scaffolds.proxy.server import ModelProxy

TOOL = "mini-swe-agent"
LATE = "agent_timeout"
SILENT_S = 600.0  # without a word, while neither its model nor a command of its is at work


class MiniSweAgent:
    """With the configuration `config/CONFIG.yaml` of the package, and its class for a model."""

    name = TOOL
    config = "benchmarks/swebench"
    asks = "mini-swebench"  # its words: the configuration of that name
    model_class = "litellm"
    # the same where the work is a machine's state, and not a patch
    machines = "mini"
    machines_budget = Budget(money=3.0)
    # what that file sets (2.4.6, read 2026-11): the user's limits come before it, the suite's after
    budget = Budget(turns=250, money=3.0)

    @property
    def version(self) -> str:
        return tool_package(TOOL).version

    def suited(self, suite: Suite) -> MiniSweAgent:
        if suite.protocol().form != "state":
            return self
        fit = copy(self)
        fit.config, fit.asks = self.machines, self.machines.replace("_", "-")
        fit.budget = self.machines_budget
        return fit

    def check(self, suite: Suite) -> None:
        if type(suite).assignment is Suite.assignment:
            raise UsageError(f"{suite.info.name} has no work for {self.name}", "leave out --scaffold")
        python_of(TOOL)

    async def attempt(self, suite: Suite, task: Task, rollout: Rollout) -> Attempt:
        from evalkit.scaffolds.proxy.server import ModelProxy

        assert rollout.sandbox is not None, "suites with assignments have workspaces"
        assignment = suite.assignment(task)
        budget = rollout.budget.within(self.budget).within(assignment.budget)
        # it loads while the workspace is made
        process = await AgentProcess.start(python_of(TOOL), self.config, self.model_class)
        try:
            workspace = await rollout.sandbox.open(assignment.spec)
            try:
                take = await assignment.ready(workspace)
                async with ModelProxy(rollout, budget=budget, clock=False) as proxy:
                    talk = Talk(rollout, process, proxy, Bridge(workspace), budget)
                    machine = await uname(workspace) if assignment.form == "state" else {}
                    made = await talk.run(assignment.problem, workspace.root, machine)
                if assignment.form != "state" or proxy.final is not None:
                    return made
                if talk.died:
                    return replace(made, answer=suite.lost("crashed"))
                return await with_state(made, suite, rollout, take, workspace)
            finally:
                with contextlib.suppress(SandboxError):  # what it ended with must not be hidden
                    await workspace.close()
        finally:
            await process.end()


class MiniSweAgentText(MiniSweAgent):
    """For models that call no tools: one fenced block a reply."""

    name = "mini-swe-agent-text"
    config = "benchmarks/swebench_backticks"
    asks = "mini-swebench-backticks"
    model_class = "litellm_textbased"
    machines = "mini_textbased"


async def uname(workspace: Workspace) -> dict[str, str]:
    """What its words say of the machine that it works on, as Python's platform.uname() calls it."""
    done = await workspace.run(["/bin/sh", "-c", "uname -s; uname -r; uname -v; uname -m"], timeout_s=60)
    return dict(zip(("system", "release", "version", "machine"), done.text.splitlines(), strict=False))


class Talk:
    """One rollout: the agent's requests, one after another, until it ends or is ended."""

    def __init__(
        self, rollout: Rollout, process: AgentProcess, proxy: ModelProxy, bridge: Bridge, budget: Budget
    ) -> None:
        self.rollout, self.process, self.proxy, self.bridge = rollout, process, proxy, bridge
        self.budget = budget
        self.died = False

    async def run(self, problem: str, root: str, machine: dict[str, str]) -> Attempt:
        version = (await self.process.hear())["ready"]["version"]
        start = {
            "task": problem,
            "root": root,
            "machine": machine,
            "base_url": self.proxy.base_url,
            "key": self.proxy.key,
            "step_limit": self.budget.turns or 0,  # 0: none
            "cost_limit": self.budget.money or 0.0,
        }
        await self.process.say({"start": start})
        ended, end = await self._until_the_end()
        self.proxy.check()
        if self.proxy.final is not None:  # of a model that gives it whole
            return Attempt(self.proxy.final)
        facts = {
            **self.proxy.facts(),
            "exit_status": ended.exit_status if ended else THEIRS.get(end, ""),
            "agent": f"{TOOL} {version}",
            "limits": {name: value for name, value in vars(self.budget).items() if value is not None},
        }
        return Attempt(Answer(ended.submission if ended else "", "patch"), end, facts)

    async def _until_the_end(self) -> tuple[Ended | None, str]:
        """What it said in the end, if it did, and our reason."""
        over = asyncio.create_task(self.proxy.over.wait())
        try:
            while (said := await self._next(over)) is not None:
                if "ended" in said:
                    return self._ended(Ended.of(said["ended"]))
                if end := await self._execute(said["execute"]):
                    return None, end
            return None, self.proxy.end or "stop"
        finally:
            over.cancel()

    async def _next(self, over: asyncio.Task[bool]) -> dict[str, Any] | None:
        """What it says next; None where the line to its model is over, or it does nothing any more."""
        hearing = asyncio.create_task(self.process.hear())
        try:
            while True:
                turns = self._asked
                await asyncio.wait({hearing, over}, timeout=SILENT_S, return_when=asyncio.FIRST_COMPLETED)
                if over.done():
                    return None
                if hearing.done():
                    return hearing.result()
                if turns == self._asked and not self.proxy.line.busy:
                    if not turns:
                        raise AgentBroke(f"mini-swe-agent did nothing for {SILENT_S:g} seconds")
                    self.proxy.line.hang_up("crashed")
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    @property
    def _asked(self) -> int:
        """How often it asked its model, and was answered somehow."""
        meter = self.proxy.meter
        return int(meter.turns + meter.overflows)

    def _ended(self, ended: Ended) -> tuple[Ended, str]:
        if ended.types and (ended.hosts or not self._asked):
            raise AgentBroke(f"mini-swe-agent ended with {ended.exit_status}: {ended.text}")
        return ended, reason(ended, self.proxy.ended, self.budget.turns)

    async def _execute(self, asked: dict[str, Any]) -> str:
        """The reason that the rollout ends with; "" where it goes on."""
        clocks = self.proxy.meter.clocks
        left_s = self.proxy.meter.left_s
        try:
            seen = await self.rollout.observe(call_of(asked), self.bridge.act, left_s)
        except OutOfTime:
            clocks["tools"] += left_s or 0.0
            return LATE
        clocks[seen.clock] += seen.wall_s
        self.died = seen.died
        if not seen.died:
            await self.process.say(output_of(seen))
        return seen.end
