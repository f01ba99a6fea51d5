"""Files of a container by its engine's archives: no program of the container's takes part.

Nothing is written on this host, and no link is followed: every folder on the way to a path has to be a real
one. The engine resolves paths inside the container's root, so that whatever may be wrong stays in there.
All of it is for a worker's thread; engine errors pass through.
"""

from __future__ import annotations

import base64
import io
import json
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from evalkit.patch import patchable
from evalkit.sandbox.workspace_container import Owner
from evalkit.workspace import File, NotAFile, Tree

Kind = Literal["file", "folder", "link", "special"]
ENTRY_BYTES = 512  # what each entry of a tree counts for, beside its content
SKIPPED = 16  # times a tree's limit, that may go by unkept
CHUNK = 1 << 18
LINKS = 16
# the engine's bits of a mode (Go's os.FileMode)
FOLDER, LINK, SPECIAL = 1 << 31, 1 << 27, 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19


@dataclass(frozen=True)
class Stat:
    kind: Kind
    size: int
    target: str = ""


def parts(path: str, root: str) -> tuple[str, ...]:
    """The names on the way to a path, absolute or below the root. NotAFile where it could lead elsewhere."""
    whole = path if path.startswith("/") else f"{root}/{path}"
    found = tuple(name for name in whole.split("/") if name not in ("", "."))
    if not path or "\0" in path or ".." in found or any(len(_raw(name)) > 255 for name in found):
        raise NotAFile(f"not a path inside the workspace: {path!r}")
    return found


def stat(client: Any, container: str, path: str) -> Stat | None:
    """What stands there, a link unfollowed; None where nothing does."""
    url = client.api._url("/containers/{0}/archive", container)
    reply = client.api.head(url, params={"path": _raw(path)}, timeout=client.api.timeout)
    if reply.status_code in (400, 404):  # not there, or below something that is no folder
        return None
    if reply.status_code >= 500:  # the answer to HEAD does not say why
        reply = client.api.get(url, params={"path": _raw(path)}, timeout=client.api.timeout)
        if "too many links" in reply.text:
            return Stat("link", 0, path)
    client.api._raise_for_status(reply)
    facts = json.loads(base64.b64decode(reply.headers["X-Docker-Container-Path-Stat"]))
    mode = facts["mode"]
    kind: Kind = (
        "link" if mode & LINK else "special" if mode & SPECIAL else "folder" if mode & FOLDER else "file"
    )
    return Stat(kind, facts["size"], facts.get("linkTarget", ""))


def real(client: Any, container: str, path: str) -> str:
    """The folder behind a path, where that may be a link of the image's own."""
    for _ in range(LINKS):
        found = stat(client, container, path)
        if found is None or found.kind != "link":
            return path
        path = found.target
    raise NotAFile(f"a loop of links: {path}")


def walk(client: Any, container: str, names: tuple[str, ...], known: dict[str, bool]) -> bool:
    """Whether the folders on the way to the last name are there. NotAFile where one is no folder.

    `known`: what an earlier walk has found.
    """
    here = ""
    for name in names[:-1]:
        here += "/" + name
        if here not in known:
            found = stat(client, container, here)
            if found is not None and found.kind != "folder":
                raise NotAFile(f"{here} is {_A[found.kind]}, not a folder")
            known[here] = found is not None
        if not known[here]:
            return False
    return True


_A = {"file": "a file", "link": "a link", "special": "a device or pipe", "folder": "a folder"}


def read(client: Any, container: str, names: tuple[str, ...], limit: int) -> bytes:
    path = "/" + "/".join(names)
    found = stat(client, container, path) if names and walk(client, container, names, {}) else None
    if found is None:
        raise NotAFile(f"there is no {path}")
    if found.kind != "file":
        raise NotAFile(f"{path} is {_A[found.kind]}, not a file")
    if found.size > limit:
        raise NotAFile(f"{path} is too large ({found.size} bytes of at most {limit})")
    with packed(client, container, path) as archive:
        member = archive.next()
        if member is None or not member.isreg():  # the engine gives nothing where a name is not UTF-8
            raise NotAFile(f"{path!r} cannot be read")
        if member.size > limit:
            raise NotAFile(f"{path} is too large ({member.size} bytes of at most {limit})")
        return _content(archive, member)


def tree(client: Any, container: str, names: tuple[str, ...], limit: int) -> Tree:
    """All below a folder. Names that are not UTF-8 are kept with lone surrogates; sockets the engine leaves
    out by itself; hard links are files."""
    path = "/" + "/".join(names)
    found = stat(client, container, path) if names and walk(client, container, names, {}) else None
    if found is None or found.kind != "folder":
        raise NotAFile(f"{path} is {_A[found.kind]}, not a folder" if found else f"there is no {path}")
    files: dict[str, File] = {}
    left_out: dict[str, str] = {}
    used, skipped, entered = 0, 0, False
    with packed(client, container, path) as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # else it remembers all it has seen
            used += ENTRY_BYTES + len(member.name)
            inside, _, name = member.name.strip("/").partition("/")
            entered = True
            if inside != names[-1] or ".." in name.split("/"):
                raise NotAFile(f"the archive of {path} names something outside: {member.name!r}")
            why = patchable(name) if name else ""
            if member.isreg():
                used, skipped = (used, skipped + member.size) if why else (used + member.size, skipped)
            if used > limit or skipped > SKIPPED * limit:
                raise NotAFile(f"{path} is too large (more than {limit} bytes)")
            if not name:
                continue
            if why:
                cut = name.lower().split("/").index(".git") + 1 if why == "git's own folder" else None
                left_out["/".join(name.split("/")[:cut])] = why
            elif member.isreg():
                files[name] = File(_content(archive, member), bool(member.mode & 0o100), owner=member.uid)
            elif member.issym():
                files[name] = File(link=member.linkname, owner=member.uid)
            elif member.islnk():
                _, _, first = member.linkname.strip("/").partition("/")
                if first in files:
                    files[name] = files[first]
                else:
                    left_out[name] = "a hard link to what is left out"
            elif not member.isdir():
                left_out[name] = "a device or pipe"
    if not entered:
        raise NotAFile(f"{path!r} cannot be read")
    return Tree(files, left_out)


def write(
    client: Any,
    container: str,
    files: Mapping[tuple[str, ...], File],
    owner: Owner,
) -> None:
    """Put files there, in one archive from the root on; folders that are missing come with them."""
    known: dict[str, bool] = {}
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for names, file in files.items():
            walk(client, container, names, known)
            for n in range(1, len(names)):
                here = "/" + "/".join(names[:n])
                if not known.get(here):
                    known[here] = True
                    archive.addfile(_member(here, tarfile.DIRTYPE, 0o755, owner))
            path = "/" + "/".join(names)
            if known.get(path):
                raise NotAFile(f"{path} is a folder that other files are to be written to")
            if file.link is not None:
                member = _member(path, tarfile.SYMTYPE, 0o777, owner)
                member.linkname = file.link
                archive.addfile(member)
                continue
            member = _member(path, tarfile.REGTYPE, 0o755 if file.executable else 0o644, owner)
            member.size = len(file.data)
            archive.addfile(member, io.BytesIO(file.data))
    client.api.put_archive(container, "/", out.getbuffer())


# an argument travels as text: what is not plain is written as octal numbers
REMOVE = ("/bin/sh", "-c", 'for a; do p=$(printf "%b." "$a"); rm -rf -- "${p%.}"; done', "sh")


def removal(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """The command that removes them, with all below them."""
    plain = b"/._-"
    words = [
        "".join(chr(c) if (chr(c).isalnum() and c < 128) or c in plain else f"\\0{c:03o}" for c in _raw(path))
        for path in ("/" + "/".join(names) for names in paths)
    ]
    return [*REMOVE, *words]


def make_folder(client: Any, container: str, path: str, owner: Owner) -> None:
    """A folder with all above it, where they are missing."""
    names = parts(path, "/")
    known: dict[str, bool] = {}
    walk(client, container, (*names, ""), known)
    missing = [here for n in range(len(names)) if not known.get(here := "/" + "/".join(names[: n + 1]))]
    if missing:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for here in missing:
                archive.addfile(_member(here, tarfile.DIRTYPE, 0o755, owner))
        client.api.put_archive(container, "/", out.getbuffer())


def _member(path: str, kind: bytes, mode: int, owner: Owner) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path.lstrip("/"))
    member.type, member.mode = kind, mode
    member.uid, member.gid = owner.uid, owner.gid
    member.mtime = time.time()  # builds compare times: what is written now is newer than what they made
    return member


def _content(archive: Any, member: tarfile.TarInfo) -> bytes:
    data: bytes = archive.extractfile(member).read()
    if len(data) != member.size:
        raise OSError("the engine's archive ended too early")
    return data


@contextmanager
def packed(client: Any, container: str, path: str = "") -> Iterator[Any]:
    """The engine's archive of a path, or ("") of all files but those that are mounted, as it comes."""
    where = "/containers/{0}/archive" if path else "/containers/{0}/export"
    reply = client.api.get(
        client.api._url(where, container),
        params={"path": _raw(path)} if path else {},
        headers={"Accept-Encoding": "identity"},  # packing it costs more than the way is long
        stream=True,
        timeout=client.api.timeout,
    )
    try:
        client.api._raise_for_status(reply)
        source: Any = _Source(reply.iter_content(CHUNK))
        with tarfile.open(
            fileobj=source, mode="r|", bufsize=CHUNK, encoding="utf-8", errors="surrogateescape"
        ) as archive:
            yield archive
    except tarfile.TarError as e:
        raise OSError(f"the engine's archive cannot be read: {e}") from None
    finally:
        reply.close()


class _Source:
    """Read a stream of pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
