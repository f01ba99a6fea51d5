"""The engine and the image: what is said when they are missing, and the image's way from the cache."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from evalkit.cache import cache_folder
from evalkit.errors import SandboxError
from evalkit.sandbox import build_image, checks, list_leftovers, remove_leftovers
from evalkit.sandbox.containers import FIRST_USER, RANGES, USERS, USERS_EACH, free_users
from evalkit.sandbox.engine import docker_client, labels, owner_alive
from evalkit.sandbox.image import find_image, image_tag
from evalkit.sandbox.image_cache import load, save


@pytest.mark.docker
def test_doctor_finds_a_working_engine(docker_engine: Any) -> None:
    build_image()
    found = {check.name: check for check in checks()}
    assert all(check.ok for check in found.values() if check.needed), found
    assert found["limits"].ok


def test_an_absent_engine_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(SandboxError) as caught:
        docker_client()
    assert "no Docker engine found" in caught.value.message
    assert "install" in caught.value.hint
    [check] = checks()
    assert (check.ok, check.needed) == (False, True)


def test_a_dead_engine_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "dead.sock"))  # there, but nobody listens
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/dead.sock")
    with pytest.raises(SandboxError, match="does not answer") as caught:
        docker_client()
    assert "start it" in caught.value.hint
    dead.close()


@pytest.mark.docker
def test_the_image_is_kept_in_the_cache_and_loaded_from_it(
    docker_engine: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built = build_image()
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    lines: list[str] = []
    assert load(docker_engine, image_tag(), lines.append) is None
    save(docker_engine, image_tag(), lines.append)
    [kept] = (tmp_path / "images").iterdir()
    assert kept.stat().st_size > 50 << 20
    assert load(docker_engine, image_tag(), lines.append) == built == find_image(docker_engine)
    assert "loaded from the cache" in lines[-1]
    assert docker_engine.images.get(image_tag()).labels["evalkit"] == "image"
    kept.write_bytes(b"no image")
    assert load(docker_engine, image_tag(), lines.append) is None
    assert not kept.exists()


def test_owners_are_told_apart_by_process_and_start() -> None:
    mine = labels("test", "run")["evalkit.owner"]
    boot, space, pid, start = mine.split("/")
    assert owner_alive(mine) is True
    assert owner_alive(f"{boot}/{space}/{pid}/{int(start) + 1}") is False  # the same number, another process
    assert owner_alive(f"another-machine/{space}/{pid}/{start}") is None
    assert owner_alive(f"{boot}/another-container/{pid}/{start}") is None
    assert owner_alive("") is None


@pytest.mark.docker
def test_pairs_do_not_share_users(docker_engine: Any) -> None:
    """Process limits count per user over the whole host."""
    api = docker_engine.api
    made, found = [], set()
    try:
        for _ in range(40):
            users = free_users(docker_engine)
            assert users not in found
            found.add(users)
            made.append(api.create_volume(labels=labels("test") | {USERS: str(users)})["Name"])
    finally:
        for name in made:
            api.remove_volume(name)
    assert FIRST_USER + RANGES * USERS_EACH <= 65_536


@pytest.mark.docker
def test_a_volume_that_a_container_holds_a_moment_longer_goes_with_it(docker_engine: Any) -> None:
    """After a kill the engine removes the containers by itself, when it comes to it."""
    volume = docker_engine.api.create_volume(labels=labels("pair", "a-run"))["Name"]
    host = docker_engine.api.create_host_config(binds=[f"{volume}:/there"])
    box = docker_engine.api.create_container(build_image(), ["python3"], host_config=host)["Id"]
    left = [thing for thing in list_leftovers(docker_engine) if thing.id == volume]
    assert len(left) == 1
    later = threading.Timer(1.0, docker_engine.api.remove_container, (box,))
    later.start()
    try:
        assert remove_leftovers(left, docker_engine) == []
        assert all(thing.id != volume for thing in list_leftovers(docker_engine))
    finally:
        later.join()
