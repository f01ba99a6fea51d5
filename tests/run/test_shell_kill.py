"""A rollout in the shell that was killed anywhere goes on: no call is made twice, the work is the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.store import read_run
from tests import workspace_image as images
from tests.run.command import ended, start
from tests.run.talk import call, calls, requests, scripted

pytestmark = pytest.mark.docker
SUITE = Path(__file__).with_name("shelling")
CONVERSATION = [
    calls(call("bash", command="echo $RANDOM$RANDOM >noise.log; cat noise.log; printf 'one\\n' >wanted.txt")),
    calls(call("bash", command="printf 'TWO\\n' >>wanted.txt"), call("bash", command="wc -l <wanted.txt")),
    calls(call("submit")),
]
POINTS = ["call stored#1", "event stored#1", "event stored#3", "before commit#6", "answer stored"]


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, (*images.PROGRAMS, "bash", "git")) as made:
        yield made


@pytest.mark.full
@pytest.mark.parametrize("point", POINTS)
def test_killed_and_gone_on(point: str, image: str, tmp_path: Path) -> None:
    data, table = tmp_path / "tasks.jsonl", tmp_path / "images.json"
    data.write_text(json.dumps({"task_id": "t", "mode": "tools", "wants": "one\nTWO\n"}) + "\n")
    table.write_text(json.dumps({"shelling": image}))
    with scripted(tmp_path, {"t": CONVERSATION}) as url:
        words = ["run", str(SUITE), "--model", "scripted", "--base-url", url, "--api-key-env", "SCRIPTED_KEY"]
        words += ["--results", str(tmp_path / "results"), "--data", str(data), "--image-map", str(table)]
        killed = ended(start(*words, "--json", env={"EVALKIT_CRASH_AT": point}))
        assert killed.code == 137, killed.stderr
        done = ended(start(*words, "--json"))
        assert done.code == 0, done.stderr
        assert done.summary["counts"]["passed"] == 1
        assert len(requests(tmp_path)) <= len(CONVERSATION) + 1, "only a call that was on its way is repeated"
    with read_run(Path(done.summary["run"])) as store:
        assert store.totals().calls == len(CONVERSATION)
