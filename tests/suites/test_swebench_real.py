"""A real instance solved by a scripted model: by function calls, with bash alone, in text, by mini-swe-agent.

evalkit sandbox build swebench --tasks pallets__flask-5014 --mirror pallets/flask=BARE_REPOSITORY
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.data import read_records
from evalkit.endpoint.process import running
from evalkit.errors import UsageError
from evalkit.store import read_run
from evalkit.tools import python_of
from tests.run.command import run
from tests.run.talk import call, calls

pytestmark = [pytest.mark.docker, pytest.mark.full]
TASK = "pallets__flask-5014"
FIND = "grep -n 'def __init__' src/flask/blueprints.py"
TRY = """python -c "
from flask import Blueprint
try: Blueprint('', __name__)
except ValueError as e: print('refused', e)
" """


@pytest.fixture(scope="module")
def instance(docker_engine: Any, data_dir: Path) -> dict[str, Any]:
    rows = read_records(data_dir / "swebench" / "verified.jsonl")
    row = next(row for row in rows if row["instance_id"] == TASK)
    if not docker_engine.images.list(row["image"]):
        pytest.skip(f"no image of {TASK}: evalkit sandbox build swebench --tasks {TASK} --mirror ...")
    return row


def solved(instance: dict[str, Any]) -> str:
    """A command that does what the solution does."""
    return f"git apply - <<'THE PATCH'\n{instance['patch']}THE PATCH"


def by_calls(commands: Sequence[str], end: dict[str, Any] | None) -> list[Any]:
    return [calls(call("bash", command=command)) for command in commands] + ([end] if end else [])


def told(
    instance: dict[str, Any], replies: Sequence[Any], tmp_path: Path, *more: str, outcome: str = "passed"
) -> None:
    title = instance["problem_statement"].partition("\n")[0]
    (tmp_path / "script.jsonl").write_text(json.dumps({"task": title, "replies": replies}) + "\n")
    with running("--script", str(tmp_path / "script.jsonl")) as url:
        at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--results", str(tmp_path), "--json")
        done = run("run", "swebench", "--model", "scripted", "--tasks", TASK, *at, *more)
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    with read_run(Path(done.summary["run"])) as store:
        record = store.record(TASK, 0)
        assert record.row["outcome"] == outcome, record.verdicts["official"]
        assert record.answer
        assert record.answer.text.count("diff --git") == 1


@pytest.mark.parametrize("tools", ["tools", "bash-only"])
def test_by_function_calls(instance: dict[str, Any], tmp_path: Path, tools: str) -> None:
    replies = by_calls([FIND, solved(instance), TRY], calls(call("submit")))
    told(instance, replies, tmp_path, "--tools", tools)


def test_in_text(instance: dict[str, Any], tmp_path: Path) -> None:
    replies = [f"Now:\n\n````bash\n{command}\n````\n" for command in (FIND, solved(instance), "submit")]
    told(instance, replies, tmp_path, "--tools", "text")


def test_one_that_does_something_else(instance: dict[str, Any], tmp_path: Path) -> None:
    replies = by_calls(["echo '# nothing' >>src/flask/blueprints.py"], calls(call("submit")))
    told(instance, replies, tmp_path, outcome="failed")


def test_through_mini_swe_agent(instance: dict[str, Any], tmp_path: Path) -> None:
    try:
        python_of("mini-swe-agent")
    except UsageError:
        pytest.skip("no mini-swe-agent here: evalkit tools install mini-swe-agent")
    marker = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat patch.txt"
    commands = [solved(instance), "git diff -- src >patch.txt", marker]
    told(instance, by_calls(commands, None), tmp_path, "--scaffold", "mini-swe-agent")
