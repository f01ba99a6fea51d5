"""Two worlds that live in this process.

What a world does is also written to the file that TALKING_LOG names, a line an act: so that a test knows how
often each was done, and a world can answer or die otherwise the second time.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit import Answer
from evalkit.interaction import Observation
from evalkit.model import Tool, ToolCall
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
