"""Our partner beside Aider's own chat (aider-chat 0.86.2), as recorded: each request and count of each story.

`tests/parity/aider_chat` has the stories and the script that told them to Aider.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.aider_polyglot import prompts
from evalkit_suites.aider_polyglot.partner import Aider

from evalkit.interaction import Observation, Said
from evalkit.model import Message, Reply, ToolCall
from tests.parity.aider_chat.stories import (
    AGREED,
    ASKED,
    COUNTS,
    CUT,
    REFLECTED,
    STORIES,
    TRIES,
    UPDATED,
    Story,
)
from tests.suites.test_aider_partner import exercise

TOLD = Path(__file__).parents[1] / "parity" / "aider_chat" / "told.jsonl"
RECORDS = {row["story"]: row for row in map(json.loads, TOLD.read_text(encoding="utf-8").splitlines())}


class Told:
    """The world of a story: files in memory, tests that say what they are told to, a linter."""

    def __init__(self, story: Story) -> None:
        self.exercise = exercise(**{"src/double.py": story.stub})
        self.files = {path: file.data.decode() for path, file in self.exercise.start.files.items()}
        self.outputs: Iterator[str | None] = iter(story.tests)

    async def act(self, call: ToolCall) -> Observation:
        told = json.loads(call.arguments)
        if call.name == "read":
            return Observation("", {"files": {path: self.files.get(path) for path in told["paths"]}})
        if call.name == "write":
            self.files |= told["files"]
            return Observation("", {"written": list(told["files"]), "refused": {}})
        if call.name == "lint":
            return Observation("\n".join(filter(None, map(self.lint, told["paths"]))))
        output = next(self.outputs)
        return Observation(output or "", {"passed": output is None, "timed_out": False})

    def lint(self, path: str) -> str:
        try:
            compile(self.files[path], path, "exec")
        except SyntaxError as e:
            return f"{path}: {e}"
        return ""


async def tell(story: Story, world: Told) -> tuple[Aider, list[tuple[Message, ...]]]:
    partner = Aider(world.exercise, story.edit_format, TRIES, 3)
    requests = [await partner.open(world.act)]
    for text, reason in story.turns:
        if reason == "context":
            said = await partner.overflow(requests[-1], world.act)
        else:
            conversation = (*requests[-1], Message("assistant", text))
            said = await partner.answer(conversation, Reply(text, finish_reason=reason), world.act)
        if said.end:
            break
        requests.append(said.messages)
    assert said == Said(end="done"), f"{story.name}: no end"
    return partner, requests


@pytest.fixture
def same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said to the model in the record's words, which are neither Aider's nor ours."""
    monkeypatch.setattr(prompts, "request", lambda instructions, names: ASKED)
    monkeypatch.setattr(prompts, "next_try", lambda output, names: f"{output}\n####\nChange {names}")


@pytest.mark.usefixtures("same_words")
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_requests_counts_and_files_are_aiders(story: Story) -> None:
    record, world = RECORDS[story.name], Told(story)
    partner, requests = await tell(story, world)
    facts = partner.facts()
    assert {name: facts[name] for name in COUNTS} == record["counts"]
    assert [plain(request) for request in requests] == [known(request) for request in record["requests"]]
    assert {path: text for path, text in world.files.items() if path.endswith(".py")} == record["files"]


def plain(request: tuple[Message, ...]) -> list[list[str]]:
    """From what follows the examples on, as record.py does it with Aider's."""
    start = max(at for at, m in enumerate(request) if m.content == prompts.NEXT_PROJECT) + 2
    rules = request[0].content[-200:]
    words = {
        prompts.FILES_AGREED: AGREED,
        prompts.AGREED: AGREED,
        prompts.UPDATED: UPDATED,
        prompts.CUT: CUT,
    }
    found = []
    for message in request[start:]:
        text = message.content.removeprefix(prompts.FILES)
        if message is request[-1]:
            assert text.endswith(rules)
            text = text[: text.rindex("\n\n" + rules_of(request))]
        found.append([message.role, in_order(words.get(text, text))])
    return found


def rules_of(request: tuple[Message, ...]) -> str:
    """What the last message has in common with the end of the first: the format's rules."""
    system, last = request[0].content, request[-1].content
    shared = next(n for n in range(len(system)) if last.endswith("\n\n" + system[n:]))
    return system[shared:]


def known(request: list[list[str]]) -> list[Any]:
    """What was said back is in either side's own words."""
    return [[role, Anything() if text == REFLECTED else in_order(text)] for role, text in request]


def in_order(text: str) -> str:
    """Files are shown in the order of a set by Aider: their lines are compared without one."""
    return "\n".join(sorted(text.splitlines())) if text.startswith("\n") else text


class Anything:
    def __eq__(self, other: object) -> bool:
        return bool(other)

    __hash__ = None  # type: ignore[assignment]
