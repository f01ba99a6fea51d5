"""Terminus 1: replies by a JSON schema, commands that block until they end, the screen as it stands.

After terminal-bench 0.2.18. Three replies that do not keep to the schema, to the same prompt, are the end; so
is one that its limit cut, and a conversation that no longer fits. It may act fifty times. docs/terminus.md
"""

from __future__ import annotations

from typing import Any

from evalkit.interaction import Act, Observation, Said
from evalkit.model import Message, Reply
from evalkit.scaffolds.extract import without_reasoning
from evalkit.scaffolds.terminus import words_1 as words
from evalkit.scaffolds.terminus.schema import Batch, Command, NoBatch, read_batch
from evalkit.scaffolds.terminus.shown import do, with_restart

EPISODES = 50
TRIES = 3
NO_WHOLE = {"length": "truncated", "content_filter": "refused", "refusal": "refused"}


class Terminus1:
    """Partner of a model in a terminal world; `name` and `version` are for a suite's protocol."""

    name = "evalkit-terminus-1"
    version = "1"

    def __init__(self, task: str) -> None:
        self.task = task
        self._asked = ""  # the prompt that is to be answered
        self._broken = 0  # replies to it that were none
        self._counts = {"episodes": 0, "unreadable": 0, "late": 0}

    async def open(self, act: Act) -> tuple[Message, ...]:
        self._asked = words.first(self.task, with_restart(await do(act, "screen"), False))
        return (Message("user", self._asked),)

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        if end := NO_WHOLE.get(reply.finish_reason, ""):
            return Said(end=end)
        try:
            batch = read_batch(without_reasoning(reply.text))
        except NoBatch:
            return self._again(conversation)
        self._counts["episodes"] += 1
        self._broken = 0
        seen, self._asked = await self._carried_out(batch, act)
        if seen.end:
            return Said(end=seen.end)
        if batch.complete:
            return Said(end="done")
        if self._counts["episodes"] >= EPISODES:
            return Said(end="turns")
        return Said((*conversation, Message("user", self._asked)))

    async def overflow(self, conversation: tuple[Message, ...], act: Act) -> Said:
        return Said(end="context")

    def facts(self) -> dict[str, Any]:
        return {name: n for name, n in self._counts.items() if n or name == "episodes"}

    # -- one reply ---------------------------------------------------------------------------------
    def _again(self, conversation: tuple[Message, ...]) -> Said:
        """The same is asked once more, as its authors do: without a word on what was wrong."""
        self._counts["unreadable"] += 1
        self._broken += 1
        if self._broken >= TRIES:
            return Said(end="malformed")
        return Said((*conversation, Message("user", self._asked)))

    async def _carried_out(self, batch: Batch, act: Act) -> tuple[Observation, str]:
        """The last act's observation, and what the model is told; after a late command none is typed."""
        restarted = False
        for command in batch.commands:
            seen = await do(act, "keys", timed=True, **_asked(command))
            if seen.end:
                return seen, ""
            restarted = restarted or bool(seen.data.get("restarted"))
            if seen.data.get("timed_out"):
                self._counts["late"] += 1
                seen = await do(act, "screen")
                shown = with_restart(seen, restarted)
                return seen, words.late(command.keys, command.timeout_s, shown)
        seen = await do(act, "screen")
        return seen, with_restart(seen, restarted)


def _asked(command: Command) -> dict[str, Any]:
    blocks = command.blocks and not command.keys.strip().endswith(("EOF", "&"))
    return {"keys": command.keys, **({"block_s": command.timeout_s} if blocks else {"wait_s": 0.0})}
