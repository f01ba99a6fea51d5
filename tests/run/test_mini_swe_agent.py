"""mini-swe-agent itself, from PyPI, over the scripted endpoint, real containers and a real store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.api import Run, run
from evalkit.tools import install
from tests import workspace_image as images
from tests.run.talk import call, calls, facts, outcomes, scripted

pytestmark = pytest.mark.docker
SUITE = Path(__file__).with_name("shelling")
WANTED = "one\nTWO\n"
EDIT = "printf 'one\\nTWO\\n' >wanted.txt"
PATCH = "git diff -- wanted.txt > patch.txt"
SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat patch.txt"
Go = Callable[..., Run]


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    install("mini-swe-agent")  # a minute, where it is not here yet
    with images.made(docker_engine, (*images.PROGRAMS, "bash", "git", "ps", "sort")) as made:
        yield made


@pytest.fixture
def go(image: str, tmp_path: Path) -> Go:
    def start(
        conversations: Mapping[str, Sequence[Any]],
        *server: str,
        scaffold: str = "mini-swe-agent",
        more: Mapping[str, Mapping[str, Any]] | None = None,
        **given: Any,
    ) -> Run:
        data = tmp_path / "tasks.jsonl"
        records = [
            {"task_id": task, "mode": "tools", "wants": WANTED, **((more or {}).get(task, {}))}
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
                scaffold=scaffold,
                max_attempts=2,
                **given,
            )

    return start


def bash(command: Any) -> dict[str, Any]:
    return calls(call("bash", command=command))


def test_it_solves_and_fails_as_its_own_runner_says(go: Go) -> None:
    made = go(
        {
            "solves": [
                bash("ls"),
                calls(call("bash", command=EDIT), call("bash", command=PATCH)),
                bash(SUBMIT),
            ],
            "nothing": [bash("true"), bash("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")],
            "endless": [bash(EDIT)] * 9,
            "talks": ["I think", "that", "nothing", "is to be done"],
        },
        turns=5,
    )
    assert outcomes(made) == {
        "solves": "passed",
        "nothing": "failed/empty_patch",
        "endless": "failed/turns",
        "talks": "failed/malformed",
    }
    assert facts(made, "solves")["exit_status"] == "Submitted"
