"""Assignments: work for an agent in a workspace, whoever drives it.

A suite says what is asked, where, and what is taken in the end; whether evalkit's own shell, mini-swe-agent
or a command-line agent does it is the scaffold's part. docs/agents.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from evalkit.interaction import Budget
from evalkit.task import Answer, Form
from evalkit.workspace import Workspace, WorkspaceSpec

Take = Callable[[Workspace], Awaitable[Answer]]


@dataclass(frozen=True)
class Assignment:
    """One task as an agent gets it.

    `problem` is what is asked, as the benchmark words it and nothing more: a scaffold puts its own
    instructions around it. `ready` is asked once, of a fresh workspace of `spec`, before anything runs in it:
    it makes sure that nothing is there that the agent must not see, and gives what takes the work in the end.
    It raises SandboxError where the workspace is not fit for the task. `budget` is the suite's own; what the
    user sets comes before it.

    `form` is the answer's. Of a "state" it is the machine as it stands: what the agent left running stays
    there until it has been taken, and what an agent hands in by itself is no answer.
    """

    problem: str
    spec: WorkspaceSpec
    ready: Callable[[Workspace], Awaitable[Take]]
    budget: Budget = field(default_factory=Budget)
    form: Form = "patch"
