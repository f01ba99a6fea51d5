"""Work that is the machine as it stands, by every kind of agent, in real containers, with a real store: what
an agent left running runs on until the state has been taken."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.api import Run, run
from evalkit.tools import install
from tests import workspace_image as images
from tests.run.talk import call, calls, events, facts, outcomes, requests, scripted
from tests.run.test_terminus_talk import j, s
from tests.suites import swebench_set

pytestmark = pytest.mark.docker
SUITE = Path(__file__).with_name("standing")
AGENT = Path(__file__).parent / "agents" / "agent.toml"
EDIT = "printf 'one\\nTWO\\n' >wanted.txt"
SERVE = "sleep 4321 >/dev/null 2>&1 & echo $! >number"
SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
DONE = j(done=True)


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, (*images.PROGRAMS, "bash", "git", "uname"), python=True) as made:
        yield made


def go(
    folder: Path, image: str, modes: Mapping[str, str], said: Mapping[str, Sequence[Any]], **given: Any
) -> Run:
    """`modes`: how each task's agent works."""
    data, table = folder / "tasks.jsonl", folder / "images.json"
    more, rules = given.pop("more", {}), given.pop("rules", ())
    rows = [{"task_id": task, "mode": modes.get(task, ""), **more.get(task, {})} for task in said]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table.write_text(json.dumps({"standing": image}))
    settings: dict[str, Any] = {"results": folder / "results", "data": str(data), "image_map": str(table)}
    with scripted(folder, said, rules=rules) as url:
        return run(str(SUITE), "scripted", base_url=url, max_attempts=2, **settings, **given)


def test_by_keys_and_by_tools(image: str, tmp_path: Path) -> None:
    modes = {"two": "terminus-2", "two-late": "terminus-2", "one": "terminus-1", "one-late": "terminus-1"}
    said: dict[str, Sequence[Any]] = {
        "two": [j({"keystrokes": f"{EDIT}; {SERVE}\n", "duration": 2.0}), DONE, DONE],
        "two-late": [
            j({"keystrokes": f"{EDIT}; {SERVE}\n", "duration": 1.0}),
            j({"keystrokes": "", "duration": 30}),
        ],
        "one": [s((f"{EDIT}; {SERVE}\n", True, 20.0)), s(done=True)],
        "one-late": [
            s(("sleep 30\n", True, 0.5)),
            s(("C-c", False, 0), (f"{EDIT}; {SERVE}\n", True, 20.0), done=True),
        ],
        "tools": [calls(call("bash", command=f"{EDIT}; {SERVE}")), calls(call("submit"))],
    }
    more = {"two-late": {"budget": {"wall_s": 3.0}}}
    made = go(tmp_path, image, modes, said, more=more)
    assert outcomes(made) == dict.fromkeys(said, "passed")
    late = facts(made, "two-late")
    assert 2.99 < late["tools_s"] + late["model_s"] < 30, "it was cut (both are rounded), not waited for"
    assert facts(made, "one-late")["late"] == 1
    shown = events(made, "two", "model_call")[1].payload["request"]["messages"][-1]["content"]
    # all of the screen where the keys came before the shell's first prompt: nothing of it was seen before
    assert shown.startswith(("New Terminal Output:\n", "Current Terminal Screen:\n"))
    assert EDIT in shown


@pytest.mark.full
@pytest.mark.parametrize("how", ["turns", "hangs"])
def test_by_a_command_line_agent(how: str, image: str, tmp_path: Path) -> None:
    """Also one that is ended, since its turns are used up or it does nothing any more: what it started is no
    part of it."""
    ended = {"turns": ["$ true", "$ true", "never asked"], "hangs": ["! hang"]}
    said: dict[str, Sequence[Any]] = {
        how: [f"$ {EDIT}; {SERVE}", *ended[how]],
        "done": [f"$ {EDIT}; {SERVE}", "all done"],
        "idle": ["all done"],
    }
    more = {"turns": {"budget": {"turns": 3}}}
    made = go(tmp_path, image, {}, said, more=more, scaffold=str(AGENT))
    assert outcomes(made) == {how: "passed", "done": "passed", "idle": "failed/wrong"}
    assert all("verification_s" in facts(made, task) for task in said)


@pytest.mark.full
def test_by_mini_swe_agent(image: str, tmp_path: Path) -> None:
    """With its configuration for machines, whatever it hands in."""
    install("mini-swe-agent")
    both = f"{EDIT}; {SERVE}"
    block = "THOUGHT: so.\n\n```mswea_bash_command\n{}\n```"
    tools = {"done": [calls(call("bash", command=both)), calls(call("bash", command=SUBMIT))]}
    text = {"done": [block.format(both), block.format(SUBMIT)]}
    for scaffold, said, asked in (
        ("mini-swe-agent", tools, "mini"),
        ("mini-swe-agent-text", text, "mini-textbased"),
    ):
        made = go(tmp_path, image, {}, said, scaffold=scaffold)
        assert outcomes(made) == {"done": "passed"}
        assert made.manifest["protocol"]["name"] == asked
        first = events(made, "done", "model_call")[0].payload["request"]["messages"][1]["content"]
        assert "Please solve this issue: This is task done." in first
        assert "\n    Linux " in first or "\nLinux " in first, "the machine that it works on"
    assert {entry["status"] for entry in requests(tmp_path)} == {200}


@pytest.mark.full
def test_by_qwen_code(docker_engine: Any, tmp_path: Path) -> None:
    """Asked with the instruction alone; what its shell left in the background is there when it is gone."""
    install("qwen-code")
    row = swebench_set.row("prices")
    image = swebench_set.images(["prices"])[row["instance_id"]]
    given = {"description": "work", "is_background": False}
    working = calls(call("run_shell_command", command=f"{EDIT}; {SERVE}", **given))
    rules = [{"anywhere": "This is task done.", "replies": [working, "It is done."]}]
    made = go(tmp_path, image, {}, {"done": ["never asked"]}, rules=rules, scaffold="qwen-code", turns=6)
    assert outcomes(made) == {"done": "passed"}
    users = [
        m["content"]
        for m in events(made, "done", "model_call")[0].payload["request"]["messages"]
        if m["role"] == "user"
    ]
    assert any(text.strip().endswith("This is task done.") for text in users)
