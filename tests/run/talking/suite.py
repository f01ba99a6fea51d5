"""Two worlds that live in this process, and three partners. A record says which, and what must be in the end.

What a world does is also written to the file that TALKING_LOG names, a line an act: so that a test knows how
often each was done, and a world can answer or die otherwise the second time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit import Answer, Extractor, Message, Prompt, Protocol, Scorer, Task
from evalkit.interaction import Act, Ask, Budget, Encounter, Observation, Said
from evalkit.model import Reply, Tool, ToolCall
from evalkit.suite import Suite as Base
from evalkit.task import Verdict, failed, passed
from evalkit.workspace import WorkspaceDied

TEXT = {"type": "string"}


def tool(name: str, description: str, **properties: Any) -> Tool:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return Tool(name, description, schema)


@dataclass
class World:
    """What all worlds share: arguments are read, mistakes are answered, every act is written down."""

    task: str
    state: dict[str, Any] = field(default_factory=dict)
    more: tuple[Tool, ...] = (
        tool("count", "How often it was asked."),
        tool("fall", "Ends the world, so many times.", times={"type": "integer"}),
        tool("sleep", "Waits.", seconds={"type": "number"}),
        tool("submit", "Ends the work."),
    )

    @property
    def tools(self) -> tuple[Tool, ...]:
        return self.more

    async def act(self, call: ToolCall) -> Observation:
        done = self.note(call.name)
        try:
            arguments = json.loads(call.arguments)
            method: Callable[..., Any] = getattr(self, f"do_{call.name}")
            if call.name in ("count", "fall"):
                arguments["done"] = done
            seen = method(**arguments)
            seen = await seen if hasattr(seen, "__await__") else seen
        except WorkspaceDied:
            raise
        except Exception as e:  # whatever a model may write is an observation
            return Observation(f"error: {type(e).__name__}: {e}")
        return seen if isinstance(seen, Observation) else Observation(str(seen), {"value": seen})

    def note(self, name: str) -> int:
        """How often this was done, in all processes, this time included."""
        path = Path(os.environ.get("TALKING_LOG") or os.devnull)
        line = f"{self.task} {name}\n"
        with path.open("a") as log:
            log.write(line)
        return path.read_text().count(line)

    def do_count(self, done: int) -> int:
        return done

    def do_fall(self, times: int, done: int) -> str:
        if done <= times:
            raise WorkspaceDied("the container is gone")
        return "still here"

    async def do_sleep(self, seconds: float) -> Observation:
        import asyncio

        await asyncio.sleep(seconds)
        return Observation("awake")

    def do_submit(self) -> Observation:
        return Observation("thanks", end="submitted")

    def do_check(self, **_: Any) -> Observation:
        """A partner's own act, which the model is not offered."""
        return Observation("checked", {"keys": sorted(self.state)}, clock="verification")

    async def answer(self) -> Answer:
        self.note("answer")
        return Answer(json.dumps(self.state, sort_keys=True), "solution")

    async def close(self) -> None:
        self.note("close")


@dataclass
class Files(World):
    """Files by name, and a calculator."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        add = tool("add", "Adds two numbers.", a={"type": "number"}, b={"type": "number"})
        write = tool("write", "Writes a file.", path=TEXT, text=TEXT)
        return (add, write, tool("read", "Reads a file.", path=TEXT), *self.more)

    def do_add(self, a: float, b: float) -> float:
        return a + b

    def do_write(self, path: str, text: str) -> str:
        self.state[path] = text
        return f"{len(text)} characters"

    def do_read(self, path: str) -> str:
        return str(self.state[path])


@dataclass
class Table(World):
    """Keys and values, with one transaction at a time: what was not committed is not there in the end."""

    pending: dict[str, Any] | None = None

    @property
    def tools(self) -> tuple[Tool, ...]:
        put = tool("put", "Sets a key.", key=TEXT, value={"type": "integer"})
        get = tool("get", "Reads a key.", key=TEXT)
        return (tool("begin", "Begins a transaction."), put, get, tool("commit", "Keeps it."), *self.more)

    def do_begin(self) -> str:
        if self.pending is not None:
            raise ValueError("there is a transaction already")
        self.pending = dict(self.state)
        return "begun"

    def do_put(self, key: str, value: int) -> str:
        if self.pending is None:
            raise ValueError("no transaction")
        self.pending[key] = value
        return "ok"

    def do_get(self, key: str) -> Any:
        return (self.state if self.pending is None else self.pending)[key]

    def do_commit(self) -> str:
        if self.pending is None:
            raise ValueError("no transaction")
        self.state, self.pending = self.pending, None
        return f"{len(self.state)} keys"


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


WORLDS: Mapping[str, Callable[[str], World]] = {"files": Files, "table": Table}
PARTNERS: Mapping[str, Callable[[str], Any]] = {
    "nobody": Nobody,
    "stubborn": Stubborn,
    "nudge": Nudge,
    "careless": Careless,
    "user": User,
}


# -- the suite -------------------------------------------------------------------------------------


class Suite(Base):
    required_fields = ("task_id", "world", "partner", "wants")
    scaffold = "interactive"

    def tasks(self, records: Any) -> list[Task]:
        return [Task(r["task_id"], r, Answer(json.dumps(r["wants"]), "solution")) for r in records]

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
