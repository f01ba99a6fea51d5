"""Containers in which images are made: start one, run commands in it, keep what it has become."""

from __future__ import annotations

import json
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from evalkit.errors import SandboxError
from evalkit.sandbox.engine import labels
from evalkit.sandbox.image import first_line


@contextmanager
def container(
    client: Any, image: str, env: Mapping[str, str], user: str, *, network: bool = False
) -> Iterator[Any]:
    """A container that waits, by default without a network; gone afterwards."""
    import docker.errors

    try:
        box = client.containers.create(
            image,
            ["sleep", "infinity"],
            network_mode="bridge" if network else "none",
            environment=dict(env),
            user=user,
            init=True,
            labels=labels("build"),
        )
        try:
            box.start()
            yield box
        finally:
            _remove(box)
    except docker.errors.APIError as e:
        raise SandboxError(f"the engine does not build the image ({first_line(e)})") from None


def _remove(box: Any) -> None:
    """Be rid of it. An engine under load may refuse at first; what it keeps, the next reaping finds by its
    labels: that must not hide why a build failed."""
    import docker.errors

    for pause_s in (0.5, 2.0, 5.0):
        try:
            box.remove(force=True)
            return
        except docker.errors.NotFound:
            return
        except docker.errors.APIError:
            time.sleep(pause_s)


def must(box: Any, command: str, env: Mapping[str, str] | None = None, *, shell: str = "sh") -> None:
    """Run a script as root. SandboxError with its last line where it fails. `env` is for this command only:
    it does not stay in the image."""
    status, output = tried(box, command, env, shell=shell)
    if status:
        raise SandboxError(f"status {status} of {command.strip().splitlines()[-1][:80]!r}: {end(output)}")


def tried(
    box: Any, command: str, env: Mapping[str, str] | None = None, *, shell: str = "sh"
) -> tuple[int, bytes]:
    # both outputs through one pipe: the engine's two do not keep the order, and the last line is what is told
    words = [shell, "-c", f"exec 2>&1\n{command}"]
    status, output = box.exec_run(words, user="0", environment=dict(env or {}))
    return int(status), output


def end(output: bytes) -> str:
    lines: Sequence[str] = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it says nothing"


def put(box: Any, pack: Callable[[tarfile.TarFile], None]) -> None:
    """Write files into it: `pack` adds them to an archive of the root."""
    with tempfile.TemporaryFile() as archive:
        with tarfile.open(fileobj=archive, mode="w") as out:
            pack(out)
        archive.seek(0)
        box.put_archive("/", archive)


def keep(box: Any, tag: str, marks: Mapping[str, str], *changes: str) -> str:
    """Its image's id, by that name and with these labels, which are evalkit's own."""
    repository, _, version = tag.rpartition(":")
    all_marks = {"evalkit": "image", "evalkit.owner": "", **marks}
    lines = [f"LABEL {_quoted(key)}={_quoted(value)}" for key, value in all_marks.items()]
    return str(box.commit(repository, version, changes=[*changes, *lines]).id)


def _quoted(text: str) -> str:
    """As a Dockerfile has it, where $ would name a variable."""
    return json.dumps(text).replace("$", "\\$")
