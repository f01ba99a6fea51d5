"""Real tasks of both formats: their images are built, the reference solution passes, doing nothing fails.

Unchanged test scripts, by the official rules, strictly beside them where that can be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalkit.store import read_run
from tests.run.command import here
from tests.suites.terminal_bench_command import images

pytestmark = pytest.mark.docker
# one of each format, of the quickest of the data's twelve, with another base and other steps each; the others
# in `make test-all`
QUICK = {"core-0.1.1": ("fix-permissions",), "2.0": ("openssl-selfsigned-cert",)}
OTHERS = {
    "core-0.1.1": ("csv-to-parquet", "fibonacci-server", "git-workflow-hack", "hello-world", "polyglot-c-py"),
    "2.0": (
        *("git-leak-recovery", "log-summary-date-ranges", "nginx-request-logging", "polyglot-c-py"),
        "regex-log",
    ),
}


@pytest.fixture(scope="module")
def twelve(docker_engine: Any, data_dir: Path) -> Path:
    place = data_dir / "terminal-bench"
    if not place.is_dir():
        pytest.skip("EVALKIT_DATA holds no terminal-bench")
    return place


def proven(dataset: str, tasks: tuple[str, ...], data: Path, results: Path) -> None:
    """By `evalkit validate`, anew."""
    images(tasks, data, dataset)
    done = here("validate", *where(dataset, tasks, data, results), "--force", "--json")
    assert done.summary, done.stderr
    assert ends(done.summary["run"]) == dict.fromkeys(tasks, "passed"), done.stderr
    assert ends(done.summary["null"]["run"]) == dict.fromkeys(tasks, "failed"), done.stderr
    assert (done.code, done.summary["ok"]) == (0, True)


def where(dataset: str, tasks: tuple[str, ...], data: Path, results: Path) -> tuple[str, ...]:
    of = ("terminal-bench", "--dataset", dataset, "--data", str(data))
    return (*of, "--tasks", ",".join(tasks), "--results", str(results))


def ends(folder: str) -> dict[str, str]:
    with read_run(Path(folder)) as store:
        return {row["task_id"]: row["outcome"] for row in store.samples()}


@pytest.mark.parametrize("dataset", QUICK)
def test_references_pass_and_nothing_fails(dataset: str, twelve: Path, tmp_path: Path) -> None:
    """And it is known from then on: the certificates are taken over, no container is opened again."""
    proven(dataset, QUICK[dataset], twelve, tmp_path)
    again = here("validate", *where(dataset, QUICK[dataset], twelve, tmp_path), "--json").summary
    assert (again["ok"], again["counts"]["passed"], again["null"]["counts"]["failed"]) == (True, 1, 1)
    assert {kind: taken["taken"] for kind, taken in again["certified"].items()} == {"gold": 1, "empty": 1}


@pytest.mark.full
@pytest.mark.parametrize("dataset", OTHERS)
def test_so_do_the_others(dataset: str, twelve: Path, tmp_path: Path) -> None:
    proven(dataset, OTHERS[dataset], twelve, tmp_path)
