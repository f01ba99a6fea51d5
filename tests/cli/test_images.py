"""Runs of a suite whose tasks have images by reference: pulled in order, judged, gone; planned; supplied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.run.export import records
from evalkit.store import read_run
from tests.cli.conftest import Evalkit
from tests.sandbox.small_registry import SmallRegistry, layer
from tests.workspace_image import archive

pytestmark = pytest.mark.docker
SUITE = Path(__file__).parents[1] / "suites" / "pulled"


class Served:
    """Four tasks over three images that share a shell, and nothing of them in the engine in the end."""

    def __init__(self, folder: Path) -> None:
        self.registry = SmallRegistry()
        shell = archive(("sh", "cat"))
        self.images = {n: self.registry.add(f"task{n}", [shell, layer(f"own{n}")]) for n in "abc"}
        self.data = folder / "pulled.jsonl"
        self.write({"1": "a", "2": "b", "3": "a", "4": "c"})

    def write(self, tasks: dict[str, str]) -> None:
        rows = [
            {"task_id": task, "image": self.images[n], "file": f"/evalkit-test/own{n}", "says": f"own{n} 0"}
            for task, n in tasks.items()
        ]
        self.data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def served(docker_engine: Any, tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path)
    yield made
    made.registry.close()
    left = in_engine(docker_engine, made)
    for name in left:
        docker_engine.api.remove_image(name, force=True)
    assert not left, "images are left"


def in_engine(engine: Any, served: Served) -> set[str]:
    names = {name for image in engine.api.images() for name in image.get("RepoTags") or ()}
    return names & set(served.images.values())


def test_a_run_pulls_judges_and_leaves_nothing(
    called: Evalkit, served: Served, docker_engine: Any, tmp_path: Path
) -> None:
    cache = {"EVALKIT_CACHE": str(tmp_path / "cache")}
    run = ("run", SUITE, "--model", "oracle", "--data", served.data, "--json")
    planned = called(*run, "--dry-run", **cache)
    assert planned.code == 0, planned.stderr
    assert (planned.json["images"]["pulls"], planned.json["images"]["of_unknown_size"]) == (3, 0)
    assert "3 of 3 to pull" in planned.stderr
    done = called(*run, "--concurrency", "1", **cache)
    assert done.code == 0, done.stderr
    assert done.json["pass@1"] == 1.0
    assert "images: 3 of 3 to pull" in done.stderr
    assert not in_engine(docker_engine, served)
    with read_run(Path(tmp_path / done.json["run"])) as store:
        noted = [note.payload for note in store.notes() if note.kind == "session_end"]
    assert {*noted[-1]["images"]} == {*served.images.values()}
    assert all("@sha256:" in digest for digest in noted[-1]["images"].values())


def test_images_too_large_for_the_budget_are_not_run(called: Evalkit, served: Served, tmp_path: Path) -> None:
    cache = {"EVALKIT_CACHE": str(tmp_path / "cache")}
    served.images["c"] = served.registry.add("large", [layer("large", 6_000_000)])
    served.write({"1": "a", "4": "c"})
    run = ("run", SUITE, "--model", "oracle", "--data", served.data, "--json", "--disk-budget", "20MB")
    done = called(*run, **cache)
    counts = done.json["counts"]
    assert (counts["passed"], counts["not_run"], counts["error"]) == (1, 1, 0), done
    with read_run(tmp_path / done.json["run"]) as store:
        [why] = [record["detail"] for record in records(store) if record["outcome"] == "not_run"]
    assert "over --disk-budget (0.02 GB)" in why


def test_supplied_images_are_used_and_stay(
    called: Evalkit, served: Served, docker_engine: Any, tmp_path: Path
) -> None:
    docker_engine.images.pull(served.images["a"])
    docker_engine.api.tag(served.images["a"], "evalkit-test/supplied", "latest")
    docker_engine.api.remove_image(served.images["a"])
    served.write({"1": "a", "3": "a"})
    table = tmp_path / "map.json"
    table.write_text(json.dumps({f"{served.registry.host}/*": "evalkit-test/supplied"}), encoding="utf-8")
    served.registry.asked.clear()
    try:
        run = ("run", SUITE, "--model", "oracle", "--data", served.data, "--json", "--image-map", table)
        done = called(*run)
        assert done.json["pass@1"] == 1.0, done.stderr
        assert not served.registry.asked
        assert docker_engine.images.get("evalkit-test/supplied")
    finally:
        docker_engine.api.remove_image("evalkit-test/supplied")


def test_the_table_of_images(called: Evalkit, served: Served, tmp_path: Path) -> None:
    cache = {"EVALKIT_CACHE": str(tmp_path / "cache")}
    served.registry.limit = 2
    looked = called("sandbox", "images", SUITE, "--data", served.data, "--disk-budget", "1GB", **cache)
    assert looked.code == 0, looked.stderr
    assert "3 pulls needed, 2 of 2 in 6 h left" in looked.stdout
    assert "1 fewer than needed" in looked.stdout
    assert served.registry.pulled == 0
    rows = [line.split() for line in looked.stdout.splitlines()[1:4]]
    assert [(row[0], row[1]) for row in rows] == list(zip(served.images.values(), "211", strict=True))
    found = called("sandbox", "images", SUITE, "--data", served.data, "--json", **cache).json
    assert [image["tasks"] for image in found["images"]] == [["1", "3"], ["2"], ["4"]]
    wrong = called("sandbox", "images", SUITE, "--data", served.data, "--image-map", "absent.toml")
    wrong.refused(2, "absent.toml", "No such file")
    called("sandbox", "images", "mini", "--disk-budget", "much").refused(2, "is not a size")
