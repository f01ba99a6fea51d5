"""Aider-Polyglot's partner, told what the world would say: what follows which reply, and what is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from evalkit_suites.aider_polyglot.exercises import Exercise, exercise_from
from evalkit_suites.aider_polyglot.partner import Aider, opening

from evalkit.interaction import Observation, Said
from evalkit.model import Message, Reply, ToolCall

PASSED, FAILED = (
    {"passed": True, "status": 0, "timed_out": False},
    {"passed": False, "status": 1, "timed_out": False},
)
LATE = {"passed": False, "status": None, "timed_out": True}
STUB = "def double(n):\n    pass\n"
RIGHT = "def double(n):\n    return 2 * n\n"
WRONG = "def double(n):\n    return 3 * n\n"


def exercise(**more: str) -> Exercise:
    """`src/double.py` to be written; its name is shown without the folder, which is all that the chat has."""
    lists = {"solution": ["src/double.py"], "test": ["double_test.py"], "example": [".meta/example.py"]}
    files = {
        "src/double.py": STUB,
        "double_test.py": "from src.double import double\n",
        ".meta/example.py": RIGHT,
        ".meta/config.json": json.dumps({"files": lists}),
        ".docs/instructions.md": "Double it.\n",
    } | more
    return exercise_from({"task_id": "python/double", "files": {p: {"text": t} for p, t in files.items()}})


class World:
    """Files in memory, and tests and linters that say what they are told to."""

    def __init__(self, tests: list[tuple[dict[str, Any], str]], lint: list[str] | None = None) -> None:
        self.tests, self.lint = tests, lint or []
        self.files = {path: file.data.decode() for path, file in exercise().start.files.items()}
        self.acts: list[str] = []
        self.refuses: dict[str, str] = {}

    async def act(self, call: ToolCall) -> Observation:
        self.acts.append(call.name)
        told = json.loads(call.arguments)
        if call.name == "read":
            return Observation("", {"files": {path: self.files.get(path) for path in told["paths"]}})
        if call.name == "write":
            written = {path: text for path, text in told["files"].items() if path not in self.refuses}
            self.files |= written
            return Observation("", {"written": list(written), "refused": self.refuses})
        if call.name == "lint":
            return Observation(self.lint.pop(0) if self.lint else "")
        data, text = self.tests.pop(0)
        return Observation(text, data, clock="verification")


class Talk:
    """A rollout without its loop: replies go in, requests come out."""

    def __init__(self, world: World, edit_format: str = "whole", **more: Any) -> None:
        self.world = world
        self.partner = Aider(exercise(), edit_format, more.pop("tries", 2), more.pop("reflections", 3))
        self.sent: tuple[Message, ...] = ()

    async def open(self) -> Talk:
        self.sent = await self.partner.open(self.world.act)
        return self

    async def reply(self, text: str, finish_reason: str = "stop") -> Said:
        reply = Reply(text, finish_reason=finish_reason)
        said: Said = await self.partner.answer(
            (*self.sent, Message("assistant", text)), reply, self.world.act
        )
        self.sent = said.messages or self.sent
        return said

    def count(self, name: str) -> Any:
        return self.partner.facts()[name]


async def talk(*tests: tuple[dict[str, Any], str], lint: list[str] | None = None, **more: Any) -> Talk:
    return await Talk(World(list(tests), lint), **more).open()


def whole(text: str, name: str = "double.py") -> str:
    return f"I will.\n\n{name}\n```\n{text}```\n"


def block(search: str, replace: str, name: str = "double.py") -> str:
    return f"{name}\n```python\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n```\n"


def roles(messages: tuple[Message, ...]) -> str:
    return "".join(message.role[0] for message in messages)


# -- tries -----------------------------------------------------------------------------------------


async def test_a_right_first_reply_ends_it() -> None:
    it = await talk((PASSED, ""))
    said = await it.reply(whole(RIGHT))
    assert said == Said(end="done")
    assert it.world.files["src/double.py"] == RIGHT
    assert it.world.acts == ["write", "lint", "test"]
    assert it.count("outcomes") == [True]


async def test_failed_tests_are_said_back_and_the_second_try_is_the_last() -> None:
    it = await talk((FAILED, "E   assert 6 == 4\n"), (FAILED, "E   again\n"))
    said = await it.reply(whole(WRONG))
    assert not said.end
    last = said.messages[-1].content
    assert last.startswith("E   assert 6 == 4\n####\n")
    assert "Change the code in double.py" in last
    assert (await it.reply("I see nothing wrong with it.")).end == "done"
    assert it.count("outcomes") == [False, False]
    assert it.count("malformed_responses") == 0
    assert it.world.acts == [
        "write",
        "lint",
        "test",
        "read",
        "test",
    ]  # a reply without edits: tests run all the same


async def test_a_second_try_may_pass() -> None:
    it = await talk((FAILED, "no"), (PASSED, ""))
    await it.reply(whole(WRONG))
    assert (await it.reply(whole(RIGHT))).end == "done"
    assert it.count("outcomes") == [False, True]


async def test_there_are_as_many_tries_as_asked_for() -> None:
    it = await talk((FAILED, "no"), tries=1)
    assert (await it.reply("nothing")).end == "done"
    it = await talk(*[(FAILED, "no")] * 3, tries=3)
    assert [(await it.reply("nothing")).end for _ in range(3)] == ["", "", "done"]


async def test_an_empty_reply_runs_the_tests() -> None:
    it = await talk((FAILED, "no"), (FAILED, "no"))
    said = await it.reply("")
    assert roles(said.messages)[-3:] == "auu"  # Aider adds nothing for it: two turns of the user's
    assert it.count("outcomes") == [False]


async def test_reasoning_is_no_part_of_a_reply() -> None:
    it = await talk((FAILED, "no"), (PASSED, ""))
    said = await it.reply(f"<think>\n{whole(WRONG)}</think>{whole(RIGHT)}")
    assert it.world.files["src/double.py"] == RIGHT
    assert not [m for m in said.messages if "<think>" in m.content]


async def test_late_tests_are_said_and_counted() -> None:
    it = await talk((LATE, "half of the output"), (FAILED, "no"))
    said = await it.reply("")
    assert said.messages[-1].content.startswith("Tests timed out!\n####")
    assert "half of" not in said.messages[-1].content
    await it.reply("")
    assert it.count("test_timeouts") == 1


async def test_lines_that_begin_with_an_error_are_counted_in_both_tries() -> None:
    first = "SyntaxError: a\nE   SyntaxError: not at the beginning\nIndentationError: b\n"
    it = await talk((FAILED, first), (FAILED, "SyntaxError: c"))
    await it.reply("")
    await it.reply("")
    assert (it.count("syntax_errors"), it.count("indentation_errors")) == (2, 1)


async def test_lazy_comments_of_the_last_reply_of_each_try_are_counted() -> None:
    it = await talk((FAILED, "no"), (PASSED, ""))
    lazy = whole("def double(n):\n    # ... the rest ... \n    pass\n")
    await it.reply(lazy.replace("double.py", "").replace("I will.", "Of two files, `x`"))
    await it.reply(lazy)
    assert it.count("lazy_comments") == 2


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("edit_format", ["whole", "diff", "diff-fenced"])
async def test_a_request_is_prompt_examples_files_and_what_is_asked(edit_format: str) -> None:
    it = await talk(edit_format=edit_format)
    assert it.sent == opening(exercise(), edit_format)
    assert roles(it.sent) == "s" + "ua" * (len(roles(it.sent)) // 2 - 1) + "u"
    files, agreed, asked = it.sent[-3:]
    assert f"\ndouble.py\n```\n{STUB}```\n" in files.content
    assert agreed.role == "assistant"
    assert asked.content.startswith("Double it.\n\n####\n")
    assert "changing these files: double.py\n" in asked.content
    rules = asked.content[asked.content.index("installed.\n") + 11 :].strip()
    assert it.sent[0].content.rstrip().endswith(rules)  # said at the beginning, and last of all
    assert not [m for m in it.sent if "{OPEN}" in m.content or "{CLOSE}" in m.content or "TICKS" in m.content]


async def test_after_an_edit_the_files_are_shown_anew_behind_what_was_said() -> None:
    it = await talk((FAILED, "no"))
    before = it.sent
    said = await it.reply(whole(WRONG))
    at = len(before) - 3  # up to the examples it is the same
    assert said.messages[:at] == before[:at]
    asked, replied, told, agreed, files, _, last = said.messages[at:]
    assert asked.content.startswith("Double it.")
    assert "####" in asked.content
    assert before[-1].content.startswith(asked.content)
    assert len(asked.content) < len(before[-1].content)  # the rules go with the newest turn only
    assert (replied.content, agreed.content) == (whole(WRONG).strip(), "Ok.")
    assert told.role == "user"
    assert WRONG in files.content
    assert STUB not in files.content
    assert last.content.startswith("no\n####")


async def test_without_an_edit_nothing_moves() -> None:
    it = await talk((FAILED, "no"))
    before = it.sent
    said = await it.reply("What is it to double?")
    assert said.messages[: len(before) - 1] == before[:-1]
    assert roles(said.messages[len(before) - 1 :]) == "uau"


async def test_files_with_fences_in_them_get_another_fence() -> None:
    it = Talk(World([]), "diff")
    it.partner = Aider(exercise(**{"src/double.py": '"""\n```\nx\n```\n"""\n'}), "diff", 2, 3)
    sent = await it.partner.open(it.world.act)
    assert "\ndouble.py\n````\n" in sent[-3].content
    assert "*four* backticks" in sent[0].content
    assert "````python\n<<<<<<< SEARCH" in sent[2].content


async def test_what_the_tests_changed_is_shown_and_what_they_removed_is_dropped() -> None:
    it = await talk((FAILED, "no"))
    answer = it.world.act

    async def act(call: ToolCall) -> Observation:
        if call.name == "test":
            it.world.files["src/double.py"] = "changed\n"
            del it.world.files["src/new.py"]
        return await answer(call)

    it.world.act = act  # type: ignore[method-assign]
    said = await it.reply(whole(WRONG) + whole("x = 1\n", "new.py"))
    assert "double.py\n```\nchanged\n```" in said.messages[-3].content
    assert "new.py" not in said.messages[-3].content


# -- reflections -----------------------------------------------------------------------------------


async def test_a_malformed_reply_is_said_back_without_running_tests() -> None:
    it = await talk((PASSED, ""), edit_format="diff")
    before = it.sent
    said = await it.reply("double.py\n```python\n<<<<<<< SEARCH\nx\n")
    assert "test" not in it.world.acts
    assert roles(said.messages[len(before) - 1 :]) == "uau"
    assert (it.count("malformed_responses"), it.count("error_outputs"), it.count("reflections")) == (1, 1, 1)
    assert (await it.reply(block(STUB, RIGHT))).end == "done"
    assert it.world.files["src/double.py"] == RIGHT


async def test_blocks_that_fit_are_kept_where_others_do_not() -> None:
    it = await talk(edit_format="diff")
    said = await it.reply(block("    pass\n", "    return 2 * n\n") + block("nowhere\n", "x\n"))
    assert it.world.files["src/double.py"] == RIGHT
    assert "nowhere" in said.messages[-1].content
    assert RIGHT in said.messages[-3].content  # moved on: shown as it is now
    assert "lint" not in it.world.acts
    assert (it.count("malformed_responses"), it.count("failed_edits")) == (1, 1)


async def test_lint_errors_are_said_back_and_asked_for() -> None:
    it = await talk((PASSED, ""), lint=["double.py:1: invalid syntax"])
    said = await it.reply(whole("def double(\n"))
    assert said.messages[-1].content.startswith("double.py:1: invalid syntax\n\n")
    assert (it.count("user_asks"), it.count("malformed_responses")) == (1, 0)
    assert (await it.reply(whole(RIGHT))).end == "done"


async def test_three_reflections_a_try_whatever_they_are_for() -> None:
    it = await talk((FAILED, "no"), (FAILED, "no"), lint=["a", "", "b"], edit_format="diff")
    good, bad = block("", "x = 1\n"), "x.py\n```\n<<<<<<< SEARCH\n"
    assert not (await it.reply(good)).end  # lint
    assert not (await it.reply(bad)).end
    assert not (await it.reply(bad)).end
    assert "test" not in it.world.acts
    said = await it.reply(bad)  # the fourth is not said back: the try is over
    assert it.world.acts.count("test") == 1
    assert said.messages[-1].content.startswith("no\n####")
    assert it.count("reflections") == 3
    assert not (await it.reply(bad)).end  # a new try has its own
    assert it.count("reflections") == 4
    assert it.count("malformed_responses") == 4


async def test_without_reflections_the_tests_run_at_once() -> None:
    it = await talk((FAILED, "no"), edit_format="diff", reflections=0)
    await it.reply("x.py\n```\n<<<<<<< SEARCH\n")
    assert it.world.acts[:1] == ["test"]


# -- files -----------------------------------------------------------------------------------------


async def test_a_new_file_comes_into_the_chat_and_is_asked_for() -> None:
    it = await talk((FAILED, "no"))
    said = await it.reply(whole(RIGHT) + whole("x = 1\n", "helper.py"))
    assert it.world.files["src/helper.py"] == "x = 1\n"  # names are relative to the folder of what was shown
    assert "\nhelper.py\n```\nx = 1\n```" in said.messages[-3].content
    assert it.count("user_asks") == 1


async def test_a_test_file_may_be_edited_and_is_in_the_chat_then() -> None:
    it = await talk((FAILED, "no"))
    said = await it.reply(whole("assert True\n", "../double_test.py"))
    assert it.world.files["double_test.py"] == "assert True\n"
    assert "../double_test.py\n" in said.messages[-3].content
    assert it.count("user_asks") == 1


async def test_nothing_is_written_outside() -> None:
    it = await talk((FAILED, "no"), (FAILED, "no"))
    await it.reply(whole("x\n", "../../../etc/passwd"))
    await it.reply(whole("x\n", "/etc/passwd"))
    assert set(it.world.files) == set(exercise().start.files)


async def test_a_file_that_the_world_refuses_is_said_back() -> None:
    it = await talk()
    it.world.refuses = {"src/double.py": "it is a link"}
    said = await it.reply(whole(RIGHT))
    assert said.messages[-1].content.startswith("double.py could not be written: it is a link")
    assert STUB in said.messages[-3].content


# -- ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", whole(RIGHT)])
async def test_a_reply_cut_by_the_limit_ends_the_try_without_its_edits(text: str) -> None:
    it = await talk((FAILED, "no"), (PASSED, ""))
    said = await it.reply(text, "length")
    assert it.world.files["src/double.py"] == STUB
    assert it.world.acts == ["test", "read"]
    assert it.count("exhausted_context_windows") == 1
    assert said.messages[-2].role == "assistant"
    assert it.count("malformed_responses") == 0


async def test_a_conversation_that_no_longer_fits_ends_the_try() -> None:
    it = await talk((FAILED, "no"), (FAILED, "no"))
    assert not (await it.partner.overflow(it.sent, it.world.act)).end
    assert (await it.partner.overflow(it.sent, it.world.act)).end == "done"
    assert it.count("exhausted_context_windows") == 2
    assert it.count("outcomes") == [False, False]


async def test_a_filtered_reply_is_read_like_any_other() -> None:
    it = await talk((FAILED, "no"))
    assert not (await it.reply("I cannot help with that.", "content_filter")).end
    assert it.count("filtered") == 1
    assert it.count("outcomes") == [False]


@pytest.mark.parametrize("act", ["write", "lint", "test", "read"])
async def test_a_world_that_ends_ends_the_rollout(act: str) -> None:
    it = await talk((FAILED, "no"))
    answer = it.world.act

    async def dies(call: ToolCall) -> Observation:
        return Observation("gone", end="crashed") if call.name == act else await answer(call)

    it.world.act = dies  # type: ignore[method-assign]
    assert (await it.reply(whole(RIGHT))).end == "crashed"


async def test_facts_are_plain_json_and_the_same_for_the_same_story() -> None:
    async def story(change: Callable[[str], str]) -> dict[str, Any]:
        it = await talk((FAILED, "SyntaxError: x"), (PASSED, ""), lint=["bad"])
        for text in (whole("x = (\n"), "", whole(RIGHT)):
            await it.reply(change(text))
        facts: dict[str, Any] = it.partner.facts()
        return facts

    first, second = await story(str), await story(str)
    assert json.loads(json.dumps(first, allow_nan=False)) == first == second
    assert first["outcomes"] == [False, True]
