"""SWE-bench by mini-swe-agent itself: the set of our own, and real instances whose images are at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

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
def agent() -> None:
    install("mini-swe-agent")


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
