"""Who opens the conversation and answers plain text: by function calls, or by one fenced command a reply.

A reply of which nothing could be done, since it calls nothing, or nothing that there is or can be read, is
told so; the rules' `mistakes` of them in a row are the end, and the work is judged as it stands. The last of
them names the end: a reply that its limit cut is `truncated`, one that a filter stopped `refused`, any other
`malformed`.
"""

from __future__ import annotations

import json
from typing import Any

from evalkit.interaction import Act, Observation, Said
from evalkit.model import Message, Reply, ToolCall
from evalkit.scaffolds.shell import prompts
from evalkit.scaffolds.shell.arguments import Mistake
from evalkit.scaffolds.shell.rules import Rules
from evalkit.scaffolds.shell.text import command_of
from evalkit.scaffolds.shell.tools import BASH, SUBMIT

NO_WHOLE = {"length": "truncated", "content_filter": "refused", "refusal": "refused"}


class ToolShell:
    """Partner of a model that calls functions. `name` and `version` are for the suite's protocol: a change of
    what the model is told or offered raises the version."""

    name = "evalkit-shell-tools"
    version = "1"

    def __init__(self, task: str, root: str, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self._asked = prompts.by_tools(task, root, self.rules)
        self._mistakes = self._in_a_row = self._repeats = 0

    async def open(self, act: Act) -> tuple[Message, ...]:
        return (Message("system", prompts.SYSTEM), Message("user", self._asked))

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        return Said((*conversation, Message("user", prompts.NO_CALL)), self.mistaken(reply))

    def watch(self, reply: Reply, seen: tuple[Observation, ...]) -> str:
        for one in seen:
            self._repeats = max(self._repeats, int(one.data.get("repeated", 0)))
        if all("mistake" in one.data for one in seen):
            return self.mistaken(reply)
        self._in_a_row = 0
        return ""

    def mistaken(self, reply: Reply) -> str:
        """Nothing of it was done: why it is over, or ""."""
        self._mistakes += 1
        self._in_a_row += 1
        over = self._in_a_row >= self.rules.mistakes
        return NO_WHOLE.get(reply.finish_reason, "malformed") if over else ""

    async def overflow(self, conversation: tuple[Message, ...], act: Act) -> Said:
        return Said(end="context")

    def facts(self) -> dict[str, Any]:
        looped = {"repeats": self._repeats} if self._repeats else {}
        return {"replies_without_action": self._mistakes, **looped}


class TextShell(ToolShell):
    """Partner of a model that writes its commands as text. Its world offers no tools."""

    name = "evalkit-shell-text"
    version = "1"

    def __init__(self, task: str, root: str, rules: Rules | None = None) -> None:
        super().__init__(task, root, rules)
        self._asked = prompts.by_text(task, root, self.rules)

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        try:
            command = command_of(reply.text)
        except Mistake as e:
            said = prompts.NO_COMMAND.format(why=e, submit=prompts.SUBMIT_WORD)
            return Said((*conversation, Message("user", said)), self.mistaken(reply))
        if command.strip() == prompts.SUBMIT_WORD:
            call = ToolCall("", SUBMIT.name)
        else:
            call = ToolCall("", BASH.name, json.dumps({"command": command}))
        seen = await act(call, timed=True)
        end = self.watch(reply, (seen,))
        return Said((*conversation, Message("user", seen.text)), seen.end or end)
