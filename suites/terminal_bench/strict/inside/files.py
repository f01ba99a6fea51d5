"""Files of the container, as the launcher puts them there, removes them and reads them: by its own Python."""

import base64
import io
import os
import shutil
import stat
import tarfile
from typing import Any


def place(files: dict[str, Any], folder: str) -> None:
    """The tests alone, in a new folder of root's. Nothing to do where it is mounted."""
    if not folder:
        return
    away(folder)
    os.makedirs(folder, 0o755)
    for name, file in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        with open(path, "wb", opener=lambda p, flags: os.open(p, flags | os.O_EXCL | os.O_NOFOLLOW)) as out:
            out.write(base64.b64decode(file["data"]))
        os.chmod(path, 0o755 if file["executable"] else 0o644)


def changed(files: dict[str, Any], folder: str) -> list[str]:
    """Which of the tests are not what they were."""
    found = []
    for name, file in files.items():
        try:
            fd = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(fd, "rb") as now:
                same = now.read() == base64.b64decode(file["data"])
        except OSError:
            same = False
        if not same:
            found.append(name)
    return found


def restore(archive: str, gone: list[str]) -> None:
    """The image's own programs where they were changed, and nothing that stands before them."""
    for path in gone:
        away(path)
    for member, data in members(archive):
        path = "/" + member.name
        if not member.isdir():
            away(path)
        elif os.path.islink(path) or not os.path.isdir(path):
            away(path)
            os.makedirs(path)
        if member.issym():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(member.linkname, path)
        elif data is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "xb") as file:
                file.write(data)
            os.chown(path, member.uid, member.gid)
            os.chmod(path, member.mode)


def others_again(archive: str) -> list[str]:
    """Which of the image's programs are not what they were put back to."""
    found = []
    for member, data in members(archive):
        path = "/" + member.name
        try:
            if member.issym():
                same = os.readlink(path) == member.linkname
            elif data is not None:
                with open(
                    path, "rb", opener=lambda p, f: os.open(p, f | os.O_NOFOLLOW | os.O_NONBLOCK)
                ) as file:
                    same = file.read() == data
            else:
                same = os.path.isdir(path)
        except OSError:
            same = False
        if not same:
            found.append(path)
    return found


def members(archive: str) -> list[tuple[tarfile.TarInfo, bytes | None]]:
    """Hard links are files of their own."""
    if not archive:
        return []
    found = []
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(archive))) as source:
        for member in source:
            content = source.extractfile(member) if member.isreg() or member.islnk() else None
            found.append((member, content.read() if content else None))
    return found


def away(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def clear(folders: list[str]) -> None:
    """New, empty folders of root's that the tests' user may write to, on a way without links."""
    for folder in folders:
        here = ""
        for name in folder.strip("/").split("/"):
            here += "/" + name
            if os.path.islink(here) or (os.path.lexists(here) and not os.path.isdir(here)):
                os.unlink(here)
        away(folder)
        os.makedirs(folder)
        os.chmod(folder, 0o777)


def reward(path: str) -> str | None:
    """What a file holds, where it is one."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                return file.read(1 << 16).decode("utf-8", "replace")
    except OSError:
        pass
    return None
