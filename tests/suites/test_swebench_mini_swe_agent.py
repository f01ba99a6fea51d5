"""SWE-bench by mini-swe-agent itself: the set of our own, and real instances whose images are at hand."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from evalkit.scaffolds.mini_swe_agent.process import environment
from evalkit.store import read_run
from evalkit.tools import install
from tests.run.command import run
from tests.run.talk import call, calls, requests, scripted
from tests.suites.swebench_command import assert_told, ends, swebench, told
from tests.suites.swebench_set import images, rows
from tests.suites.swebench_stories import Story, applied

pytestmark = [pytest.mark.docker, pytest.mark.full]
REAL = ("pallets__flask-5014", "psf__requests-1142")
PATCH = "git add --intent-to-add . && git diff --binary > ../patch.txt"
SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat ../patch.txt"


def bash(command: str) -> dict[str, Any]:
    return calls(call("bash", command=command))


def by(*words: str) -> tuple[str, ...]:
    return ("--scaffold", "mini-swe-agent", *words)


@pytest.fixture(scope="module", autouse=True)
def agent() -> Path:
    return install("mini-swe-agent").python


def test_the_set_of_our_own(docker_engine: object, tmp_path: Path) -> None:
    images()
    names = [row["instance_id"] for row in rows()]
    stories = [Story(name, [bash(applied(name)), bash(PATCH), bash(SUBMIT)], "passed", 3) for name in names]
    # the start's files stand in no commit of the agent's: a patch of nothing is nothing
    stories[0] = Story(names[0], [bash("git diff > ../patch.txt"), bash(SUBMIT)], "failed/empty_patch", 2)
    # what stands in the workspace is not handed in
    stories[1] = Story(names[1], [bash(applied(names[1]))], "failed/turns", 5)
    with told(tmp_path, stories) as url:
        done = run(*swebench(url, tmp_path / "results", *by("--turns", "5")))
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], stories)
    assert {entry["status"] for entry in requests(tmp_path)} == {200}


@pytest.mark.parametrize("instance", REAL)
def test_a_real_instance(docker_engine: Any, instance: str, tmp_path: Path) -> None:
    from docker.errors import ImageNotFound

    file = Path(os.environ.get("EVALKIT_DATA", ""), "swebench", "verified.jsonl")
    if not file.is_file():
        pytest.skip("needs EVALKIT_DATA/swebench/verified.jsonl")
    row = next(r for r in map(json.loads, file.read_text().splitlines()) if r["instance_id"] == instance)
    try:
        docker_engine.images.get(row["image"])
    except ImageNotFound:
        pytest.skip(f"needs its image: evalkit sandbox build swebench --tasks {instance} (docs/images.md)")
    replies = [bash(f"git apply - <<'THE PATCH'\n{row['patch']}THE PATCH"), bash(PATCH), bash(SUBMIT)]
    rules = [{"task": row["problem_statement"].splitlines()[0], "replies": replies}]
    with scripted(tmp_path, {}, rules=rules) as url:
        at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--results", str(tmp_path / "results"))
        words = ("run", "swebench", "--model", "scripted", "--data", str(file), "--tasks", instance)
        done = run(*words, *at, "--json", *by())
    assert done.code == 0, done.stderr
    assert ends(done.summary["run"]) == {instance: "passed"}
    with read_run(Path(done.summary["run"])) as store:
        assert store.record(instance, 0).info["facts"]["exit_status"] == "Submitted"


ODD = [
    bash("ls; git status --short; exit 3"),
    bash("seq 1 9000"),
    bash("printf 'a\\r\\nb\\377c\\n'; nowhere 2>/dev/null"),
    bash("pwd; env | grep -E '^(PAGER|MANPAGER|LESS|PIP_PROGRESS_BAR|TQDM_DISABLE|BASH_ENV)=' | sort"),
    calls(call("bash", command="echo one"), call("bash", command="false")),
    "I am done.",
    calls(call("python", code="1")),
    calls({"name": "bash", "arguments": '{"command": "ls'}),
    bash("type python; python --version"),
]
ENDS: dict[str, tuple[list[Any], str]] = {
    "Submitted": ([*ODD[:5], ODD[6], ODD[8], bash(applied("tally")), bash(PATCH), bash(SUBMIT)], "passed"),
    "RepeatedFormatError": ([*ODD[:1], *ODD[5:8]], "failed/malformed"),
}


@pytest.mark.parametrize("status", ENDS)
def test_it_is_the_agent_that_its_own_runner_runs(
    docker_engine: object, agent: Path, status: str, tmp_path: Path
) -> None:
    """`mini-extra swebench` of the package in a container of its own, beside ours: the same conversation, to
    the letter, the same status and the same patch."""
    replies, end = ENDS[status]
    replies = [with_ids(reply, number) for number, reply in enumerate(replies)]
    images(["tally"])
    row = rows()[0]
    rules = [{"task": row["problem_statement"].splitlines()[0], "replies": replies, "by": "hit"}]
    with scripted(tmp_path, {}, rules=rules) as url:
        theirs = their_run(agent, row, url, tmp_path)
    with scripted(tmp_path, {}, rules=rules) as url:
        done = run(*swebench(url, tmp_path / "results", "--tasks", row["instance_id"], *by()))
    assert ends(done.summary["run"]) == {row["instance_id"]: end}
    with read_run(Path(done.summary["run"])) as store:
        record = store.record(row["instance_id"], 0)
        rollout = store.rollouts(row["instance_id"], 0)[0][0]
        last = [e.payload for e in store.events(rollout) if e.kind == "model_call"][-1]
    assert record.answer is not None
    assert theirs["info"]["exit_status"] == record.info["facts"]["exit_status"] == status
    assert theirs["info"]["submission"] == record.answer.text
    assert theirs["info"]["model_stats"]["api_calls"] == record.info["facts"]["turns"]
    asked = last["request"]["messages"]
    assert len(asked) >= 6
    assert [said(m) for m in theirs["messages"][: len(asked)]] == [said(m) for m in asked]


def with_ids(reply: Any, number: int) -> Any:
    """Its calls by ids of their own: the endpoint is as strict as a server can be."""
    if isinstance(reply, str):
        return reply
    made = [{**each, "id": f"call_{number}_{i}"} for i, each in enumerate(reply["tool_calls"])]
    return {**reply, "tool_calls": made}


def said(message: dict[str, Any]) -> tuple[Any, ...]:
    """A message as a model sees it, in either's form."""
    made = [call.get("function", call) for call in message.get("tool_calls") or []]
    return message["role"], message["content"] or "", [(c["name"], c["arguments"]) for c in made]


def their_run(python: Path, row: dict[str, Any], url: str, folder: Path) -> dict[str, Any]:
    """The trajectory that their runner leaves."""
    data, out = folder / "data", folder / "theirs"
    data.mkdir()
    (data / "test.jsonl").write_text(json.dumps({**row, "image_name": row["image"]}) + "\n")
    model = {"api_base": url, "api_key": "none"}
    settings = [f"model.model_kwargs.{name}={value}" for name, value in model.items()]
    settings += ["model.cost_tracking=ignore_errors", "swebench.yaml"]
    words = ["--subset", str(data), "--split", "test", "-o", str(out), "-m", "openai/scripted", "-w", "1"]
    words += [word for setting in reversed(settings) for word in ("-c", setting)]
    home = {**environment(python), "HOME": str(folder), "PATH": os.environ["PATH"]}
    home |= {name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ}
    done = subprocess.run(
        [python, "-m", "minisweagent.run.benchmarks.swebench", *words],
        env=home,
        capture_output=True,
        text=True,
    )
    name = row["instance_id"]
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads((out / name / f"{name}.traj.json").read_text())
    return found
