"""Whole runs in the shell: the scripted endpoint over HTTP, the real loop, real containers, a real store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.api import Run, run
from evalkit.scaffolds.shell import prompts
from tests import workspace_image as images
from tests.run.talk import call, calls, events, facts, outcomes, requests, scripted

pytestmark = pytest.mark.docker
SUITE = Path(__file__).with_name("shelling")
WANTED = "one\nTWO\n"
GOOD = "printf 'one\\nTWO\\n' >wanted.txt"
Go = Callable[..., Run]


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, (*images.PROGRAMS, "bash", "git")) as made:
        yield made


@pytest.fixture
def go(image: str, tmp_path: Path) -> Go:
    """A run of conversations, by task; `more` is a task's own record."""

    def start(
        mode: str,
        conversations: Mapping[str, Sequence[Any]],
        *server: str,
        more: Mapping[str, Mapping[str, Any]] | None = None,
        **given: Any,
    ) -> Run:
        data = tmp_path / "tasks.jsonl"
        records = [
            {"task_id": task, "mode": mode, "wants": WANTED, **((more or {}).get(task, {}))}
            for task in conversations
        ]
        data.write_text("".join(json.dumps(record) + "\n" for record in records))
        table = tmp_path / "images.json"
        table.write_text(json.dumps({"shelling": image}))
        with scripted(tmp_path, conversations, *server) as url:
            return run(
                str(SUITE),
                "scripted",
                base_url=url,
                results=tmp_path / "results",
                data=str(data),
                image_map=str(table),
                max_attempts=2,
                **given,
            )

    return start


def bash(command: str, **more: Any) -> dict[str, Any]:
    return call("bash", command=command, **more)


def block(command: str) -> str:
    return f"Let me see.\n\n```bash\n{command}\n```\n"


SUBMIT = calls(call("submit"))


def told(made: Run, task: str) -> list[str]:
    """What the model was shown after the first request, in the last."""
    last = events(made, task, "model_call")[-1].payload["request"]["messages"]
    return [m["content"] for m in last[2:] if m["role"] in ("tool", "user")]


def test_by_function_calls(go: Go, tmp_path: Path) -> None:
    """Work, submission, several calls in a reply, mistakes of all kinds: each is answered or is the end."""
    replace = call(
        "str_replace_editor", command="str_replace", path="wanted.txt", old_str="two", new_str="TWO"
    )
    conversations: dict[str, list[Any]] = {
        "edited": [calls(bash("cat wanted.txt")), calls(replace), SUBMIT],
        "several": [calls(bash("rm wanted.txt"), bash(GOOD), call("submit"), bash("rm wanted.txt"))],
        "mistakes": [
            calls(
                {"name": "bash", "arguments": '{"command": "l'},
                {"name": "bash", "arguments": "[1]"},
                {"name": "python", "arguments": {"code": "1"}},
                call("str_replace_editor", command="view", path="nowhere"),
            ),
            calls(bash(GOOD)),
            "All done.",
            SUBMIT,
        ],
        "talks": ["I would edit it.", "Then I would test it.", "", "never asked"],
        "silent": ["", {"text": None}, "", "never asked"],
        "cut": [{"text": "I thi", "finish_reason": "length"}],
        "nothing": [SUBMIT],
        "unread": [calls({"name": "bash", "arguments": "{"})],
        "unknown": [calls(call("python", code="1"))],
        "recovers": [
            "Let me think.",
            calls(call("python", code="1")),
            calls(bash(GOOD), call("python", code="1")),
            calls({"name": "bash", "arguments": "{"}),
            "Done.",
            SUBMIT,
        ],
        "loops": [calls(bash("ls"))],
        "to-and-fro": [calls(bash("ls"), bash("cat wanted.txt"))],
        "turns": [calls(bash("echo $RANDOM$RANDOM"))],
        "works-then-talks": [calls(bash(GOOD)), "Done.", "Really.", "Yes."],
    }
    more: dict[str, Any] = {
        "turns": {"budget": {"turns": 3}},
        "loops": {"rules": {"repeats_end": 6}},
        "to-and-fro": {"rules": {"repeats_end": 5}},
    }
    made = go("tools", conversations, more=more)
    assert outcomes(made) == {
        "edited": "passed",
        "several": "passed",
        "mistakes": "passed",
        "talks": "failed/malformed",
        "silent": "failed/malformed",
        "cut": "failed/truncated",
        "nothing": "failed/empty_patch",
        "unread": "failed/malformed",
        "unknown": "failed/malformed",
        "recovers": "passed",
        "loops": "failed/turns",
        "to-and-fro": "failed/turns",
        "turns": "failed/turns",
        "works-then-talks": "passed",
    }
    assert {entry["status"] for entry in requests(tmp_path)} == {200}, "every conversation was valid"
    turns = {task: facts(made, task)["turns"] for task in conversations}
    assert turns == {
        "edited": 3,
        "several": 1,
        "mistakes": 4,
        "talks": 3,
        "silent": 3,
        "cut": 3,
        "nothing": 1,
        "unread": 3,
        "unknown": 3,
        "recovers": 6,
        "loops": 6,
        "to-and-fro": 5,
        "turns": 3,
        "works-then-talks": 4,
    }
    assert facts(made, "recovers")["replies_without_action"] == 4
    assert [facts(made, task).get("repeats", 0) for task in ("loops", "to-and-fro", "turns")] == [5, 4, 0]
    broken, listed, unknown, missing, done, no_call = told(made, "mistakes")
    assert broken.startswith("[not done] bash: the arguments are no JSON")
    assert listed.startswith("[not done] bash: the arguments must be a JSON object")
    assert unknown.startswith("There is no tool 'python'. The tools are: bash, str_replace_editor, submit.")
    assert missing == "[not done] there is no /work/nowhere"
    assert done == "[exit status 0; no output]"
    assert no_call == prompts.NO_CALL
    assert told(made, "loops")[3].endswith(
        "4 times in a row the same call had the same outcome: try something else.]"
    )


def test_in_text(go: Go, tmp_path: Path) -> None:
    conversations: dict[str, list[Any]] = {
        "done": [block("cat wanted.txt"), block(GOOD), block("submit")],
        "thinks": [f"<think>\n{block('rm -rf .')}</think>\n{block(GOOD)}", block("submit")],
        "two": [block("ls") + block("ls"), "Sorry.\n" + block(GOOD), block("submit")],
        "talks": ["I would edit it.", "And test it.", "It is done."],
        "silent": ["", "", ""],
        "cut": [{"text": "```bash\nls", "finish_reason": "length"}],
        "calls": [calls(bash(GOOD)), block(GOOD), block("submit")],
        "loops": [block("ls")],
        "late": [block("sleep 1234"), block(GOOD), block("submit")],
        "over": [block("sleep 1234")],
    }
    more: dict[str, Any] = {
        "late": {"rules": {"command_s": 1.5}},
        "loops": {"rules": {"repeats_end": 6}},
        "over": {"budget": {"wall_s": 1.0}},
    }
    made = go("text", conversations, more=more)
    assert outcomes(made) == {
        "done": "passed",
        "thinks": "passed",
        "two": "passed",
        "talks": "failed/malformed",
        "silent": "failed/malformed",
        "cut": "failed/truncated",
        "calls": "passed",
        "loops": "failed/turns",
        "late": "passed",
        "over": "failed/agent_timeout",
    }
    assert {entry["status"] for entry in requests(tmp_path)} == {200}
    assert not any(
        "tools" in e.payload["request"] and e.payload["request"]["tools"]
        for e in events(made, "done", "model_call")
    ), "none is offered"
    assert told(made, "done") == ["[exit status 0]\none\ntwo\n", "[exit status 0; no output]"]
    assert told(made, "two")[0].startswith("[nothing done] there are 2 blocks")
    assert told(made, "calls")[0] == "There is no tool 'bash'. The tools are: none."
    assert told(made, "late")[0] == ("[killed after 1.5 seconds, with all that it had started; no output]")
    assert (facts(made, "talks")["turns"], facts(made, "loops")["turns"]) == (3, 6)


def test_a_full_context_money_and_time_are_ends_and_what_stands_is_judged(go: Go, tmp_path: Path) -> None:
    priced = {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.25}}
    conversations: dict[str, list[Any]] = {
        "context": [calls(bash("seq 1 2000 && echo $RANDOM"))],
        "context-good": [calls(bash(f"{GOOD}; seq 1 2000; echo $RANDOM"))],
        "money": [{**calls(bash("echo $RANDOM$RANDOM")), **priced}],
        "time": [calls(bash("sleep 20"))],
    }
    more = {"money": {"budget": {"money": 0.6}}, "time": {"budget": {"wall_s": 1.0}}}
    made = go("tools", conversations, "--context", "6000", more=more)
    assert outcomes(made) == {
        "context": "failed/context",
        "context-good": "passed",
        "money": "failed/money",
        "time": "failed/agent_timeout",
    }
