"""A task as work in a container: what it may use, what is made ready in it, and what is taken in the end."""

from __future__ import annotations

from evalkit.assignment import Assignment
from evalkit.interaction import Budget
from evalkit.scaffolds.terminal import terminal_bundles
from evalkit.workspace import Workspace, WorkspaceLimits, WorkspaceSpec

from .beside import beside_of
from .strict import bundles
from .trial import Trial
from .verify import How, Verification

# of tasks that say nothing: officially there is no limit then
MEMORY_BYTES, DISK_BYTES, PROCESSES = 8 << 30, 16 << 30, 4096


def spec_of(trial: Trial, how: How) -> WorkspaceSpec:
    """Makes the terminal's and the verifier's programs where they are not there yet: seconds, once."""
    asked = trial.environment
    phases = [phase for step in trial.steps for phase in (step.agent, step.verifier)]
    limits = WorkspaceLimits(
        memory_bytes=asked.memory_bytes or MEMORY_BYTES,
        disk_bytes=asked.storage_bytes or DISK_BYTES,
        processes=PROCESSES,
        cpus=asked.cpus,
    )
    return WorkspaceSpec(
        how.image,
        root=asked.workdir,
        user=trial.steps[0].agent.user,
        env=asked.env,
        network=how.network and any(phase.network == "public" for phase in phases),
        limits=limits,
        bundles=(*terminal_bundles(), *bundles(trial, how.factor)),
        beside=beside_of(trial),
    )


def assignment_of(trial: Trial, how: How) -> Assignment:
    """The first step's words. `ready` gives a `Verification`, which is the take."""

    async def ready(workspace: Workspace) -> Verification:
        verification = Verification(trial, workspace, how)
        await verification.begin()
        return verification

    return Assignment(trial.instruction, spec_of(trial, how), ready, budget_of(trial, how), form="state")


def budget_of(trial: Trial, how: How) -> Budget:
    """The agent's time: of all steps together, and none where one has no limit."""
    limits = [step.agent.timeout_s for step in trial.steps]
    known = [limit for limit in limits if limit is not None]
    return Budget(wall_s=sum(known) * how.factor if len(known) == len(limits) else None)
