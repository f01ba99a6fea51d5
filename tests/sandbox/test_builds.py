"""Images of single tasks, built for real: what of the repository is in them, what of the host is not."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import SandboxError, UsageError
from evalkit.recipe import Build
from evalkit.sandbox import build_image_of, build_recipe, build_source
from evalkit.sandbox.builds import Built, requirements
from evalkit.sandbox.engine import labels
from tests.suites.swebench_made import BASE
from tests.suites.swebench_set.data import row
from tests.suites.swebench_set.repositories import mirror as make_mirror

ROW = row("tally")
IMAGE = "evalkit-tests/builds:1"
BUILD = Build(
    image=IMAGE,
    repository="own/tally",
    git="https://localhost:9/none",
    commit=ROW["base_commit"],
    base=BASE,
    files=(("/root/.bashrc", "export SET=yes\n"),),
    install=(
        "echo edited >>README.md",
        "git -c user.name=a -c user.email=a@b commit -qam above",
        "touch /tmp/a",
    ),
    again=("test $PIP_NO_INDEX = 1", "! getent hosts pypi.org"),
)
LOOK = """
cd /testbed; id -u; pwd; echo $HOME; tail -n 1 README.md; cat /root/.bashrc; git status --porcelain; git remote
git log --all --format=%H%x20%s; git tag; ls /tmp; ls .git/logs .git/FETCH_HEAD 2>/dev/null; env
git cat-file --batch-all-objects --batch-check | grep -c .
git rev-list --objects --all | wc -l
"""


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A bare repository with commits, branches and tags that came after the base."""
    streams = Path(__file__).parents[1] / "suites/swebench_set/repositories"
    return str(make_mirror(streams / "tally.stream", tmp_path_factory.mktemp("mirrors")))


@pytest.fixture
def engine(docker_engine: Any) -> Iterator[Any]:
    yield docker_engine
    for image in docker_engine.images.list(IMAGE.partition(":")[0]):
        docker_engine.images.remove(image.id, force=True)


def build(build: Build, mirror: str, *, force: bool = False) -> Built:
    built: Built = build_image_of(build, mirror, force=force)
    return built


@pytest.mark.docker
def test_it_holds_the_repository_as_of_its_commit_and_nothing_later(
    engine: Any, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://secret-proxy.invalid:1")
    built = build(BUILD, mirror)
    assert (built.image, built.again, built.lacked, built.foreign) == (IMAGE, "", (), False)
    assert built.seconds > 0

    told = engine.containers.run(IMAGE, ["sh", "-c", LOOK], network_mode="none", remove=True).decode()
    lines = told.splitlines()
    assert lines[:5] == ["0", "/testbed", "/root", "edited", "export SET=yes"]
    ancestors = git(mirror, "log", "--format=%H", ROW["base_commit"]).split()
    assert lines[5].endswith(" above")
    assert [line.split()[0] for line in lines[6 : 6 + len(ancestors)]] == ancestors
    assert lines[-1] == lines[-2], "an object that no commit reaches"
    assert len(git(mirror, "rev-list", "--all").split()) > len(ancestors)
    assert "secret-proxy" not in told + json.dumps(engine.images.get(IMAGE).attrs)
    assert mirror not in told

    found = build(BUILD, mirror)
    assert (found.id, found.seconds) == (built.id, 0.0)
    other = build(dataclasses.replace(BUILD, again=("echo the reason; false",)), mirror)
    assert other.id != built.id
    assert other.again == "status 1: the reason"
    assert built.id not in {image.id for image in engine.images.list()}, "the one before is left"


@pytest.mark.docker
def test_another_image_of_its_name_stays(engine: Any, mirror: str) -> None:
    box = engine.containers.create(build_base(), ["true"])
    foreign = box.commit(*IMAGE.split(":")).id
    box.remove()
    assert build(BUILD, mirror).foreign
    assert engine.images.get(IMAGE).id == foreign
    assert not build(BUILD, mirror, force=True).foreign
    assert engine.images.get(IMAGE).id != foreign


@pytest.mark.docker
def test_one_that_does_not_install_leaves_nothing(engine: Any, mirror: str) -> None:
    broken = dataclasses.replace(BUILD, install=("echo before", "echo the reason >&2; false", "echo after"))
    with pytest.raises(SandboxError, match="the reason"):
        build(broken, mirror)
    assert not engine.images.list(IMAGE)
    assert not labelled(engine)


def test_what_is_fetched_is_what_the_commit_reaches(mirror: str, tmp_path: Path) -> None:
    build_source.fetch(BUILD, mirror, tmp_path / "repository")
    here = str(tmp_path / "repository")
    assert git(here, "rev-parse", "master").strip() == ROW["base_commit"]
    assert (
        git(here, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
        == "refs/heads/master\n"
    )
    every = git(here, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    reached = {line.split()[0] for line in git(here, "rev-list", "--objects", "--all").splitlines()}
    tags = set(git(here, "for-each-ref", "--format=%(objectname)", "refs/tags").split())
    assert set(every) <= reached | tags
    assert mirror not in "".join(
        p.read_text("utf-8", "replace") for p in sorted(Path(here).rglob("*")) if p.is_file()
    )


def test_a_mirror_that_does_not_have_it_is_named(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder: /nowhere"):
        build_source.fetch(BUILD, "/nowhere", tmp_path / "a")
    elsewhere = dataclasses.replace(BUILD, commit="1" * 40)
    with pytest.raises(SandboxError, match="own/tally at 111111111111 is not to be had") as told:
        build_source.fetch(elsewhere, mirror, tmp_path / "b")
    assert "--mirror own/tally=PATH" in str(told.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'[build-system]\nrequires = ["flit_core<4", "wheel"]\n', ("flit_core<4", "wheel")),
        (b"[tool.black]\nline-length = 99\n", ()),
        (b'[build-system]\nrequires = "setuptools"\n', ()),
        (b"[build-system\n", ()),
        (b"build-system = 1\n", ()),
        (b"\xff", ()),
        (b"", ()),
    ],
)
def test_what_a_project_is_built_with(text: bytes, found: tuple[str, ...]) -> None:
    assert requirements(text) == found


def git(folder: str, *words: str) -> str:
    return subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True).stdout


def build_base() -> str:
    return str(build_recipe(BASE))


def labelled(engine: Any) -> list[Any]:
    """Containers in which images are made, of this process."""
    mine = labels("build")
    found = engine.containers.list(all=True, ignore_removed=True)
    return [box for box in found if mine.items() <= box.labels.items()]
