"""Tasks whose Dockerfiles cannot be built: said before a run, an error of theirs in it, no end of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.run.export import records
from evalkit.store import read_run
from tests.cli.conftest import Evalkit

pytestmark = pytest.mark.docker
TASK = """\
version = "1.0"
[agent]
timeout_sec = 60.0
[verifier]
timeout_sec = 60.0
"""


def set_of(folder: Path, count: int) -> Path:
    """So many tasks on a base that nobody has."""
    for number in range(count):
        task = folder / f"set/task-{number}"
        for name, text in {
            "task.toml": TASK,
            "instruction.md": "Do it.\n",
            "environment/Dockerfile": f"FROM no-such.invalid/base:{number}\nRUN true\n",
            "solution/solve.sh": "true\n",
            "tests/test.sh": "echo 1 >/logs/verifier/reward.txt\n",
        }.items():
            (task / name).parent.mkdir(parents=True, exist_ok=True)
            (task / name).write_text(text, encoding="utf-8")
    return folder / "set"


def test_what_cannot_be_built_is_an_error_of_its_task(
    called: Evalkit, docker_engine: object, tmp_path: Path
) -> None:
    data = set_of(tmp_path, 4)
    table = tmp_path / "map.toml"
    table.write_text('"no-such.invalid/base:1" = "evalkit-tests/none"\n', encoding="utf-8")
    of = ("terminal-bench", "--dataset", "own", "--data", data)
    run = ("run", *of, "--model", "oracle", "--image-map", table, "--json")

    planned = called(*run, "--dry-run")
    assert planned.code == 0, planned.stderr
    assert "nothing here is called" not in planned.stderr
    builds = planned.json["builds"]
    assert (builds["images"], builds["here"], len(builds["to_build"])) == (4, 0, 4)
    assert builds["bases"]["no-such.invalid/base:0"] == "from a registry"
    assert builds["bases"]["no-such.invalid/base:1"] == "supplied, evalkit-tests/none"

    done = called(*run, "--limit", "4")
    counts = done.json["counts"]
    assert (counts["error"], counts["failed"], counts["passed"]) == (4, 0, 0), done
    with read_run(tmp_path / done.json["run"]) as store:
        found = {str(r["task_id"]): (r["outcome"], r["reason"], str(r["detail"])) for r in records(store)}
    assert {found[f"task-{n}"][:2] for n in (0, 2, 3)} == {("error", "build")}
    assert "begins with no-such.invalid/base:0, which cannot be had" in found["task-0"][2]
    assert "the engine has no image evalkit-tests/none" in found["task-1"][2]

    called("sandbox", "build", *of, "--tasks", "task-0").refused(
        4, "1 of 1 images were not made", "cannot be had"
    )
