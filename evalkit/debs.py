"""A root file system from Debian packages, without a registry, without root and without a shell.

apt (with this host's mirrors, keys, proxies and certificates, but with state of its own) resolves and
fetches the packages; their members are streamed into one archive. No maintainer script runs: what
they would have done and what matters is up to who asks (`Unpacking.extra`).
"""

from __future__ import annotations

import io
import posixpath
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from evalkit.errors import SandboxError

RELEASE = "bookworm"
UNWANTED = ("./usr/share/doc/", "./usr/share/man/", "./usr/share/lintian/", "./usr/share/locale/")
KEPT = "/copyright"
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")  # folders that are links into usr since Debian 12

Extra = tuple[str, str]  # path and text, or path and "-> target"


@dataclass(frozen=True)
class Unpacking:
    """What becomes of packages. `skipped`: by name; `unwanted`: beginnings of paths.

    `merged`: /bin, /lib and their like are links, as Debian installs them; else folders of their own.
    """

    skipped: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = UNWANTED
    extra: tuple[Extra, ...] = ()
    merged: bool = True


class Debian:
    """Debian's packages, as this host's apt finds them. The folder holds its state and what it fetches."""

    def __init__(self, folder: Path, release: str = RELEASE) -> None:
        for program in ("apt-get", "dpkg-deb"):
            if shutil.which(program) is None:
                raise SandboxError(f"this host has no {program}")
        self._folder = folder
        self._archives = folder / "cache/archives"
        state = folder / "state"
        for part in (state / "lists/partial", self._archives / "partial"):
            part.mkdir(parents=True)
        (state / "status").touch()
        (folder / "sources.list").write_text(_sources(release))
        options = {
            "Dir::State": state,
            "Dir::State::status": state / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferencesparts": "-",
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": "",  # the folder is not readable for apt's own user
            "APT::Install-Recommends": "0",
        }
        self._apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
        _call([*self._apt, "update"])

    def sources(self) -> str:
        """Its source lines for an image, which has Debian's keys in their usual place."""
        lines = (self._folder / "sources.list").read_text()
        return re.sub(r"\[signed-by=[^]]*\] ", "", lines)

    def resolve(self, packages: Sequence[str]) -> None:
        """SandboxError where they cannot be had, or not together."""
        _call([*self._apt, "--simulate", "install", *packages])

    def fetch(self, packages: Sequence[str]) -> list[Path]:
        """They and all that they depend on."""
        _call([*self._apt, "--download-only", "--yes", "install", *packages])
        return sorted(self._archives.glob("*.deb"))

    @contextmanager
    def rootfs(self, debs: Sequence[Path], how: Unpacking) -> Iterator[IO[bytes]]:
        """A tar archive of the root file system, open for reading, gone afterwards."""
        chosen = [deb for deb in debs if deb.name.split("_")[0] not in how.skipped]
        with tempfile.TemporaryFile() as archive:
            with tarfile.open(fileobj=archive, mode="w") as out:
                _pack(chosen, out, self._folder / "member.tar", how)
            archive.seek(0)
            yield archive


@contextmanager
def debian(release: str = RELEASE) -> Iterator[Debian]:
    with tempfile.TemporaryDirectory(prefix="evalkit-debs-") as folder:
        yield Debian(Path(folder), release)


def _sources(wanted: str) -> str:
    """apt's source lines for a release, at the Debian mirrors that this host uses."""
    fields = "$(REPO_URI)|$(RELEASE)|$(ORIGIN)|$(SIGNED_BY)"
    listed = _call(["apt-get", "indextargets", "--format", fields, "Created-By: Packages", "Component: main"])
    lines = []
    for line in dict.fromkeys(listed.splitlines()):
        uri, release, origin, key = [*line.split("|"), "", ""][:4]
        if origin != "Debian":
            continue
        suffix = next((s for s in ("-security", "-updates", "") if release.endswith(s)), "")
        keyring = key if key.endswith(".gpg") else "/usr/share/keyrings/debian-archive-keyring.gpg"
        signed = f"[signed-by={keyring}] " if Path(keyring).exists() else ""
        lines.append(f"deb {signed}{uri} {wanted}{suffix} main")
    if not lines:
        raise SandboxError("this host's apt knows no Debian mirror (apt-get update may help)")
    return "\n".join(dict.fromkeys(lines)) + "\n"


def _pack(debs: Sequence[Path], out: tarfile.TarFile, scratch: Path, how: Unpacking) -> None:
    arch = ""
    made: set[str] = set()
    if how.merged:
        for name in MERGED:
            write(out, f"usr/{name}/", "")
            write(out, name, f"-> usr/{name}")
            made |= {f"./{name}/", f"./usr/{name}/"}
    for deb in debs:
        with scratch.open("w+b") as flat:
            _call(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=flat)
            flat.seek(0)
            with tarfile.open(fileobj=flat) as members:
                for member in members:
                    if member.name.startswith("./lib/") and member.name.endswith("-linux-gnu"):
                        arch = member.name.rsplit("/", 1)[1]
                    _copy(member, members, out, made, how)
    for path, text in how.extra:
        if f"./{path}" not in made:
            write(out, path.format(arch=arch), text)


def _copy(
    member: tarfile.TarInfo, source: tarfile.TarFile, out: tarfile.TarFile, made: set[str], how: Unpacking
) -> None:
    name = member.name + "/" if member.isdir() else member.name
    if name.startswith(how.unwanted) and not name.endswith(KEPT):
        return
    content = source.extractfile(member) if member.isreg() else None
    if how.merged:
        _merge(member)
        name = member.name + "/" if member.isdir() else member.name
    if name in made:
        return
    made.add(name)
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    out.addfile(member, content)


def _merge(member: tarfile.TarInfo) -> None:
    """Move what lies in /bin and its like into /usr; a link that pointed from there still points there."""
    old = member.name
    member.name = _merged(old)
    if member.islnk():
        member.linkname = _merged(member.linkname)
    elif member.issym() and member.name != old and not member.linkname.startswith("/"):
        member.linkname = posixpath.normpath(posixpath.join(posixpath.dirname(old[1:]), member.linkname))


def _merged(name: str) -> str:
    top, _, rest = name.removeprefix("./").partition("/")
    return f"./usr/{top}/{rest}" if top in MERGED and rest else name


def write(out: tarfile.TarFile, path: str, text: str, *, uid: int = 0) -> None:
    """A file, a link ("-> target") or, where the path ends with "/", a folder. Scripts are executable."""
    info = tarfile.TarInfo("./" + path.lstrip("/"))
    info.uid = info.gid = uid
    if path.endswith("/"):
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        out.addfile(info)
        return
    if text.startswith("-> "):
        info.type, info.linkname = tarfile.SYMTYPE, text[3:]
        out.addfile(info)
        return
    info.mode, info.size = 0o755 if text.startswith("#!") else 0o644, len(text.encode())
    out.addfile(info, io.BytesIO(text.encode()))


def _call(command: list[str], stdout: Any = subprocess.PIPE) -> str:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
        raise SandboxError(f"{command[0]} failed: {lines[-1][:300]}")
    return done.stdout.decode() if done.stdout else ""
