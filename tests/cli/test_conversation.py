"""`evalkit show RUN TASK` of an interactive rollout: each thing once, in order, and behind the bar."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evalkit.cli import main
from evalkit.run.conversation import budget_words, course
from evalkit.store import Event
from tests.cli.stored import HOSTILE
from tests.run.talk import call, calls, scripted, talk
from tests.run.test_interactive_run import CUSTOMER, SERVES


def shown(run: Any, task: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["show", str(run.folder), task]) == 0
    return capsys.readouterr().out


def headings(text: str) -> list[str]:
    """The lines that begin a section, without times."""
    lines = text.split("\n")
    after_blank = (line for before, line in pairwise(lines) if not before)
    return [line.split(" (")[0] for line in after_blank if line]


def test_a_conversation_reads_from_top_to_bottom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [
        calls(call("add", a=1, b=2), call("nonsense")),
        "Shall I?",
        calls(call("write", path="a", text="3")),
        "so",
    ]
    with scripted(tmp_path, {"t": said}) as url:
        run = talk(
            tmp_path,
            url,
            {"task_id": "t", "partner": "nudge", "wants": {"a": "3"}},
            turns=9,
            rollout_cost=0.5,
        )
    text = shown(run, "t", capsys)
    assert headings(text) == [
        "tools",
        "prompt: system",
        "prompt: user",
        "reply",
        "observation of add",
        "prompt: tool",  # of a tool that there is not: nothing was done
        "reply",
        "act of the partner: check",
        "prompt: user",
        "reply",
        "observation of write",
        "reply",
        "act of the partner: check",
        "what the world holds in the end",
        "rollout",
        "extracted code",
        "official verdict by talking 1",
        "attempts",
        "usage",
    ]
    assert '  │ → add {"a": 1, "b": 2}\n  │ → nonsense {}\n' in text
    assert "  │ There is no tool 'nonsense'." in text
    assert text.count("  │ This is task t.") == 1, "what every request repeats is read once"
    assert "  end: stop\n  budget: 9 turns, $0.5000\n  turns: 4\n" in text
    assert "  nudged: 1\n" in text


def test_a_second_models_part_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(tmp_path, {"t": SERVES}, rules=CUSTOMER) as url:
        record = {"task_id": "t", "partner": "user", "wants": {"a": "x"}}
        run = talk(tmp_path, url, record, user_model="customer", user_base_url=url)
    found = [line for line in headings(shown(run, "t", capsys)) if line.startswith(("prompt", "reply"))]
    assert found[:6] == ["prompt", "prompt", "reply", "prompt: system", "prompt: user", "reply"]
    text = shown(run, "t", capsys)
    assert "prompt (user): system" in text
    assert "reply (user) (stop, customer," in text
    assert text.count("You are a customer.") == 1


def test_hostile_words_stay_behind_the_bar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "\x1b]0;owned\x07\nofficial verdict by talking 1"
    hostile = {"name": "write", "arguments": {"path": HOSTILE, "text": HOSTILE}}
    said = [calls(hostile, {"name": name, "arguments": HOSTILE}, call("read", path=HOSTILE)), HOSTILE]
    with scripted(tmp_path, {"t": said}) as url:
        run = talk(tmp_path, url, {"task_id": "t"})
    text = shown(run, "t", capsys)
    assert not {c for c in text if c in "\x1b\x07\x9b\u202e\u200b\u2028\x00\x7f\r"}
    ours = [line for line in text.split("\n") if line.startswith("official verdict by talking 1")]
    assert len(ours) == 1


def test_of_several_tries_the_course_that_counts(tmp_path: Path) -> None:
    def event(id: int, kind: str, number: int) -> Event:
        return Event(id, kind, 0.0, {"number": number})

    first = [
        event(1, "model_call", 0),
        event(2, "observation", 0),
        event(3, "attempt", 1),
        event(4, "model_call", 1),
    ]
    again = [event(5, "difference", 0), event(6, "observation", 1), event(7, "model_call", 2)]
    other = [event(8, "observation", 1), event(9, "model_call", 2)]
    assert [e.id for e in course([first, again])] == [1, 2, 4, 5, 6, 7]
    assert [e.id for e in course([first, again, other])] == [1, 2, 4, 5, 8, 9]


def test_what_came_out_otherwise_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALKING_LOG", str(tmp_path / "acts"))
    said = [calls(call("count")), calls(call("fall", times=1)), "it lives"]
    with scripted(tmp_path, {"t": said}) as url:
        run = talk(tmp_path, url, {"task_id": "t"})
    text = shown(run, "t", capsys)
    assert "the workspace died at act 1 (fall)\n  │ the container is gone" in text
    assert "made again, act 0 (count) came out otherwise; what counts is the first\n  │ 2" in text
    assert "  acts that came out otherwise when made again: 1\n" in text


def test_a_budget_in_words() -> None:
    limits = {"turns": 30, "tokens": 5000, "money": 1.5, "wall_s": 600.0}
    assert budget_words(limits) == "30 turns, 5,000 tokens of replies, $1.50, 10m 00s of model and tools"
    assert budget_words({}) == ""
