"""A root file system from Debian packages, without a registry, without root and without a shell.

apt (with this host's mirrors, keys, proxies and certificates, but with state of its own) resolves and
fetches the packages; their members are streamed into one archive. No maintainer script runs: what
they would have done and what matters here is in `EXTRA`.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from evalkit.errors import SandboxError

RELEASE = "bookworm"
PACKAGES = ("python3", "python3-numpy", "tzdata")
# dependencies that only serve installation or an interactive terminal
SKIPPED = ("dpkg", "tar", "debconf", "gcc-12-base", "readline-common", "libacl1", "libmd0", "libpcre2-8-0")
UNWANTED = (
    "./usr/share/doc/",
    "./usr/share/man/",
    "./usr/share/lintian/",
    "./usr/share/locale/",
    "./usr/lib/python3/dist-packages/numpy/core/include/",
)
KEPT = "/copyright"
COMPILE = (
    "-m",
    "compileall",
    "-q",
    "-j",
    "0",
    "-x",
    "lib2to3/tests|/tests?/",
    "/usr/lib/python3.11",
    "/usr/lib/python3",
)

Extra = tuple[str, str]  # path and text, or path and "-> target"
EXTRA: tuple[Extra, ...] = (
    ("usr/lib/{arch}/libblas.so.3", "-> blas/libblas.so.3"),
    ("usr/lib/{arch}/liblapack.so.3", "-> lapack/liblapack.so.3"),
    ("etc/passwd", "root:x:0:0:root:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    ("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
)


@contextmanager
def rootfs(say: Callable[[str], None]) -> Iterator[IO[bytes]]:
    """A tar archive of the root file system, open for reading, gone afterwards."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise SandboxError(f"this host has no {program}")
    with tempfile.TemporaryDirectory(prefix="evalkit-debs-") as folder, tempfile.TemporaryFile() as archive:
        debs = _fetch(Path(folder))
        say(f"{len(debs)} packages, {sum(deb.stat().st_size for deb in debs) >> 20} MB")
        with tarfile.open(fileobj=archive, mode="w") as out:
            _pack(debs, out, Path(folder))
        archive.seek(0)
        yield archive


def _fetch(folder: Path) -> list[Path]:
    state, cache = folder / "state", folder / "cache"
    for part in (state / "lists/partial", cache / "archives/partial"):
        part.mkdir(parents=True)
    (state / "status").touch()
    (folder / "sources.list").write_text(_sources())
    options = {
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": cache,
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferencesparts": "-",
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "",  # the folder is not readable for apt's own user
        "APT::Install-Recommends": "0",
    }
    apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    _call([*apt, "update"])
    _call([*apt, "--download-only", "--yes", "install", *PACKAGES])
    debs = sorted((cache / "archives").glob("*.deb"))
    return [deb for deb in debs if deb.name.split("_")[0] not in SKIPPED]


def _sources() -> str:
    """apt's source lines for the release, at the Debian mirrors that this host uses."""
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
        lines.append(f"deb {signed}{uri} {RELEASE}{suffix} main")
    if not lines:
        raise SandboxError("this host's apt knows no Debian mirror (apt-get update may help)")
    return "\n".join(dict.fromkeys(lines)) + "\n"


def _pack(debs: list[Path], out: tarfile.TarFile, folder: Path) -> None:
    arch = ""
    made: set[str] = set()
    for deb in debs:
        with (folder / "member.tar").open("w+b") as flat:
            _call(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=flat)
            flat.seek(0)
            with tarfile.open(fileobj=flat) as members:
                for member in members:
                    if member.name.startswith("./lib/") and member.name.endswith("-linux-gnu"):
                        arch = member.name.rsplit("/", 1)[1]
                    _copy(member, members, out, made)
    for path, text in EXTRA:
        _write(out, path.format(arch=arch), text)


def _copy(member: tarfile.TarInfo, source: tarfile.TarFile, out: tarfile.TarFile, made: set[str]) -> None:
    name = member.name + "/" if member.isdir() else member.name
    if name.startswith(UNWANTED) and not name.endswith(KEPT):
        return
    if member.isdir() and name in made:
        return
    made.add(name)
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    out.addfile(member, source.extractfile(member) if member.isreg() else None)


def _write(out: tarfile.TarFile, path: str, text: str) -> None:
    info = tarfile.TarInfo("./" + path)
    if text.startswith("-> "):
        info.type, info.linkname = tarfile.SYMTYPE, text[3:]
        out.addfile(info)
        return
    info.mode, info.size = 0o644, len(text.encode())
    out.addfile(info, io.BytesIO(text.encode()))


def _call(command: list[str], stdout: Any = subprocess.PIPE) -> str:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
        raise SandboxError(f"{command[0]} failed: {lines[-1][:300]}")
    return done.stdout.decode() if done.stdout else ""
