"""Qwen Code itself, from npm, in a container that has no Node: over the relay, the proxy and a real store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.api import run
from evalkit.store import read_run
from evalkit.tools import bundle_of, install
from tests.run.command import ended, start
from tests.run.talk import call, calls, events, facts, outcomes, requests, scripted
from tests.suites import swebench_set

pytestmark = [pytest.mark.docker, pytest.mark.full]


def shell(command: str) -> dict[str, Any]:
    return calls(call("run_shell_command", command=command, description="work", is_background=False))


def solving(name: str) -> list[Any]:
    """A conversation that makes the reference patch by its shell."""
    patch = json.dumps(swebench_set.gold(name))
    script = (
        f"import subprocess, sys; subprocess.run(['git', 'apply', '-'], input={patch}.encode(), check=True)"
    )
    return [
        shell("git status --short; pwd; id -u"),
        shell(f"python3 - <<'END'\n{script}\nEND"),
        "It is done.",
    ]


@pytest.fixture(scope="module")
def bundle() -> Path:
    """It is installed if need be: 85 MB by npm."""
    install("qwen-code")
    return bundle_of("qwen-code")


def test_it_solves_an_instance_and_runs_into_its_turns(
    bundle: Path, docker_engine: Any, tmp_path: Path
) -> None:
    swebench_set.images(["prices", "tally"])
    solved, turns = swebench_set.row("prices"), swebench_set.row("tally")
    told = {"prices": solving("prices"), "tally": [shell(f"echo {n}; sleep 0.1") for n in range(9)]}
    rules = [
        {"anywhere": row["problem_statement"].splitlines()[0], "replies": told[name]}
        for name, row in (("prices", solved), ("tally", turns))
    ]
    with scripted(tmp_path, {}, rules=rules) as url:
        made = run(
            "swebench",
            "scripted",
            base_url=url,
            scaffold="qwen-code",
            data=str(swebench_set.INSTANCES),
            tasks=[solved["instance_id"], turns["instance_id"]],
            turns=4,
            results=tmp_path / "results",
        )
    assert outcomes(made) == {solved["instance_id"]: "passed", turns["instance_id"]: "failed/turns"}
    found = facts(made, solved["instance_id"])
    assert found["turns"] == 3
    assert found["agent"] == {"name": "qwen-code", "version": "0.24.4"}
    asked = events(made, solved["instance_id"], "model_call")[1].payload["request"]["messages"]
    assert "/testbed" in asked[-1]["content"]
    assert facts(made, turns["instance_id"])["turns"] == 4


def test_killed_in_the_middle_it_goes_on_and_pays_no_call_twice(
    bundle: Path, docker_engine: Any, tmp_path: Path
) -> None:
    """Its process, its session and what it says of itself are others in the second try."""
    swebench_set.images(["prices"])
    row = swebench_set.row("prices")
    rules = [{"anywhere": row["problem_statement"].splitlines()[0], "replies": solving("prices")}]
    with scripted(tmp_path, {}, rules=rules) as url:
        words = ["run", "swebench", "--model", "scripted", "--base-url", url, "--api-key-env", "SCRIPTED_KEY"]
        words += ["--scaffold", "qwen-code", "--data", str(swebench_set.INSTANCES)]
        words += ["--tasks", row["instance_id"], "--results", str(tmp_path / "results"), "--json"]
        killed = ended(start(*words, env={"EVALKIT_CRASH_AT": "call stored#2"}))
        assert killed.code == 137, killed.stderr
        done = ended(start(*words))
        assert done.code == 0, done.stderr
        assert done.summary["counts"]["passed"] == 1
        assert len(requests(tmp_path)) == 3
    with read_run(Path(done.summary["run"])) as store:
        assert store.totals().calls == 3
