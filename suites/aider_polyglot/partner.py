"""The partner: applies the edits of a reply, has the tests run, and says what comes next, as Aider does.

    reply ──▶ edits ──▶ files written ──▶ linted ──▶ tests ──▶ passed, or the next try
                └─ malformed or unmatched ─┴─ errors ──▶ said back, up to three times a try

By run_test_real of benchmark.py, and send_message, apply_updates and run_one of base_coder.py, at 5dc9490.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from evalkit.interaction import Act, Observation, Said
from evalkit.model import Message, Reply, ToolCall
from evalkit.scaffolds.extract import without_reasoning

from . import prompts
from .chat import Chat
from .edits import Edited, apply_edits, choose_fence, common_folder, lazy_comments, shown_name
from .exercises import Exercise

OVER_WITH = ("length",)  # finish reasons after which Aider reads no edits: the reply is cut


@dataclass
class Counts:
    """What the authors count, of one exercise. `outcomes`: whether each try's tests passed."""

    outcomes: list[bool] = field(default_factory=list)
    malformed_responses: int = 0
    error_outputs: int = 0
    user_asks: int = 0
    lazy_comments: int = 0
    syntax_errors: int = 0
    indentation_errors: int = 0
    exhausted_context_windows: int = 0
    test_timeouts: int = 0
    replies: int = 0  # ours from here on
    reflections: int = 0
    failed_edits: int = 0
    filtered: int = 0


class Ended(Exception):
    """The world ended with an act; its argument says how."""


class Aider:
    """Partner of one rollout. What is in the chat are `texts`, by path in the workspace."""

    def __init__(self, exercise: Exercise, edit_format: str, tries: int, reflections: int) -> None:
        self.exercise = exercise
        self.edit_format, self.tries, self.most_reflections = edit_format, tries, reflections
        self.counts = Counts()
        self.chat = Chat(edit_format)
        self.texts = shown_at_start(exercise)
        self.folder = common_folder(exercise.editable)
        self.reflected = 0  # in this try

    async def open(self, act: Act) -> tuple[Message, ...]:
        return self._said(prompts.request(self.exercise.instructions, names(self.exercise)))

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        self.counts.replies += 1
        text = without_reasoning(reply.text).strip()  # Aider strips it too
        if text:
            self.chat = self.chat.assistant(text)
        self.counts.filtered += reply.finish_reason == "content_filter"
        try:
            if reply.finish_reason in OVER_WITH:
                return await self._exhausted(text, act)
            problem = await self._edit(text, act)
            if problem and self.reflected < self.most_reflections:
                self.reflected += 1
                self.counts.reflections += 1
                return Said(self._said(problem))
            return await self._test(text, act)
        except Ended as end:
            return Said(end=str(end))

    async def overflow(self, conversation: tuple[Message, ...], act: Act) -> Said:
        self.counts.replies += 1
        try:
            return await self._exhausted("", act)
        except Ended as end:
            return Said(end=str(end))

    def facts(self) -> dict[str, Any]:
        return {"edit_format": self.edit_format, "tries": self.tries, **asdict(self.counts)}

    # -- a reply -----------------------------------------------------------------------------------
    async def _edit(self, text: str, act: Act) -> str:
        """Make the reply's edits. What has to be said back to it: what fits nowhere, or lint errors."""
        edited = await asyncio.to_thread(self._edited, text)
        self.counts.malformed_responses += edited.malformed
        self.counts.user_asks += edited.asks
        self.counts.error_outputs += edited.errors
        self.counts.failed_edits += edited.failed
        problems = [*edited.problems, *await self._write(edited, act)]
        if edited.edited:
            self.chat = self.chat.updated()
        if not problems and edited.edited and (errors := (await do(act, "lint", paths=edited.edited)).text):
            self.counts.user_asks += 1  # whether it should try to fix them
            problems.append(errors)
        return "\n".join(problems)

    def _edited(self, text: str) -> Edited:
        fence = choose_fence(self.texts.values())
        start = self.exercise.start.files
        others = {path: decoded(file.data) for path, file in start.items() if path not in self.texts}
        return apply_edits(self.edit_format, text, self.texts, others, fence=fence, folder=self.folder)

    async def _write(self, edited: Edited, act: Act) -> list[str]:
        """Write what changed. What could not be written, and why."""
        if not edited.files:
            return []
        seen = await do(act, "write", files=dict(edited.files))
        written, why_not = seen.data.get("written", ()), seen.data.get("refused", {})
        refused = {path: why_not.get(path, seen.text) for path in edited.files if path not in written}
        self.texts |= {path: text for path, text in edited.files.items() if path not in refused}
        self.counts.error_outputs += 2 * bool(refused)
        shown = {shown_name(path, self.folder): why for path, why in refused.items()}
        return [f"{name} could not be written: {why}" for name, why in shown.items()]

    async def _exhausted(self, text: str, act: Act) -> Said:
        """The context or the reply's limit is used up: the try ends with the files as they are."""
        if self.chat.current and self.chat.current[-1].role == "user":
            self.chat = self.chat.assistant(prompts.CUT)
        self.counts.exhausted_context_windows += 1
        self.counts.error_outputs += 1
        self.counts.user_asks += 1  # whether it should open a page about limits
        return await self._test(text, act)

    # -- the tests ---------------------------------------------------------------------------------
    async def _test(self, text: str, act: Act) -> Said:
        """A try is over: run the tests. The end, or what they said with the next try."""
        self.counts.lazy_comments += lazy_comments(text)
        done = len(self.counts.outcomes) + 1
        seen = await do(act, "test", **{"try": done})
        self.counts.outcomes.append(bool(seen.data["passed"]))
        if seen.data["passed"]:
            return Said(end="done")
        late = bool(seen.data["timed_out"])
        lines = (prompts.TIMED_OUT if late else seen.text).splitlines()
        self.counts.test_timeouts += late
        self.counts.syntax_errors += sum(line.startswith("SyntaxError") for line in lines)
        self.counts.indentation_errors += sum(line.startswith("IndentationError") for line in lines)
        if done == self.tries:
            return Said(end="done")
        self.reflected = 0
        await self._read(act)
        return Said(self._said(prompts.next_try("\n".join(lines), names(self.exercise))))

    async def _read(self, act: Act) -> None:
        """The chat's files as the tests left them; what is gone is dropped from the chat."""
        found: Mapping[str, str | None] = (await do(act, "read", paths=list(self.texts))).data["files"]
        self.texts = {path: text for path in self.texts if (text := found.get(path)) is not None}

    def _said(self, text: str) -> tuple[Message, ...]:
        """The next request, with this as the user's turn."""
        self.chat = self.chat.user(text)
        return self.chat.request(as_shown(self.texts, self.folder))


async def do(act: Act, name: str, **arguments: Any) -> Observation:
    """An act of ours on the world. Ended where it ends the rollout."""
    seen = await act(ToolCall("", name, json.dumps(arguments)))
    if seen.end:
        raise Ended(seen.end)
    return seen


# -- what is shown ---------------------------------------------------------------------------------


def opening(exercise: Exercise, edit_format: str) -> tuple[Message, ...]:
    """The first request of a rollout."""
    chat = Chat(edit_format).user(prompts.request(exercise.instructions, names(exercise)))
    return chat.request(as_shown(shown_at_start(exercise), common_folder(exercise.editable)))


def names(exercise: Exercise) -> str:
    """The files to change, as the instructions name them: without folders. Aider's order is a set's, ours the
    config's."""
    return " ".join(PurePosixPath(path).name for path in exercise.editable)


def shown_at_start(exercise: Exercise) -> dict[str, str]:
    texts = {path: decoded(exercise.start.files[path].data) for path in exercise.editable}
    return {path: text for path, text in texts.items() if text is not None}


def as_shown(texts: Mapping[str, str], folder: str) -> dict[str, str]:
    """Name -> text, with newlines at all ends of lines."""
    shown = {shown_name(path, folder): text for path, text in texts.items()}
    return {name: text.replace("\r\n", "\n").replace("\r", "\n") for name, text in shown.items()}


def decoded(data: bytes) -> str | None:
    """A file's text; None where it has none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
