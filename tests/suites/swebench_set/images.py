"""The images: a repository at its base commit, with nothing newer, in the environment of swebench_made."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evalkit.sandbox import build_recipe, image_cache, payload
from evalkit.sandbox.engine import docker_client
from tests.suites.swebench_made import BASE as ENVIRONMENT
from tests.suites.swebench_made import packed

from .data import FOLDER, SETUP, Row, row, rows
from .repositories import git, mirrors

MADE_OF = "evalkit.tests.swebench-set"
WHEELS = "/opt/evalkit/wheels"
BUILDS = "setuptools==75.8.2"  # what a package with isolation is built with
PIP = f"[global]\nno-index = true\nfind-links = {WHEELS}\nbreak-system-packages = true\n"
MAKE = """\
set -ex
cd /testbed
{steps}
git -c user.email=setup@swebench.config -c user.name=SWE-bench commit -q --allow-empty -am SWE-bench
git reflog expire --expire=now --all
"""


def images(names: Iterable[str] | None = None) -> dict[str, str]:
    """Instance id -> the image's name, which is the row's. What is there already and up to date stays; no
    image is removed: the engine's other users may be at work with it. `names` as for `row`; None is all."""
    wanted = [row(name) for name in names] if names is not None else rows()
    client = docker_client(timeout=600)
    try:
        return {each["instance_id"]: image(client, each) for each in wanted}
    finally:
        client.close()


def image(client: Any, instance: Row) -> str:
    name, setup = instance["image"], row(instance["instance_id"], SETUP)
    code = "".join((FOLDER / path).read_text("utf-8") for path in ("images.py", "../swebench_made.py"))
    made_of = hashlib.sha256(
        json.dumps([instance["base_commit"], setup, ENVIRONMENT.tag, code]).encode()
    ).hexdigest()
    if not up_to_date(client, name, made_of):
        with image_cache.turn(name, print):
            if not up_to_date(client, name, made_of):
                make(client, instance, setup, made_of)
    return str(name)


def up_to_date(client: Any, name: str, made_of: str) -> bool:
    found = image_cache.find(client, name)
    return found is not None and client.images.get(found).labels.get(MADE_OF) == made_of


def make(client: Any, instance: Row, setup: Row, made_of: str) -> None:
    base = build_recipe(ENVIRONMENT, print)
    steps = "\n".join([*setup.get("pre_install", []), setup["install"]])
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "testbed").mkdir()
        checked_out(mirrors(folder)[instance["repo"]], instance["base_commit"], folder / "testbed")
        repository = packed(folder / "testbed")
        files = {"etc/pip.conf": PIP.encode(), "tmp/make.sh": MAKE.format(steps=steps).encode()}
        if "pip install" in steps:
            files |= wheels(folder / "wheels")
    container = client.containers.create(
        base, ["sleep", "600"], user="0", network_mode="none", environment={"HOME": "/root"}, init=True
    )
    try:
        container.put_archive("/", repository)
        container.put_archive("/", archive(files))
        container.start()
        status, output = container.exec_run(["bash", "/tmp/make.sh"])
        assert status == 0, output.decode(errors="replace")
        container.exec_run(["rm", "/tmp/make.sh"])
        container.kill()
        marks = {"evalkit": "image", "evalkit.owner": "", MADE_OF: made_of}
        changes = [f"LABEL {key}={json.dumps(value)}" for key, value in marks.items()]
        repository_name, tag = instance["image"].split(":")
        container.commit(
            repository_name, tag, changes=["USER root", "WORKDIR /testbed", "ENV HOME=/root", *changes]
        )
    finally:
        container.remove(force=True)


def checked_out(mirror: Path, commit: str, folder: Path) -> None:
    """Only what the commit can reach: no later commit, branch, tag, remote or reflog."""
    git("init", "-q", "-b", "master", at=folder)
    git("-C", str(mirror), "config", "uploadpack.allowAnySHA1InWant", "true")
    git("fetch", "-q", "--update-head-ok", f"file://{mirror}", f"{commit}:refs/heads/master", at=folder)
    git("reset", "-q", "--hard", commit, at=folder)
    git("reflog", "expire", "--expire=now", "--all", at=folder)
    (folder / ".git" / "FETCH_HEAD").unlink()


def wheels(folder: Path) -> dict[str, bytes]:
    subprocess.run(
        [*payload._pip(), "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder), BUILDS],
        check=True,
        capture_output=True,
    )
    return {f"{WHEELS[1:]}/{wheel.name}": wheel.read_bytes() for wheel in folder.iterdir()}


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()
