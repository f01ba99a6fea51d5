"""Terminus 1 and 2 in whole runs over HTTP: what is done with each reply, and what a full context does.

Their terminal is a world in this process (talking/typed.py); tests/scaffolds has them in a real one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.api import Run
from evalkit.scaffolds.terminus import handover, words
from tests.run.talk import events, facts, outcomes, scripted, talk

WANTS = {"a": "x"}
PUT = "put a x\n"


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALKING_LOG", str(tmp_path / "acts"))


def j(*commands: Any, done: bool = False, **more: Any) -> str:
    """A reply to Terminus 2: texts are keys that need no wait."""
    typed = [{"keystrokes": c, "duration": 0.0} if isinstance(c, str) else c for c in commands]
    return json.dumps({"analysis": "so", "plan": "then", "commands": typed, "task_complete": done, **more})


def x(*keys: str, done: bool = False) -> str:
    typed = "".join(f'<keystrokes duration="0">{k}</keystrokes>' for k in keys)
    complete = f"<task_complete>{str(done).lower()}</task_complete>"
    return (
        f"<response><analysis>so</analysis><plan>then</plan><commands>{typed}</commands>{complete}</response>"
    )


def s(*commands: tuple[str, bool, float], done: bool = False) -> str:
    """A reply to Terminus 1."""
    typed = [{"keystrokes": k, "is_blocking": b, "timeout_sec": t} for k, b, t in commands]
    told = {"state_analysis": "so", "explanation": "then"}
    return json.dumps({**told, "commands": typed, "is_task_complete": done})


def cut(text: str) -> dict[str, Any]:
    return {"text": text, "finish_reason": "length"}


def go(folder: Path, partner: str, said: Mapping[str, Sequence[Any]], **given: Any) -> Run:
    budgets: dict[str, Any] = given.pop("budgets", {})
    records = [
        {
            "task_id": task,
            "world": "typed",
            "partner": partner,
            "wants": WANTS,
            "budget": {"turns": 60, **budgets.get(task, {})},
        }
        for task in said
    ]
    server, rules = given.pop("server", ()), given.pop("rules", ())
    with scripted(folder, said, *server, rules=rules) as url:
        return talk(folder, url, *records, **given)


def told(made: Run, task: str) -> list[str]:
    """What the model was shown after the first request."""
    last = events(made, task, "model_call")[-1].payload["request"]["messages"]
    return [m["content"] for m in last[1:] if m["role"] == "user"]


def test_terminus_2(tmp_path: Path) -> None:
    said: dict[str, Sequence[Any]] = {
        "solved": [j(PUT), j(done=True), j(done=True)],
        "unsure": [j(done=True), j(PUT), j(done=True), "what?", j(done=True)],
        "works-on": [j(done=True), j(PUT, done=True), "never asked"],
        "thinks": [f"<think>{j('put a y')}</think>\n{j(PUT, done=True)}", j(done=True)],
        "warned": ["So be it.\n" + j({"keystrokes": PUT}), j(done=True), j(done=True)],
        "broken": ["I would type.", '{"analysis": 1}', j(PUT)[:-1], j(done=True), j(done=True)],
        "cut": [cut(j(PUT)), cut(j(PUT)[:50]), j(PUT), j(done=True), j(done=True)],
        "flooded": [j("flood 3000\n"), j(PUT), j(done=True), j(done=True)],
        "ended": [j("exit\n"), j(PUT), j(done=True), j(done=True)],
        "quits": [j(done=True), j(done=True)],
        "turns": [j("")],
        "late": [j({"keystrokes": "", "duration": 50})],
    }
    budgets = {"turns": {"turns": 3}, "late": {"wall_s": 0.6}}
    made = go(tmp_path, "terminus-2", said, budgets=budgets)
    failed = {"quits": "failed/wrong", "turns": "failed/turns", "late": "failed/agent_timeout"}
    assert outcomes(made) == {task: failed.get(task, "passed") for task in said}
    assert {task: facts(made, task)["turns"] for task in ("solved", "unsure", "works-on")} == {
        "solved": 3,
        "unsure": 5,
        "works-on": 2,
    }
    assert told(made, "solved")[0] == "New Terminal Output:\n$ put a x"
    assert told(made, "solved")[1].startswith("Current Terminal Screen:\n$ put a x")
    assert told(made, "solved")[1].endswith("else go on.")
    assert told(made, "unsure")[3].startswith("Nothing of the last reply was done, for it could not be read.")
    assert "- there is text before the object\n- command 1 has no 'duration'" in told(made, "warned")[0]
    assert told(made, "warned")[0].endswith("\n\nNew Terminal Output:\n$ put a x")
    assert [text.split("\n")[1][:40] for text in told(made, "broken")[:2]] == [
        "Error: there is no whole JSON object in ",
        "Error: fields are missing: plan, command",
    ]
    assert "was closed with braces" in told(made, "broken")[2]
    assert "cut at the limit of" in told(made, "cut")[0]
    assert "cut at the limit of" in told(made, "cut")[1]
    shown = told(made, "flooded")[0]
    assert 10_000 < len(shown) < 10_200
    assert shown.startswith("New Terminal Output:\n$ flood 3000\nline 0 of many\n")
    assert shown.endswith("line 2999 of many")
    assert "are left out here" in shown
    assert "had ended, and a new one was begun" in told(made, "ended")[0]
    assert {name: facts(made, "broken")[name] for name in ("unreadable", "warned", "handovers")} == {
        "unreadable": 2,
        "warned": 1,
        "handovers": 0,
    }


def test_terminus_2_in_xml(tmp_path: Path) -> None:
    said: dict[str, Sequence[Any]] = {
        "solved": [x(PUT), x(done=True), x(done=True)],
        "salvaged": [cut(x(PUT) + "\n<respo"), x(done=True), x(done=True)],
        "cut": [cut(x(PUT)[:90]), cut(x("put a y\n") + x("put a z\n")), x(PUT), x(done=True), x(done=True)],
        "broken": ["I would type.", x(PUT, done=True), x(done=True)],
    }
    made = go(tmp_path, "terminus-2-xml", said)
    assert outcomes(made) == dict.fromkeys(said, "passed")
    assert "<task_complete>true</task_complete> once more" in told(made, "solved")[1]
    assert told(made, "cut")[0].startswith("Nothing of the last reply was done: it was cut at")
    assert told(made, "cut")[1].endswith("$ put a y"), "the first of two blocks is whole"


def test_terminus_1(tmp_path: Path) -> None:
    put = (PUT, True, 5.0)
    said: dict[str, Sequence[Any]] = {
        "solved": [s(put), s(done=True)],
        "at-once": [s(put, done=True)],
        "late": [s(("sleep 30\n", True, 0.2), ("put a y\n", True, 5.0)), s(put, done=True)],
        "not-blocking": [s(("sleep 30 &\n", True, 0.2), ("sleep 30\n", False, 0.2), put, done=True)],
        "recovers": ["what?", f"```json\n{s(put)}\n```", s(put), "what?", s(done=True)],
        "broken": ["what?", s() + " ", "{}", "never asked"],
        "malformed": ["what?", "{}", s(put)[:-1], "never asked"],
        "cut": [cut(s(put)[:50]), "never asked"],
        "endless": [s(("look\n", False, 0))],
    }
    made = go(tmp_path, "terminus-1", said)
    failed = {
        "broken": "failed/malformed",
        "malformed": "failed/malformed",
        "cut": "failed/truncated",
        "endless": "failed/turns",
    }
    said["broken"] = []
    assert outcomes(made) == {task: failed.get(task, "passed") for task in said}
    assert facts(made, "endless")["turns"] == facts(made, "endless")["episodes"] == 50
    assert told(made, "solved")[0] == "$ put a x\n$ "
    late = told(made, "late")[0]
    assert late.startswith("The last command:\nsleep 30\n\n\nIt had not ended after 0.2 seconds.")
    assert late.endswith("$ sleep 30\n$ "), "what came after it was not typed"
    first = events(made, "recovers", "model_call")[0].payload["request"]["messages"][0]["content"]
    assert told(made, "recovers")[:2] == [first, first], "the same is asked again"


def counted(text: str, prompt: int, said: int = 10) -> dict[str, Any]:
    return {"text": text, "usage": {"prompt_tokens": prompt, "completion_tokens": said}}


def asides(task: str, *, summary: Any = "SUMMED UP", questions: Any = "WHICH?") -> list[dict[str, Any]]:
    """What the tested model answers when it is asked aside."""
    head = {"task": task} if task else {}
    return [
        {**head, "match": words.SUMMARY[:40], "reply": summary},
        {"match": words.QUESTIONS[:40], "reply": questions},
        {**head, "match": words.ANSWERS[:40], "reply": "THIS ONE."},
    ]


def sent(made: Run, task: str) -> list[list[dict[str, Any]]]:
    return [e.payload["request"]["messages"] for e in events(made, task, "model_call")]


# a conversation of which 7,995 tokens are free of 10,005 after its second reply, and how it goes on
LONG = [counted(j("look 1\n"), 1900), counted(j("look 2\n"), 2000)]
HANDED_OVER = [
    *asides(""),
    {"match": words.GO_ON[:30], "replies": [j(PUT)], "by": "hit"},
    {"match": "New Terminal Output:\n$ put a x", "reply": counted(j(done=True), 1000)},
    {"match": "You call the task done.", "reply": counted(j(done=True), 1100)},
]


def test_a_context_that_gets_full_is_handed_over_in_time(tmp_path: Path) -> None:
    """Below 8,000 free tokens: three calls aside, and a conversation of three messages that goes on."""
    made = go(tmp_path, "terminus-2", {"long": LONG}, rules=HANDED_OVER, context=10_005)
    assert outcomes(made) == {"long": "passed"}
    first, second, summary, questions, answers, on, *_ = sent(made, "long")
    assert len(first) == 1
    assert summary[:-2] == second, "1,990 + 10 tokens: 8,005 are free; then 2,010: 7,995 are"
    assert [len(m) for m in (summary, questions, answers, on)] == [5, 1, 7, 3]
    assert "SUMMED UP" in questions[0]["content"]
    assert "$ look 2" in questions[0]["content"]
    assert answers[-1]["content"].endswith("WHICH?\n") or answers[-1]["content"].endswith("WHICH?")
    assert on[0]["content"].startswith(first[0]["content"])
    assert "SUMMED UP" in on[0]["content"]
    assert [m["role"] for m in on] == ["user", "assistant", "user"]
    assert (on[1]["content"], "THIS ONE." in on[2]["content"]) == ("WHICH?", True)
    assert (facts(made, "long")["turns"], facts(made, "long")["handovers"]) == (8, 1)


def test_a_context_that_is_full_is_unwound_and_handed_over(tmp_path: Path) -> None:
    """The server refuses; whole turns are dropped until 4,000 tokens are free; what was counted tells."""
    rules = [
        *asides(""),
        {"match": words.GO_ON[:30], "reply": j(PUT)},
        {"match": "New Terminal Output:\n$ put a x", "reply": j(done=True)},
        {"match": "You call the task done.", "reply": j(done=True)},
    ]
    turns = [counted(j(f"look {n}\n"), 2000 * (n + 1)) for n in range(5)]
    said = {"long": [*turns, {"text": "", "fault": "context"}]}
    made = go(tmp_path, "terminus-2", said, rules=rules)
    assert outcomes(made) == {"long": "passed"}
    summary = next(m for m in sent(made, "long") if m[-1]["content"].startswith(words.SUMMARY[:40]))
    kept = [m["content"] for m in summary if m["role"] == "assistant"]
    assert kept == [turn["text"] for turn in turns[:3]], (
        "of some 10,020 tokens that were too many, 6,010 stay"
    )
    assert facts(made, "long")["overflows"] == 1


def test_what_cannot_be_summed_up_goes_on_with_a_word_or_with_none(tmp_path: Path) -> None:
    full = {"text": "", "fault": "context"}
    rules = [
        {"task": "task word.", "match": words.SUMMARY[:40], "reply": full},
        {"task": "task bare.", "match": words.SUMMARY[:40], "reply": full},
        {"match": "task word.", "regex": words.SHORT[:40], "reply": "type it"},
        {"match": "task bare.", "regex": words.SHORT[:40], "reply": full},
        {"match": words.GO_ON_SHORT[:40], "task": "task never.", "reply": full},
        {"match": words.GO_ON_SHORT[:40], "reply": j(PUT, done=True)},
        {"match": "You call the task done.", "reply": j(done=True)},
    ]
    turns = [counted(j("look\n"), 4000), counted(j("look\n"), 9000), full]
    said: dict[str, Sequence[Any]] = {
        "word": turns,
        "bare": turns,
        "at-once": [full],
        "never": [j("look\n"), full],
    }
    made = go(tmp_path, "terminus-2", said, rules=rules)
    assert outcomes(made) == {
        "word": "passed",
        "bare": "passed",
        "at-once": "failed/context",
        "never": "failed/context",
    }
    began = [m[-1]["content"] for m in sent(made, "word") if words.GO_ON_SHORT[:40] in m[-1]["content"]]
    assert "What comes next:\ntype it" in began[0]
    began = [m[-1]["content"] for m in sent(made, "bare") if words.GO_ON_SHORT[:40] in m[-1]["content"]]
    assert "What comes next:" not in began[0]
    assert handover.FREE_AFTER < handover.FREE_BEFORE
