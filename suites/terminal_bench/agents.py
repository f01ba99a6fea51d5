"""evalkit's own agents at work on a trial: in a terminal as Terminus 2 or 1, or by a plain shell's tools."""

from __future__ import annotations

from evalkit.assignment import Assignment, Take
from evalkit.interaction import Encounter, Partner, World
from evalkit.scaffolds.shell import ShellWorld, TextShell, ToolShell
from evalkit.workspace import Workspace, WorkspaceSandbox

from .protocols import SHELL, TERMINUS
from .stages import HandsOn, Stages
from .steps import StepsWorld
from .trial import Trial
from .verify import Verification

LOGIN = ("bash", "--login")  # harbor's; core takes the user's own shell, as tmux does


async def meet(trial: Trial, assignment: Assignment, sandbox: WorkspaceSandbox, tools: str) -> Encounter:
    """`tools`: a name of TERMINUS or SHELL. The world closes the workspace."""
    workspace = await sandbox.open(assignment.spec)
    try:
        take = await assignment.ready(workspace)
        drive = _typed if tools in TERMINUS else _by_tools
        world, partner = await drive(trial, workspace, take, tools)
    except BaseException:
        await workspace.close()
        raise
    return Encounter(world, partner, assignment.budget)


async def _typed(trial: Trial, workspace: Workspace, take: Take, tools: str) -> tuple[World, Partner]:
    from evalkit.scaffolds.terminal import TerminalWorld

    agent = trial.steps[0].agent
    world = await TerminalWorld.open(
        workspace,
        take,
        user=agent.user,
        env=dict(agent.env),
        shell=LOGIN if trial.format == "harbor" else (),
    )
    terminus = TERMINUS[tools]
    if isinstance(take, Verification) and len(trial.steps) > 1:
        return StepsWorld(world, take), Stages(trial.instruction, terminus)
    return world, terminus(trial.instruction)


async def _by_tools(trial: Trial, workspace: Workspace, take: Take, tools: str) -> tuple[World, Partner]:
    env = dict(trial.steps[0].agent.env)
    world: World = ShellWorld(workspace, take, tools=SHELL[tools], env=env, quiet=False)
    if isinstance(take, Verification) and len(trial.steps) > 1:
        world = HandsOn(StepsWorld(world, take))
    shell = TextShell if tools == "text" else ToolShell
    return world, shell(trial.instruction, workspace.root)
