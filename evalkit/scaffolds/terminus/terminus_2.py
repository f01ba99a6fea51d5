"""Terminus 2: keys with durations, never blocking; what came since; the end has to be said twice.

After terminal-bench 0.2.18 and harbor 0.25.0. A reply that cannot be read is told so, any number of times;
one that its limit cut is not carried out (in XML, what of it is whole is). docs/terminus.md
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evalkit.interaction import Act, Ask, Said
from evalkit.model import Message, Reply
from evalkit.scaffolds.extract import without_reasoning
from evalkit.scaffolds.terminus import words
from evalkit.scaffolds.terminus.handover import Handover, Talk
from evalkit.scaffolds.terminus.length import Length
from evalkit.scaffolds.terminus.reply import Dialect, Read
from evalkit.scaffolds.terminus.reply_json import read_json
from evalkit.scaffolds.terminus.reply_xml import read_xml, salvage_xml
from evalkit.scaffolds.terminus.shown import do, limited, with_restart

TEMPERATURE = 0.7  # of both protocols: terminal-bench 0.2.18; harbor sends none since 0.9
JSON = Dialect(
    "json",
    "JSON object",
    words.first_json,
    read_json,
    'say so with "task_complete": true',
)
XML = Dialect(
    "xml",
    "block of <response>",
    words.first_xml,
    read_xml,
    "say so with <task_complete>true</task_complete>",
    salvage_xml,
)


class Terminus2:
    """Partner of a model in a terminal world. `name` and `version` are for a suite's protocol: a change of
    what the model is told raises the version."""

    name = "evalkit-terminus-2"
    version = "1"
    dialect = JSON

    def __init__(self, task: str) -> None:
        self.task = task
        self._length = Length()
        self._handover: Handover | None = None
        self._context: int | None = None
        self._sure = False  # it has called the task done, and was asked whether it is
        self._overflows = 0  # in a row
        self._counts = {"unreadable": 0, "warned": 0, "cut": 0}

    def introduce(self, ask: Ask) -> None:
        self._handover = Handover(self.task, ask, self._length, self._context)

    def fit(self, context: int | None) -> None:
        self._context = context
        self.handover.context = context

    async def open(self, act: Act) -> Talk:
        terminal, _ = await self._look(act)
        first = Message("user", self.dialect.first(self.task, terminal))
        self.handover.first = first
        return (first,)

    async def answer(self, conversation: Talk, reply: Reply, act: Act) -> Said:
        self._overflows = 0
        self._length.heard(conversation, reply)
        said, end = await self._answered(reply, act)
        if end:
            return Said(end=end)
        if self.handover.needed(conversation):
            shorter = await self.handover.proactive(conversation, act)
            if shorter is not None:  # what was to be said stands on the screen, which is told
                return Said(shorter)
        return Said((*conversation, Message("user", said)))

    async def overflow(self, conversation: Talk, act: Act) -> Said:
        self._overflows += 1
        if len(conversation) == 1:  # what was asked is too long by itself
            return Said(end="context")
        if self._overflows == 1:
            return Said(await self.handover.forced(conversation, act))
        if self._overflows == 2:
            return Said(await self.handover.bare(act))
        return Said(end="context")

    def facts(self) -> dict[str, Any]:
        counts = {name: n for name, n in self._counts.items() if n}
        return {**counts, "handovers": self.handover.made}

    @property
    def handover(self) -> Handover:
        assert self._handover is not None, "the loop introduces the model first"
        return self._handover

    # -- one reply ---------------------------------------------------------------------------------
    async def _answered(self, reply: Reply, act: Act) -> tuple[str, str]:
        """What the model is told next, or the end."""
        text = without_reasoning(reply.text)
        read = self.dialect.read(text)
        if reply.finish_reason == "length":
            whole = self.dialect.salvage(text)
            if whole is None:
                self._counts["cut"] += 1
                return words.cut(reply.usage.completion_tokens, read.remarks), ""
            read = replace(whole, complete=False)  # who is cut is not at the end
        if read.error:
            self._counts["unreadable"] += 1
            return words.errors(read.error, read.remarks, self.dialect.kind), ""
        return await self._carried_out(read, act)

    async def _carried_out(self, read: Read, act: Act) -> tuple[str, str]:
        restarted = False
        for command in read.commands:
            seen = await do(act, "keys", timed=True, keys=command.keys, wait_s=command.wait_s)
            if seen.end:
                return "", seen.end
            restarted = restarted or bool(seen.data.get("restarted"))
        terminal, end = await self._look(act, restarted)
        if end:
            return "", end
        if read.complete:
            if self._sure:
                return "", "done"
            self._sure = True
            return words.sure(terminal, self.dialect.confirm), ""
        self._sure = False
        if read.warnings:
            self._counts["warned"] += 1
            return words.with_warnings(read.remarks, terminal), ""
        return terminal, ""

    async def _look(self, act: Act, restarted: bool = False) -> tuple[str, str]:
        """What came since the last look, or the screen; and the end, where there is none to look at."""
        seen = await do(act, "new")
        new = bool(seen.data.get("new"))
        return limited(words.observed(with_restart(seen, restarted), new)), seen.end


class Terminus2Xml(Terminus2):
    """The same, with replies in XML."""

    name = "evalkit-terminus-2-xml"
    dialect = XML
