"""A small image for workspaces, made of this host's own programs: no registry and no package is needed."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalkit.sandbox.engine import labels

PROGRAMS = (
    *("sh", "cat", "chmod", "dd", "env", "head", "id", "kill", "ln", "ls", "mkdir", "mkfifo", "mknod", "mv"),
    *("rm", "seq", "setsid", "sleep", "tail", "touch", "true", "truncate", "wc"),
)
PASSWD = "root:x:0:0:root:/root:/bin/sh\nworker:x:1234:1235:worker:/home/worker:/bin/sh\n"
GROUP = "root:x:0:\nworker:x:1235:\nothers:x:1300:\n"


@contextmanager
def made(
    client: Any, programs: Sequence[str] = PROGRAMS, *changes: str, python: bool = False
) -> Iterator[str]:
    """An image's id; it is removed in the end. Its user is `worker`, unless `changes` say otherwise.

    With `python` there is this interpreter, too, with the simpler part of its library.
    """
    marks = {**labels("image", "tests"), "evalkit.provides": "shell tests"}
    lines = [f"LABEL {key}={json.dumps(value)}" for key, value in marks.items()]
    lines += ["ENV PATH=/usr/bin:/bin", "ENV FROM_IMAGE=yes", "USER worker", *changes]
    reply = client.api.import_image_from_data(archive(programs, python), changes=lines)
    image = str(json.loads(reply.strip().splitlines()[-1])["status"])
    try:
        yield image
    finally:
        client.api.remove_image(image, force=True)


def archive(programs: Sequence[str], python: bool = False) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for folder in ("root", "home", "tmp", "etc", "bin", "usr", "usr/bin"):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(member)
        texts = {"etc/passwd": PASSWD, "etc/group": GROUP, "etc/shadow": "root:secret-of-the-image::\n"}
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text), 0o600 if name == "etc/shadow" else 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
        home = tarfile.TarInfo("home/worker")
        home.type, home.mode, home.uid, home.gid = tarfile.DIRTYPE, 0o755, 1234, 1235
        archive.addfile(home)
        libraries: set[str] = set()
        if python:
            _add_python(archive)
        for program in [*programs, *([sys.executable] if python else [])]:
            found = shutil.which(program)
            assert found, f"this host has no {program}"
            if program != sys.executable:
                archive.add(Path(found).resolve(), f"bin/{program}")
            listed = subprocess.run(["ldd", found], capture_output=True, text=True).stdout
            libraries |= set(re.findall(r"(/\S+)", listed))
        for library in sorted(libraries):
            if Path(library).exists():
                archive.add(Path(library).resolve(), library.lstrip("/"))
    return out.getvalue()


def _add_python(archive: tarfile.TarFile) -> None:
    """Where it lies on this host: it looks for its library from there."""
    program = Path(sys.executable).resolve()
    archive.add(program, str(program).lstrip("/"))
    link = tarfile.TarInfo("bin/python3")
    link.type, link.linkname = tarfile.SYMTYPE, str(program)
    archive.addfile(link)
    library = Path(sysconfig.get_path("stdlib"))
    folders = (
        "encodings",
        "collections",
        "re",
        "importlib",
        "lib-dynload",
        "json",
        "http",
        "email",
        "urllib",
    )
    for path in [*library.glob("*.py"), *(path for name in folders for path in library.glob(f"{name}/*.*"))]:
        archive.add(path.resolve(), str(path).lstrip("/"))
