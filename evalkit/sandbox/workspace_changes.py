"""What a container has made of its image's files, as an archive, and how it is brought into another one.

The engine says which paths differ; their contents come by its archives. No program of the container's takes
part, nothing is unpacked on this host, and links are never followed. What is gone is an empty file `.wh.NAME`
beside where NAME was, as in a layer of the OCI image format. All of it is for a worker's thread; the engine's
errors pass through.
"""

from __future__ import annotations

import copy
import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.sandbox import workspace_files as files_of
from evalkit.workspace import NotAFile

MODIFIED, ADDED, DELETED = 0, 1, 2  # the engine's numbers
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
SINGLES = 60  # archives of one path each: a few of them take as long as one of everything
UNKNOWN = "\ufffd"  # what the engine writes for each byte that is not UTF-8
ALWAYS = (  # of the engine's making
    *("/proc", "/sys", "/dev", "/sbin/docker-init", "/.dockerenv"),
    *("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab"),
)
KEPT = (
    tarfile.REGTYPE,
    tarfile.AREGTYPE,
    tarfile.DIRTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.FIFOTYPE,
)
ATTRIBUTE = "SCHILY.xattr."


def changes(client: Any, container: str, limit: int, without: Sequence[str]) -> bytes:
    """See evalkit.workspace.Workspace.changes. Left out are devices and sockets, which are no files, and what
    no archive of this kind can hold: names that begin with `.wh.`, and that a name is gone which is no text.
    """
    apart = (*mounts(client, container), *without)
    wanted = {
        each["Path"]: int(each["Kind"])
        for each in client.api.diff(container) or ()
        if not below(each["Path"], apart) and f"/{WHITEOUT}" not in each["Path"]
    }
    wholes, singles = _asked(client, container, wanted, apart)
    gone = [path for path, kind in wanted.items() if kind == DELETED]
    try:
        if len(singles) + len(wholes) > SINGLES or any(UNKNOWN in path for path in (*singles, *wholes)):
            raise _Unreadable
        out = _Out(limit)
        for path in gone:
            out.gone(path)
        for path in sorted((*wholes, *singles)):
            _take(client, container, path, path in wholes, wanted, out)
        return out.bytes()
    except _Unreadable:
        return _exported(client, container, wanted, wholes, gone, _Out(limit))


class _Unreadable(Exception):
    """Paths cannot be had one by one: there are too many, the engine gives no archive of one (a link that
    leads in circles), or does not understand its name."""


def mounts(client: Any, container: str) -> tuple[str, ...]:
    """Places that are not the container's own files: what the engine puts there, and what is mounted."""
    found = client.api.inspect_container(container)["Mounts"]
    return (*ALWAYS, *(mount["Destination"] for mount in found))


def below(path: str, folders: Sequence[str]) -> bool:
    """Whether it is one of these, or lies in one."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


def _asked(
    client: Any, container: str, wanted: Mapping[str, int], apart: Sequence[str]
) -> tuple[set[str], set[str]]:
    """The folders of which all that lies in them has changed, outermost ones, and other paths one by one.

    A folder that was removed and made again counts as gone, though it is there.
    """
    wholes: set[str] = set()
    singles: set[str] = set()
    for path in sorted(wanted, key=lambda path: path.count("/")):
        covered = any(parent in wholes for parent in _parents(path))
        whole = wanted[path] != MODIFIED and not any(below(folder, (path,)) for folder in apart)
        if covered:
            continue
        if wanted[path] != DELETED:
            (wholes if whole else singles).add(path)
        elif (found := files_of.stat(client, container, path)) is not None and found.kind == "folder":
            wholes.add(path)
    return wholes, singles


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _take(client: Any, container: str, path: str, whole: bool, wanted: Mapping[str, int], out: _Out) -> None:
    """A path, where it is still one that the engine gives; with all below it, or by itself."""
    import docker.errors

    above = path.rpartition("/")[0]
    try:
        with files_of.packed(client, container, path) as archive:
            for member in _members(archive):
                name = f"{above}/{member.name.strip('/')}"
                if whole and name != path and seen(name) not in wanted:
                    continue  # what is mounted there
                if member.islnk():
                    member.linkname = f"{above}/{member.linkname.strip('/')}"
                if not out.add(name, member, archive) and whole:
                    _take(client, container, name, False, wanted, out)
                if not whole:
                    return
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as e:
        if e.status_code == 500:
            raise _Unreadable from None
        raise


def _exported(
    client: Any, container: str, wanted: Mapping[str, int], wholes: set[str], gone: Sequence[str], out: _Out
) -> bytes:
    """The same out of an archive of all files, in one go."""
    for path in gone:
        if UNKNOWN not in path:
            out.gone(path)
    apart: dict[str, list[str]] = {}  # files that are not taken: links to them that are
    with files_of.packed(client, container) as archive:
        for member in _members(archive):
            name = "/" + member.name.strip("/")
            if wanted.get(seen(name), DELETED) == DELETED and seen(name) not in wholes:
                continue
            if member.islnk():
                member.linkname = "/" + member.linkname.strip("/")
            if not out.add(name, member, archive):
                apart.setdefault(member.linkname, []).append(name)
    if apart:
        with files_of.packed(client, container) as archive:
            for member in _members(archive):
                names = apart.get("/" + member.name.strip("/"), []) if member.isreg() else []
                for n, name in enumerate(names):
                    out.add(name, _link(member, names[0]) if n else member, archive)
    return out.bytes()


def _link(member: tarfile.TarInfo, to: str) -> tarfile.TarInfo:
    """What is the same file as another."""
    link = copy.copy(member)
    link.type, link.linkname = tarfile.LNKTYPE, to
    return link


def _members(archive: Any) -> Iterator[tarfile.TarInfo]:
    while (member := archive.next()) is not None:
        archive.members = []  # else it remembers all it has seen
        yield member


def seen(name: str) -> str:
    """A name as the engine writes it in its answers."""
    return "".join(UNKNOWN if "\udc80" <= c <= "\udcff" else c for c in name)


class _Out:
    """The archive in the making. NotAFile where it grows beyond its limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._file = io.BytesIO()
        self._tar = tarfile.open(  # noqa: SIM115  closed by `bytes`
            fileobj=self._file,
            mode="w",
            format=tarfile.PAX_FORMAT,
            encoding="utf-8",
            errors="surrogateescape",
        )
        self._files: set[str] = set()

    def add(self, path: str, member: tarfile.TarInfo, archive: Any) -> bool:
        """False: it is a link to a file that is not in here, and has to be had by itself."""
        if member.type not in KEPT or path.rpartition("/")[2].startswith(WHITEOUT):
            return True
        if member.islnk() and member.linkname not in self._files:
            return False
        taken = tarfile.TarInfo(path.lstrip("/"))
        taken.type, taken.mode, taken.mtime = member.type, member.mode, int(member.mtime)
        taken.uid, taken.gid = member.uid, member.gid
        taken.linkname = member.linkname.lstrip("/") if member.islnk() else member.linkname
        taken.size = member.size if member.isreg() else 0
        taken.pax_headers = {k: v for k, v in member.pax_headers.items() if k.startswith(ATTRIBUTE)}
        self._room(taken.size)
        self._tar.addfile(taken, archive.extractfile(member) if member.isreg() else None)
        if member.isreg():
            self._files.add(path)
        return True

    def gone(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        self._room(0)
        self._tar.addfile(tarfile.TarInfo(f"{folder}/{WHITEOUT}{name}".lstrip("/")))

    def _room(self, size: int) -> None:
        if self._file.tell() + size + files_of.ENTRY_BYTES > self._limit:
            raise NotAFile(f"what has changed is too large (more than {self._limit} bytes)")

    def bytes(self) -> bytes:
        self._tar.close()
        return self._file.getvalue()


# -- into another one ----------------------------------------------------------------------------
Names = tuple[str, ...]


def read(data: bytes, apart: Sequence[str]) -> tuple[list[Names], bytes]:
    """Of an archive of changes: the names on the way to each path that is to go, and an archive of the rest,
    without what lies in a place `apart`. NotAFile where it is none."""
    gone: list[Names] = []
    files: set[str] = set()
    out = io.BytesIO()
    form: Any = {"format": tarfile.PAX_FORMAT, "encoding": "utf-8", "errors": "surrogateescape"}
    try:
        with (
            tarfile.open(fileobj=io.BytesIO(data), mode="r:", **form) as source,
            tarfile.open(fileobj=out, mode="w", **form) as rest,
        ):
            for member in source:
                names = files_of.parts("/" + member.name, "/")
                hidden = names[-1].removeprefix(WHITEOUT) if names and names[-1].startswith(WHITEOUT) else ""
                path = "/" + "/".join((*names[:-1], hidden) if hidden else names)
                if not names or member.type not in KEPT or below(path, apart):
                    continue
                if hidden:
                    gone.append(names[:-1] if names[-1] == OPAQUE else (*names[:-1], hidden))
                elif not member.islnk() or "/" + member.linkname.lstrip("/") in files:
                    rest.addfile(member, source.extractfile(member) if member.isreg() else None)
                    files |= {path} if member.isreg() else set()
    except (tarfile.TarError, OSError, UnicodeError, ValueError) as e:
        raise NotAFile(f"this is no archive of changes: {e}") from None
    return [names for names in gone if names], out.getvalue()


def put(client: Any, container: str, archive: bytes) -> None:
    """An archive from the root on. What stands there is replaced, folders are kept. NotAFile where a folder
    on the way is none."""
    with tarfile.open(fileobj=io.BytesIO(archive), encoding="utf-8", errors="surrogateescape") as source:
        members = source.getmembers()
    known = {"/" + member.name.strip("/"): member.isdir() for member in members}
    if wrong := next(
        (p for m in members for p in _parents("/" + m.name.strip("/")) if not known.get(p, True)), ""
    ):
        raise NotAFile(f"{wrong} is no folder, and something would lie in it")
    for member in members:
        files_of.walk(client, container, files_of.parts("/" + member.name, "/"), known)
    if members:
        client.api.put_archive(container, "/", archive)
