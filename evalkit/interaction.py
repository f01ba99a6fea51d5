"""Interactive tasks: a model, the tools of a world, and a partner who answers its plain text.

A suite supplies all but the model: `Suite.meet(task, sandbox)` gives an `Encounter`. The loop itself is
evalkit/scaffolds/interactive.py, one page. Every act on the world goes through it, whoever asked for it, so
that it is recorded before it is used, and done again where a rollout was cut short.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, runtime_checkable

from evalkit.model import Message, Reply, Tool, ToolCall
from evalkit.task import Answer

Clock = Literal["tools", "verification"]


@dataclass(frozen=True)
class Budget:
    """What one rollout may use; None is no limit. Running out is a reason, not an exception.

    `turns` and `tokens` (of replies) are the tested model's; `money` is US dollars of all models; `wall_s`
    seconds of model and tools (verification and the partner's models have no part in it). What a server does
    not tell (tokens, a price) cannot be counted.
    """

    turns: int | None = None  # model calls
    tokens: int | None = None
    money: float | None = None
    wall_s: float | None = None

    def within(self, other: Budget) -> Budget:
        """This one, and the other's limits where this one sets none."""
        mine = {name: value for name, value in vars(self).items() if value is not None}
        return replace(other, **mine)


@dataclass(frozen=True)
class Observation:
    """What an act on the world gave: `text` for the model, `data` (plain JSON) for whoever else goes on from
    it. Nothing but this is used of it, so that a rollout can be made again from its record.

    `end`: the rollout is over with it ("submitted", "crashed", ...). `clock`: on whose account its time goes.
    `died`: the world ended with it, and can be asked nothing more.
    """

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    end: str = ""
    clock: Clock = "tools"
    wall_s: float = 0.0  # set by the loop, as is the next
    died: bool = False


class Spent(Exception):
    """What a rollout may use is used up. `why` is the reason of `failed` that it ends with: that is for the
    loop, and a partner lets it pass."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class OutOfTime(Spent):
    """A model's act was cut short: its rollout's time was over."""

    def __init__(self) -> None:
        super().__init__("agent_timeout")


class Act(Protocol):
    """A partner's way to the world."""

    def __call__(self, call: ToolCall, *, timed: bool = False) -> Awaitable[Observation]:
        """`timed`: it stands for the model, who asked for it in plain text, and is cut short where the
        rollout's time is over: OutOfTime. What a partner does for itself (it runs tests) has its time."""
        ...


Ask = Callable[[str, tuple[Message, ...]], Awaitable[Reply]]  # a role ("user") and a conversation


class World(Protocol):
    """What can be acted on: files, a shell, a terminal, a database, a browser."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the model may call; a partner may also call what is not offered."""
        ...

    async def act(self, call: ToolCall) -> Observation:
        """Do it. Bad arguments and failures of the tool are observations; WorkspaceDied passes through."""
        ...

    async def answer(self) -> Answer:
        """What the rollout ends with: the work as it stands."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Said:
    """What a partner says to a reply: the whole conversation as it goes on, or, with `end`, that it is over.

    `end` is "done", or a reason of `failed` that the rollout ends with.
    """

    messages: tuple[Message, ...] = ()
    end: str = ""


class Partner(Protocol):
    """Who opens the conversation and answers the model's plain text. Its state must follow from what it is
    given alone (conversation, replies, observations), never from a clock or from chance."""

    async def open(self, act: Act) -> tuple[Message, ...]:
        """The first request's messages."""
        ...

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        """To a reply without tool calls; it is the conversation's last message already."""
        ...

    async def overflow(self, conversation: tuple[Message, ...], act: Act) -> Said:
        """The conversation no longer fits the model's context: a shorter one, or the end ("context")."""
        ...

    def facts(self) -> dict[str, Any]:
        """What is worth keeping of the whole conversation: plain JSON, kept with the answer."""
        ...


@runtime_checkable
class Asking(Protocol):
    """What a partner has, too, who lets a model of another role speak: a simulated user. Its suite names the
    roles (`Suite.roles`), the user of evalkit their models (--user-model)."""

    def introduce(self, ask: Ask) -> None:
        """Before `open`: how it calls them. Each call is recorded, and paid once, as the tested model's.

        The role "tested" is the tested model itself, asked aside from its conversation: to sum up what it
        did. Such a call is one of its turns, in every count; ContextExceeded where the question does not fit.
        """
        ...


@runtime_checkable
class Fitting(Protocol):
    """What a partner has, too, who goes by the length of the model's context: see Suite.minds_context."""

    def fit(self, context: int | None) -> None:
        """Before `open`: how many tokens it holds; None is not known."""
        ...


@runtime_checkable
class Watching(Protocol):
    """What a partner has, too, who looks at the replies that call tools."""

    def watch(self, reply: Reply, seen: tuple[Observation, ...]) -> str:
        """After all of a reply's calls, with what each gave: a reason of `failed` that the rollout ends with;
        "" goes on. An observation of what was not done, since the call named no tool or could not be read,
        has `mistake` in its data."""
        ...


@dataclass(frozen=True)
class Encounter:
    """One task, met: what its rollout needs. Whoever asked for it closes the world."""

    world: World
    partner: Partner
    budget: Budget = field(default_factory=Budget)
