"""The official verification: the task's tests in the container where the agent worked, its services running.

    begin ─▶ (the agent works) ─▶ advance ─▶ (the agent works on the next step) ─▶ ... ─▶ the take

Each step is verified as its format says: core.py's tests by what their screen shows (verify_core), the later
format's by the reward that they write down (verify_harbor). docs/terminal-bench.md
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalkit.errors import SandboxError
from evalkit.task import Answer
from evalkit.workspace import NotAFile, Workspace

from .inside import AGENT_LOGS, EMPTY, LOGS, TESTS, as_root, files_below, make_folders, number_of, put
from .rewards import FOLDER, Rewards, headline, mean, short_of
from .state import BROKEN, CHANGES, LOG, State, Verified
from .strict import changes_of, proven_live
from .trial import Healthcheck, Phase, Step, Trial

if TYPE_CHECKING:
    from evalkit.scaffolds.terminal import Terminal

DAY_S = 86_400.0  # of a phase without a limit
SETUP = "setup.sh"
SETUP_S = 600.0
LOG_BYTES = 4 << 20


@dataclass(frozen=True)
class How:
    """What a run makes of a task: its image, what its time limits are multiplied by, whether it has the
    network that it asks for, or none."""

    image: str
    factor: float = 1.0
    network: bool = True


@dataclass(frozen=True)
class Seen:
    """What a step's tests came to, and what they said."""

    verified: Verified
    log: bytes = b""


class Verification:
    """Of one rollout, in its live container. It is the take (evalkit.assignment.Take): what no `advance` has
    verified yet is verified then, steps that the agent never got to as they stand.

    `terminal`: the agent's, where core's tests are to be typed into it (`wants_terminal`).
    """

    def __init__(self, trial: Trial, workspace: Workspace, how: How) -> None:
        self.trial = trial
        self.how = how
        self.terminal: Terminal | None = None
        self.verified: list[Verified] = []
        self.stopped = ""  # why no later step is begun
        self.owners: frozenset[int] = frozenset()  # users whose rewards count
        self._workspace = workspace
        self._logs: list[bytes] = []

    # -- for whoever drives the agent --------------------------------------------------------------
    @property
    def wants_terminal(self) -> bool:
        return self.trial.same_shell

    @property
    def steps_left(self) -> int:
        return 0 if self.stopped else len(self.trial.steps) - len(self.verified)

    @property
    def step(self) -> Step:
        """The one that is worked on."""
        return self.trial.steps[len(self.verified)]

    async def begin(self) -> None:
        """Make a fresh container ready for the agent. SandboxError where it is not fit for the task."""
        workspace, step = self._workspace, self.step
        await make_folders(workspace, (*LOGS, *AGENT_LOGS) if self.trial.format == "core" else LOGS)
        users = {step.verifier.user for step in self.trial.steps}
        self.owners = frozenset([0, *[await number_of(workspace, user) for user in sorted(users)]])
        if check := self.trial.environment.healthcheck:
            await self._healthy(check, step.agent)
        if why := await self._prepare(step):
            raise SandboxError(f"{self.trial.id}: {why}")

    async def advance(self) -> Verified:
        """Verify the step that was worked on, and make the next one ready, if there is one to be."""
        step = self.step
        seen = await self._verify(step)
        self.verified.append(seen.verified)
        self._logs.append(seen.log)
        if seen.verified.rewards is None:
            self.stopped = f"{step.name or 'the step'} has no reward: {seen.verified.end}"
        elif why := short_of(seen.verified.rewards, step.least):
            self.stopped = why
        if self.steps_left:
            await self._reset()
            if why := await self._prepare(self.step):  # for what the agent left, as far as is known
                self.verified.append(Verified(self.step.name, end=BROKEN, detail=why))
                self.stopped = why
        return seen.verified

    async def __call__(self, workspace: Workspace) -> Answer:
        files: dict[str, bytes] = {}
        while self.steps_left:
            if self.steps_left == 1:
                files |= await self._changes()
            await self.advance()
        files[LOG] = b"\n".join(self._logs)[-LOG_BYTES:]
        strict = await proven_live(self.trial, workspace, self.how.factor) if self._resolved() else {}
        return State(tuple(self.verified), self._rewards(), self.stopped, strict=strict).answer(files)

    def _resolved(self) -> bool:
        rewards = self._rewards()
        return rewards is not None and bool(rewards) and headline(rewards) == 1

    def _rewards(self) -> Rewards | None:
        """Of all steps as the task combines them; None where no step has any."""
        known = [dict(each.rewards) for each in self.verified if each.rewards is not None]
        if self.trial.reward == "final" and self.verified:
            last = self.verified[-1].rewards
            return None if last is None else dict(last)
        return mean(known) if known else None

    async def _changes(self) -> Mapping[str, bytes]:
        """What the agent has made of the files, as it stands before the last verification; none where that is
        too much."""
        try:
            return {CHANGES: await changes_of(self._workspace)}
        except NotAFile:
            return {}

    # -- steps -------------------------------------------------------------------------------------
    async def _verify(self, step: Step) -> Seen:
        from .verify_core import verify_core
        from .verify_harbor import verify_harbor

        await self._network(step.verifier)
        limit_s = DAY_S if step.verifier.timeout_s is None else step.verifier.timeout_s * self.how.factor
        try:
            files = files_below(self.trial.files, step.tests)
            if self.trial.format == "core":
                files["run-tests.sh"] = files_below(self.trial.files, [""])["run-tests.sh"]
                seen = await verify_core(self, self._workspace, step, files, limit_s)
            else:
                if len(self.trial.steps) > 1:
                    await self._reset()
                seen = await verify_harbor(self, self._workspace, step, files, limit_s)
        except NotAFile as e:  # /tests or the rewards' folder cannot be used: only the agent may have done it
            seen = Seen(Verified(end=BROKEN, detail=f"the tests could not be put in place: {e}"))
        return replace(seen, verified=replace(seen.verified, step=step.name))

    async def _prepare(self, step: Step) -> str:
        """Before its agent begins. Why that cannot be, which is the task's fault or the steps' before."""
        await self._network(step.agent)
        if step.workdir:
            await put(self._workspace, files_below(self.trial.files, [step.workdir]), self._workspace.root)
        if f"{step.workdir}/{SETUP}" in self.trial.files and step.workdir:
            script = f"{self._workspace.root.rstrip('/')}/{SETUP}"
            user, env = user_of(step.agent), dict(step.agent.env)
            done = await self._workspace.run(["bash", script], timeout_s=SETUP_S, user=user, env=env)
            if done.status != 0:
                return f"{SETUP} of the step {step.name} ended with {done.status}: {done.text[-200:].strip()}"
        try:
            if step.healthcheck:
                await self._healthy(step.healthcheck, step.agent)
        except SandboxError as e:
            return e.message
        return ""

    async def _reset(self) -> None:
        """Neither tests nor results of a step are seen by the next, nor made by the agent."""
        await as_root(self._workspace, EMPTY, TESTS, FOLDER)

    async def _network(self, phase: Phase) -> None:
        if self._workspace.spec.network:
            await self._workspace.network(phase.network == "public")

    async def _healthy(self, check: Healthcheck, phase: Phase) -> None:
        """Ask until it is. Failures of the start period do not count. SandboxError after too many others."""
        loop = asyncio.get_running_loop()
        starting, failures = loop.time() + check.start_period_s, 0
        while True:
            early = loop.time() < starting
            done = await self._workspace.run(
                ["bash", "-c", check.command],
                timeout_s=check.timeout_s,
                user=user_of(phase),
                env=dict(phase.env),
            )
            if done.status == 0:
                return
            failures += not early
            if failures >= check.retries:
                said = done.text.strip()[-200:]
                raise SandboxError(f"{self.trial.id}: its healthcheck failed {failures} times: {said}")
            await asyncio.sleep(check.start_interval_s if early else check.interval_s)


def user_of(phase: Phase) -> str:
    """As the workspace takes it: "" is the image's own."""
    return phase.user
