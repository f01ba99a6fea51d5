"""An image from a small recipe, built for real: what it holds, what it says it lacks, and its way from the cache."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from docker.errors import ImageNotFound

from evalkit.debs import write
from evalkit.recipe import Part, Recipe
from evalkit.sandbox import build_recipe, reap
from evalkit.sandbox.engine import labels
from evalkit.sandbox.image import import_image
from evalkit.sandbox.image_cache import _forget, cached, load
from evalkit.sandbox.recipes import lacking, look, provided

pytestmark = pytest.mark.docker

RECIPE = Recipe(
    "test-recipe",
    parts=(
        Part(
            "words",
            gives=("iniconfig", "words"),
            pip=("iniconfig==2.1.0",),
            pip_into="/opt/words",
            files=(("/usr/local/bin/hi", "#!/bin/sh\necho hi\n"), ("/home/work/notes/a", "mine\n")),
            links=(("/opt/again", "words"),),
            make=("tr a-z A-Z </opt/again/iniconfig/__init__.py >/opt/made",),
            check=(
                "sh",
                "-c",
                "[ $(hi) = hi ] && grep -q INICONFIG /opt/made && [ $(id -u) = 1000 ] && touch ~/x",
            ),
        ),
        Part("greeting", gives=("hello",), debs=("hello",), check=("hello",)),
        Part("no-package", gives=("never",), debs=("evalkit-has-no-such-package",)),
        Part("no-wheel", gives=("never",), pip=("iniconfig==0.0.0.1",), pip_into="/opt/none"),
        Part("breaks", gives=("never",), make=("echo the reason; exit 3",)),
        Part("unfit", gives=("never",), check=("sh", "-c", "echo unfit >&2; false")),
    ),
    env=(("GREETING", "good day"),),
    tools=("base-files", "base-passwd", "coreutils", "dash", "grep", "libc-bin"),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, docker_engine: Any) -> Iterator[Path]:
    """A cache folder of its own; the image that was built with it is gone afterwards."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVALKIT_CACHE", str(folder))
        yield folder
    remove(docker_engine)


@pytest.fixture(scope="module")
def built(cache: Path, docker_engine: Any) -> tuple[Any, list[str]]:
    """The image, and what was said while it was built."""
    lines: list[str] = []
    return docker_engine.images.get(build_recipe(RECIPE, lines.append)), lines


def remove(engine: Any) -> None:
    for image in engine.images.list(RECIPE.tag.partition(":")[0]):
        engine.images.remove(image.id, force=True)


def test_it_holds_its_parts_and_says_so(built: tuple[Any, list[str]]) -> None:
    image, _lines = built
    assert image.tags == [RECIPE.tag]
    assert image.labels["evalkit"] == "image"
    assert provided(image.labels) == {"iniconfig", "words", "hello"}
    assert image.attrs["Config"]["User"] == "work"
    assert "GREETING=good day" in image.attrs["Config"]["Env"]


def test_what_cannot_be_had_is_left_out_with_the_reason(built: tuple[Any, list[str]]) -> None:
    image, lines = built
    lacks = lacking(image.labels)
    assert list(lacks) == ["no-wheel", "no-package", "breaks", "unfit"]
    assert "evalkit-has-no-such-package" in lacks["no-package"]
    assert "iniconfig==0.0.0.1" in lacks["no-wheel"]
    assert lacks["breaks"].endswith("the reason")
    assert lacks["unfit"].endswith("unfit")
    assert [line for line in lines if line.startswith("without ")] == [
        f"without {n}: {lacks[n]}" for n in lacks
    ]
    assert look(RECIPE) == (
        False,
        f"{RECIPE.tag} ({image.id[7:19]}), without {', '.join(lacks)}: {lacks['no-wheel']}",
    )


def test_its_user_is_at_home(built: tuple[Any, list[str]], docker_engine: Any) -> None:
    script = "id -un; cat ~/notes/a; [ -w ~/notes/a ] && [ ! -w /opt/made ] && echo $GREETING"
    told = docker_engine.containers.run(built[0].id, ["sh", "-c", script], network_mode="none", remove=True)
    assert told.decode().splitlines()[:3] == ["work", "mine", "good day"]


def test_it_comes_from_the_cache_unless_that_is_damaged(
    built: tuple[Any, list[str]], docker_engine: Any, cache: Path
) -> None:
    kept = cached(RECIPE.tag)
    assert kept.is_relative_to(cache)
    assert build_recipe(RECIPE) == built[0].id  # it is there
    docker_engine.images.remove(built[0].id, force=True)
    lines: list[str] = []
    assert build_recipe(RECIPE, lines.append) == built[0].id
    assert "loaded from the cache" in lines[0]
    assert any(line.startswith("without no-package") for line in lines)

    kept.write_bytes(kept.read_bytes()[: 1 << 20])
    docker_engine.images.remove(built[0].id, force=True)
    assert load(docker_engine, RECIPE.tag, lines.append) is None
    assert "damaged" in lines[-1]
    assert not kept.exists()


def test_of_earlier_recipes_one_image_is_kept(tmp_path: Path) -> None:
    for age, name in enumerate(("a-000000000001", "a-000000000002", "a-b-000000000001", "a-000000000003")):
        (tmp_path / f"{name}.tar").touch()
        os.utime(tmp_path / f"{name}.tar", (age, age))
    (tmp_path / "a-000000000002.123").touch()  # of one that writes
    (tmp_path / "a-000000000002.124").touch()  # of one that was killed
    os.utime(tmp_path / "a-000000000002.124", (1, 1))
    (tmp_path / "a-000000000004.tar").touch()
    _forget(tmp_path / "a-000000000004.tar", "a")
    left = ["a-000000000002.123", "a-000000000003.tar", "a-000000000004.tar", "a-b-000000000001.tar"]
    assert sorted(p.name for p in tmp_path.iterdir()) == left


def test_nothing_half_built_stays(built: tuple[Any, list[str]], docker_engine: Any) -> None:
    found = docker_engine.api.images(filters={"label": "evalkit=build"})
    assert not [image for image in found if f"/{os.getpid()}/" in image["Labels"]["evalkit.owner"]]


def test_an_unfinished_image_goes_with_its_builder(docker_engine: Any) -> None:
    alive = labels("build")
    boot, space, pid, start = alive["evalkit.owner"].split("/")
    dead = alive | {"evalkit.owner": f"{boot}/{space}/{pid}/{int(start) + 1}"}
    made = []
    for marks in (alive, dead):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as out:
            write(out, "owner", marks["evalkit.owner"])
        changes = [f"LABEL {key}={json.dumps(value)}" for key, value in marks.items()]
        archive.seek(0)
        made.append(import_image(docker_engine, archive, *changes))
    try:
        reap(docker_engine)
        assert docker_engine.images.get(made[0]).id == made[0]
        with pytest.raises(ImageNotFound):
            docker_engine.images.get(made[1])
    finally:
        docker_engine.images.remove(made[0], force=True)


def test_another_recipe_has_another_name() -> None:
    assert replace(RECIPE, parts=RECIPE.parts[:-1]).tag != RECIPE.tag
