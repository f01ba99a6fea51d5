"""A bundle: files of npm packages, for workspaces whose images have neither Node nor the agent.

Each package is fetched by `npm pack`, which runs none of its scripts, and taken only if it is, byte by byte,
the one that is pinned. Nothing of it runs on this machine.
"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.tools.known import ToolPackage

SAID = 4  # lines of npm's last words that are shown
TOP = "package"  # the folder that npm packs everything below
ELF = b"\x7fELF"
OURS = {"x86_64": "x86-64", "aarch64": "AArch64"}  # the loader's words for machines
# beside Node's bin/ and lib/: this machine's libraries are used only where the image has none
RUN = """\
#!/bin/sh
here=${0%/*}
"$here/bin/node" --version >/dev/null 2>&1 || export LD_LIBRARY_PATH="$here/lib"
exec "$here/bin/node" "$@"
"""


def unpack(package: ToolPackage, folder: Path, say: Callable[[str], None]) -> None:
    """Make the folder. EvalkitError where npm fails, or gives something else than is pinned."""
    machine = platform.machine()
    wanted = [each for each in _wanted(package) if each.get("machine", machine) == machine]
    if not any("machine" in each for each in wanted):
        raise EvalkitError(f"{package.requirement} has no programs for {machine}")
    if shutil.which("npm") is None:
        raise EvalkitError(f"{package.requirement} comes by npm, which is not here", "apt-get install npm")
    for each in wanted:
        spec = f"{each['name']}@{each['version']}"
        say(f"{package.requirement}: fetching {spec}")
        with tempfile.TemporaryDirectory() as temporary:
            archive = _fetch(spec, Path(temporary))
            check(spec, archive, each["sha512"])
            extract(archive, folder / each["into"], tuple(each.get("only", ())))
        if "libraries" in each:
            add_libraries(folder / each["into"], each["libraries"])
    for path in (folder, *folder.rglob("*")):
        for_everybody(path)


def _wanted(package: ToolPackage) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = tomllib.loads(package.pins.read_text(encoding="utf-8"))["package"]
    return found


def _fetch(spec: str, folder: Path) -> Path:
    command = ["npm", "pack", "--ignore-scripts", "--loglevel=error", f"--pack-destination={folder}", spec]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        lines = [line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
        hint = f"without a network, bring npm's cache along (npm cache add {spec}; npm config get cache)"
        raise EvalkitError(f"npm cannot fetch {spec}", "\n".join((*lines[-SAID:], hint)))
    return archives[0]


def check(spec: str, archive: Path, sha512: str) -> None:
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != sha512:
        raise EvalkitError(
            f"{spec} is not the package that is pinned: sha512 {found[:16]}...",
            "whatever npm takes its packages from gives another one: look at `npm config get registry`",
        )


def extract(archive: Path, folder: Path, only: tuple[str, ...]) -> None:
    """Regular files alone, below the folder. `only`: names of files, where not all are wanted."""
    with tarfile.open(archive) as tar:
        for name, member in _members(tar):
            if only and name not in only:
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = tar.extractfile(member)
            assert content is not None, "a regular file has contents"
            with path.open("wb") as file:
                shutil.copyfileobj(content, file)


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, tarfile.TarInfo]]:
    for member in tar:
        path = PurePosixPath(member.name)
        if member.isfile() and path.parts[0] == TOP and ".." not in path.parts:
            yield str(path.relative_to(TOP)), member


def add_libraries(folder: Path, names: Sequence[str]) -> None:
    """Those of these that this machine has into lib/, and a script `run` that knows when to use them."""
    (folder / "lib").mkdir()
    for line in _listed():
        name, *_, path = line.split()
        if name in names and OURS.get(platform.machine(), "") in line and Path(path).is_file():
            shutil.copyfile(path, folder / "lib" / name)
    (folder / "run").write_text(RUN)


def _listed() -> list[str]:
    """What this machine's loader knows, a line each: `NAME (KIND) => PATH`."""
    program = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if program is None:
        return []
    done = subprocess.run([program, "-p"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return [line for line in done.stdout.decode(errors="replace").splitlines() if " => " in line]


def for_everybody(path: Path) -> None:
    """Readable by any user of a container; programs can be run (npm packs them all as plain files)."""
    program = path.is_dir()
    if not program:
        with path.open("rb") as file:
            head = file.read(len(ELF))
            program = head == ELF or head.startswith(b"#!")
    mode = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH
    if program:
        mode |= stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
    path.chmod(mode)
