"""clean removes what a gone evalkit left, after asking; never what a living one uses. sandbox shows it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evalkit.sandbox.engine import labels, process_start
from tests.cli.conftest import Evalkit

pytestmark = pytest.mark.docker


@dataclass
class Left:
    """Two volumes of evalkit's: one whose owner can be ended by the test, one whose owner is the test."""

    gone: str
    alive: str
    owner: subprocess.Popen[bytes]

    def owner_ends(self) -> None:
        """Only now: any evalkit that starts on this engine removes what has no owner."""
        self.owner.kill()
        self.owner.wait()


@pytest.fixture
def left(docker_engine: Any) -> Iterator[Left]:
    owner = subprocess.Popen(["sleep", "600"])
    alive = labels("test", run="tests")
    here = alive["evalkit.owner"].rsplit("/", 2)[0]  # then the process's number and its start
    owned = f"{here}/{owner.pid}/{process_start(owner.pid)}"
    made = [
        docker_engine.volumes.create(f"evalkit-test-{os.getpid()}-{n}", labels=marks)
        for n, marks in enumerate(({**alive, "evalkit.owner": owned}, alive))
    ]
    yield Left(made[0].name, made[1].name, owner)
    owner.kill()
    owner.wait()
    for volume in docker_engine.volumes.list():
        if volume.name in (made[0].name, made[1].name):
            volume.remove(force=True)


def names(engine: Any) -> set[str]:
    return {volume.name for volume in engine.volumes.list()}


def test_clean_asks_first(called: Evalkit, docker_engine: Any, left: Left) -> None:
    left.owner_ends()
    called("clean").refused(2, "no terminal to ask on", "--yes")
    assert {left.gone, left.alive} <= names(docker_engine)


def test_clean_removes_what_was_left(evalkit: Evalkit, docker_engine: Any, left: Left) -> None:
    assert left.gone[:39] in evalkit("sandbox", "list").stdout
    left.owner_ends()
    done = evalkit("clean", "--yes")
    assert done.code == 0
    assert "removed" in done.stdout
    assert left.gone not in names(docker_engine)
    assert left.alive in names(docker_engine)


def test_clean_removes_the_cache_only_when_told(called: Evalkit, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "images").mkdir(parents=True)
    (cache / "images" / "judge.tar").write_bytes(b"x" * 2500)
    environment = {"EVALKIT_CACHE": str(cache), "DOCKER_HOST": "unix:///nonexistent.sock"}
    called("clean", "--yes", **environment).refused(4, "no Docker engine found")
    assert cache.exists()
    done = called("clean", "--cache", "--yes", **environment)
    assert done.code == 0
    assert "2.5 kB" in done.stdout
    assert "containers and images are not looked at" in done.stderr
    assert not cache.exists()


def test_sandbox_build_names_the_image(called: Evalkit, docker_engine: Any) -> None:
    built = called("sandbox", "build", "--quiet")
    assert (built.code, built.stderr) == (0, "")
    assert docker_engine.images.get(built.stdout.strip()).labels["evalkit"] == "image"
    called("sandbox", "biuld").refused(2, "did you mean build?")
    assert docker_engine.images.get(built.stdout.strip()).tags[0][:28] in called("sandbox", "list").stdout


def test_sandbox_build_of_a_suite_without_an_image(called: Evalkit) -> None:
    called("sandbox", "build", "mini").refused(
        2, "suite mini builds no image of its own", "evalkit sandbox build"
    )
    called("sandbox", "build", "aider-polyglott").refused(2, "did you mean aider-polyglot?")
    called("sandbox", "status", "mini").refused(2, "unexpected argument 'mini'")


def test_doctor_is_content_where_all_is_here(called: Evalkit, docker_engine: object) -> None:
    done = called("doctor")
    assert done.code == 0, done.stdout
    assert "ready: evalkit run mini --model oracle" in done.stdout
    assert "MISSING" not in done.stdout
    url = called("doctor", OPENAI_BASE_URL="http://me:password-of-mine@host/v1").stdout
    assert "the base URL holds credentials" in url
    assert "password-of-mine" not in url
    keys = called("doctor", OPENROUTER_API_KEY="secret-value-of-a-key").stdout
    assert "OPENROUTER_API_KEY" in keys
    assert "secret-value" not in keys


def test_doctor_says_how_to_get_an_engine(called: Evalkit) -> None:
    done = called("doctor", DOCKER_HOST="unix:///nonexistent.sock")
    assert done.code == 1
    assert "MISSING Docker engine" in done.stdout
    assert "apt-get install docker.io" in done.stdout
    assert called("sandbox", "status", DOCKER_HOST="unix:///nonexistent.sock").code == 1
