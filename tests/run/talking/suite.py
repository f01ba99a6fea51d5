"""Worlds in this process and partners of each kind: a record says which, and what must be in the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit import Answer, Extractor, Message, Prompt, Protocol, Scorer, Task
from evalkit.errors import ContextExceeded
from evalkit.interaction import Act, Ask, Budget, Encounter, Said
from evalkit.model import Reply, ToolCall
from evalkit.scaffolds.terminus import Terminus1, Terminus2, Terminus2Xml
from evalkit.suite import Suite as Base
from evalkit.task import Verdict, failed, passed

from .typed import Typed
from .worlds import Files, Table, World

# -- partners --------------------------------------------------------------------------------------


@dataclass
class Nobody:
    """Asks once, and takes the first plain text for the end. A conversation that is too long loses its first
    act."""

    question: str
    shortened: int = 0

    async def open(self, act: Act) -> tuple[Message, ...]:
        return (Message("system", "You have tools."), Message("user", self.question))

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        return Said(end="done")

    async def overflow(self, conversation: tuple[Message, ...], act: Act) -> Said:
        if len(conversation) <= 3:
            return Said(end="context")
        self.shortened += 1
        return Said((*conversation[:2], *conversation[4:]))

    def facts(self) -> dict[str, Any]:
        return {"shortened": self.shortened}


@dataclass
class Stubborn(Nobody):
    """Cannot shorten anything."""

    async def overflow(self, conversation: tuple[Message, ...], act: Act) -> Said:
        return Said(conversation)


@dataclass
class Nudge(Nobody):
    """Asks to go on, so many times, until the world holds something."""

    times: int = 2
    nudged: int = 0

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        seen = await act(ToolCall("", "check", json.dumps({"after": self.nudged})))
        if seen.end or seen.data["keys"] or self.nudged == self.times:
            return Said(end=seen.end or "done")
        self.nudged += 1
        return Said((*conversation, Message("user", "Please go on.")))

    def facts(self) -> dict[str, Any]:
        return {"nudged": self.nudged}


@dataclass
class Careless(Nobody):
    """Goes on whatever its acts say."""

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        for _ in range(3):
            await act(ToolCall("", "fall", json.dumps({"times": 100})))
        return Said((*conversation, Message("user", "Go on.")))


@dataclass
class Doer(Nobody):
    """Does in the model's name what it says: `sleep 3`."""

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        name, _, seconds = reply.text.partition(" ")
        if name != "sleep":
            return Said(end="done")
        await act(ToolCall("", name, json.dumps({"seconds": float(seconds)})), timed=True)
        return Said((*conversation, Message("user", "Slept.")))


@dataclass
class Doubtful(Nobody):
    """Asks the tested model itself, aside, whether it is done."""

    context: int | None = None

    def introduce(self, ask: Ask) -> None:
        self.ask = ask

    def fit(self, context: int | None) -> None:
        self.context = context

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        try:
            aside = await self.ask("tested", (*conversation, Message("user", "Is that all?")))
        except ContextExceeded:
            return Said(end="context")
        return Said(end="done") if aside.text == "yes" else Said((*conversation, Message("user", "Go on.")))

    def facts(self) -> dict[str, Any]:
        return {"context": self.context}


@dataclass
class User(Nobody):
    """Played by a model: it sees the tested model's words as the user's of a conversation of its own."""

    words: int = 0

    def introduce(self, ask: Ask) -> None:
        self.ask = ask

    async def open(self, act: Act) -> tuple[Message, ...]:
        self.mine: tuple[Message, ...] = (
            Message("system", f"You are a customer. You want: {self.question}"),
            Message("user", "Hello, what can I do for you?"),
        )
        return (Message("system", "You serve a customer."), Message("user", await self.speak()))

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        self.mine = (*self.mine, Message("user", reply.text))
        said = await self.speak()
        if "BYE" in said:
            return Said(end="done")
        return Said((*conversation, Message("user", said)))

    async def speak(self) -> str:
        reply = await self.ask("user", self.mine)
        self.words += len(reply.text.split())
        self.mine = (*self.mine, Message("assistant", reply.text))
        return reply.text

    def facts(self) -> dict[str, Any]:
        return {"words": self.words}


WORLDS: Mapping[str, Callable[[str], World]] = {"files": Files, "table": Table, "typed": Typed}
PARTNERS: Mapping[str, Callable[[str], Any]] = {
    "nobody": Nobody,
    "stubborn": Stubborn,
    "nudge": Nudge,
    "careless": Careless,
    "user": User,
    "doer": Doer,
    "doubtful": Doubtful,
    "terminus-2": Terminus2,
    "terminus-2-xml": Terminus2Xml,
    "terminus-1": Terminus1,
}


# -- the suite -------------------------------------------------------------------------------------


class Suite(Base):
    required_fields = ("task_id", "world", "partner", "wants")
    scaffold = "interactive"

    def tasks(self, records: Any) -> list[Task]:
        return [Task(r["task_id"], r, Answer(json.dumps(r["wants"]), "solution")) for r in records]

    @property
    def minds_context(self) -> bool:
        return True

    def protocol(self) -> Protocol:
        whole = Extractor("whole", "1", "the state as it is", lambda reply, task: reply)
        ask: Callable[[Task], Prompt] = lambda task: Prompt((Message("user", question(task)),))  # noqa: E731
        return Protocol("talking", "1", ask, whole, lambda task, answer: answer.text, form="solution")

    async def meet(self, task: Task, sandbox: Any) -> Encounter:
        assert sandbox is None, "this suite has no workspaces"
        world = WORLDS[task.data["world"]](task.id)
        partner = PARTNERS[task.data["partner"]](question(task))
        return Encounter(world, partner, Budget(**task.data.get("budget", {})))

    def scorer(self) -> Scorer:
        return Scorer("talking", "1")

    async def score(self, task: Task, answer: Answer, sandbox: Any) -> Verdict:
        return passed() if json.loads(answer.text) == task.data["wants"] else failed("wrong", answer.text)


def question(task: Task) -> str:
    return f"This is task {task.id}."
