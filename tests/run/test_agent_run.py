"""Whole runs of a command-line agent: its program in the container, the relay, the proxy, a real store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.api import Run, run
from evalkit.scaffolds.command import scaffold
from evalkit.store import read_run
from tests import workspace_image as images
from tests.run.command import ended, here, start
from tests.run.talk import events, facts, outcomes, requests, scripted

pytestmark = pytest.mark.docker
SUITE = Path(__file__).with_name("shelling")
AGENT = Path(__file__).parent / "agents" / "agent.toml"
WANTED = "one\nTWO\n"
GOOD = "$ printf 'one\\nTWO\\n' >wanted.txt"
BAD = "$ echo three >>wanted.txt"


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, (*images.PROGRAMS, "bash", "git"), python=True) as made:
        yield made


def places(folder: Path, image: str, tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The data and the image map of a run, as its settings."""
    data, table = folder / "tasks.jsonl", folder / "images.json"
    rows = [{"task_id": task, "mode": "tools", "wants": WANTED, **more} for task, more in tasks.items()]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table.write_text(json.dumps({"shelling": image}))
    return {"data": str(data), "image_map": str(table)}


def go(
    folder: Path,
    image: str,
    conversations: Mapping[str, Sequence[Any]],
    *server: str,
    more: Mapping[str, Mapping[str, Any]] | None = None,
    **given: Any,
) -> Run:
    where = places(folder, image, {task: (more or {}).get(task, {}) for task in conversations})
    settings = {"scaffold": str(AGENT), "results": folder / "results", "max_attempts": 2, **where, **given}
    with scripted(folder, conversations, *server) as url:
        return run(str(SUITE), "scripted", base_url=url, **settings)


def test_an_agent_solves_its_task_and_others_end_as_they_should(
    image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaffold, "MOST_OUTPUT", 1 << 20)
    told: dict[str, list[Any]] = {
        "solved": ["$ cat wanted.txt; id -u; echo >/opt/evalkit-agent/main.py", GOOD, "all done"],
        "much": ["$ seq 1 600000 >big.log; cat big.log", GOOD, "all done"],
        "wrong": [BAD, "all done"],
        "crashed": [BAD, "! crash"],
        "solved-then-crashed": [GOOD, "! crash"],
        "floods": [BAD, "! flood"],
        "kills": [BAD, "! kill"],
        "forges": [BAD, "! forge"],
        "knocks": [BAD, "! knock"],
        "turns": [BAD, "$ true", "$ true", "$ true"],
        "cut": [BAD, {"text": "half", "finish_reason": "length"}],
        "full": [BAD, "$ seq 1 800000"],
    }
    more = {"turns": {"budget": {"turns": 3}}}
    made = go(tmp_path, image, told, "--context", "700000", more=more, scaffold=quiet_for(60, tmp_path))
    assert outcomes(made) == {
        "solved": "passed",
        "much": "passed",
        "wrong": "failed/wrong",
        "crashed": "failed/crashed",
        "solved-then-crashed": "passed",
        "floods": "failed/output",
        "kills": "failed/crashed",
        "forges": "failed/crashed",
        "knocks": "failed/malformed",
        "turns": "failed/turns",
        "cut": "failed/truncated",
        "full": "failed/context",
    }
    found = facts(made, "solved")
    assert found["turns"] == 3
    assert found["status"] == 0
    assert found["agent"]["name"] == "small-agent"
    assert found["agent"]["version"].startswith("1+")
    last = events(made, "solved", "model_call")[1].payload["request"]["messages"]
    seen = last[-1]["content"].splitlines()[1:]
    assert seen[:3] == ["one", "two", "1234"], "it works as the image's user"
    assert "Read-only file system" in seen[3]
    assert "tampered" in facts(made, "forges")["detail"]
    assert facts(made, "turns")["turns"] == 3


def quiet_for(seconds: int, folder: Path) -> str:
    """The agent, which may be quiet for so long."""
    copy = shutil.copytree(AGENT.parent, folder / f"quiet-for-{seconds}") / AGENT.name
    copy.write_text(copy.read_text().replace("quiet_s = 8", f"quiet_s = {seconds}"))
    return str(copy)


def test_an_agent_that_hangs_is_ended(image: str, tmp_path: Path) -> None:
    made = go(tmp_path, image, {"hangs": [BAD, "! hang"]}, scaffold=quiet_for(1, tmp_path))
    assert outcomes(made) == {"hangs": "failed/agent_timeout"}


def test_an_agent_that_asks_nothing_or_a_model_that_is_down_says_nothing_of_the_model(
    image: str, tmp_path: Path
) -> None:
    made = go(tmp_path, image, {"silent": ["unused"], "down": [{"text": "", "fault": "500"}]})
    assert outcomes(made) == {"silent": "error/sandbox", "down": "error/api"}


@pytest.mark.parametrize(
    "point",
    [
        "call stored#2",
        *(
            pytest.param(p, marks=pytest.mark.full)
            for p in ("event stored#1", "before commit#5", "answer stored")
        ),
    ],
)
def test_killed_and_gone_on(point: str, image: str, tmp_path: Path) -> None:
    """Its process has another number in the second try, and says so: the recorded replies count."""
    told = ["$ echo $$$$ >noise.log; cat noise.log", GOOD, "$ cat wanted.txt", "all done"]
    where = places(tmp_path, image, {"t": {}})
    with scripted(tmp_path, {"t": told}) as url:
        words = ["run", str(SUITE), "--model", "scripted", "--base-url", url, "--api-key-env", "SCRIPTED_KEY"]
        words += ["--scaffold", str(AGENT), "--results", str(tmp_path / "results")]
        words += ["--data", where["data"], "--image-map", where["image_map"], "--json"]
        killed = ended(start(*words, env={"EVALKIT_CRASH_AT": point}))
        assert killed.code == 137, killed.stderr
        done = here(*words)
        assert done.code == 0, done.stderr
        assert done.summary["counts"]["passed"] == 1
        assert len(requests(tmp_path)) <= len(told) + 1, "only a call that was on its way is repeated"
    with read_run(Path(done.summary["run"])) as store:
        assert store.totals().calls == len(told)


def test_another_file_is_another_agent(tmp_path: Path) -> None:
    shutil.copytree(AGENT.parent, tmp_path / "agents")
    again = tmp_path / "agents" / "agent.toml"
    assert scaffold.CommandAgent(again).version == scaffold.CommandAgent(AGENT).version
    (again.parent / "agent" / "main.py").write_text("print('another')\n")
    assert scaffold.CommandAgent(again).version != scaffold.CommandAgent(AGENT).version
