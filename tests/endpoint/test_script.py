"""Which reply answers which request, and what is said of a script that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.endpoint.script import Script, Scripted, load_script, parse_rule
from evalkit.errors import UsageError


def user(text: str, *before: str, seed: int | None = None, model: str = "m") -> dict[str, Any]:
    """A chat in which `before` (assistant, user, assistant, ...) came before the last user message."""
    roles = ["assistant", "user"]
    messages = [{"role": "user", "content": "first"}] if before else []
    messages += [{"role": roles[i % 2], "content": text} for i, text in enumerate(before)]
    return {"model": model, "seed": seed, "messages": [*messages, {"role": "user", "content": text}]}


def said(script: Script, body: dict[str, Any]) -> str | None:
    return script.reply_to(body).text


def test_the_first_rule_that_fits_answers() -> None:
    rules = [
        {"match": "sum", "reply": "by substring"},
        {"regex": "two.*num", "reply": "by pattern"},
        {"model": "small", "reply": "by model"},
    ]
    script = Script([parse_rule(rule) for rule in rules], Scripted("default"))
    assert said(script, user("the sum of two\nnumbers")) == "by substring"
    assert said(script, user("two\nnumbers")) == "by pattern"
    assert said(script, user("x", model="small")) == "by model"
    assert said(script, user("x")) == "default"
    assert said(script, {"model": "m", "prompt": "a sum"}) == "by substring"
    assert said(Script(echo=True), user("x")) == "x"


def test_only_the_last_user_message_counts() -> None:
    script = Script([parse_rule({"match": "first", "reply": "no"})], Scripted("yes"))
    assert said(script, user("last", "an answer")) == "yes"


def test_replies_by_turn_are_the_same_for_a_resumed_conversation() -> None:
    script = Script([parse_rule({"replies": ["one", "two", "three"]})])
    for _ in range(2):
        assert said(script, user("q")) == "one"
        assert said(script, user("q", "a1")) == "two"
        assert said(script, user("q", "a1", "q2", "a2")) == "three"
    assert said(script, user("q", "a1", "q2", "a2", "q3", "a3")) == "three"
    prefilled = user("q")
    prefilled["messages"].append({"role": "assistant", "content": "```"})
    assert said(script, prefilled) == "one"


def test_replies_by_what_was_given_in_a_conversation_with_examples() -> None:
    """The statement stands somewhere in it, and other turns were put between the replies."""
    script = Script([parse_rule({"anywhere": "knots", "by": "given", "replies": ["one", "two", "three"]})])
    example = ("an example's answer", "the task: knots", "Ok.")
    assert said(script, user("go on", *example)) == "one"
    assert said(script, user("tests failed", *example, "go on", "one\n")) == "two"
    more = ("tests failed", "two", "files changed", "Ok.")
    assert said(script, user("again", *example, "go on", "one", *more)) == "three"
    assert said(script, user("again", "an example's answer")) == "pass"


def test_replies_by_seed_and_by_hit() -> None:
    script = Script([parse_rule({"match": "s", "by": "seed", "replies": ["a", "b"]})])
    assert [said(script, user("s", seed=i)) for i in (0, 1, 2, 7)] == ["a", "b", "a", "b"]
    script = Script([parse_rule({"by": "hit", "replies": ["a", "b"]})])
    assert [said(script, user("h")) for _ in range(3)] == ["a", "b", "b"]


def test_content_may_be_a_list_of_parts() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}
    assert said(Script(echo=True), body) == "x"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2"),
        ('{"reply": "x", "mach": "y"}', "unknown key 'mach'"),
        ('{"reply": {"txt": "x"}}', "unknown key 'txt'"),
        ('{"replies": [], "by": "seed"}', "replies is empty"),
        ('{"reply": "x", "by": "luck"}', "by must be"),
        ('{"reply": "x", "regex": "("}', "line 2"),
        ('{"match": "x"}', "line 2"),
        ("[1]", "line 2"),
    ],
)
def test_a_script_that_cannot_be_used(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps({"reply": "fine"}) + "\n" + line)
    with pytest.raises(UsageError, match=message):
        load_script(path)


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the script"):
        load_script(tmp_path / "nowhere.jsonl")
