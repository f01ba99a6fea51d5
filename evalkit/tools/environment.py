"""A tool's environment: a folder below the cache, made by `python -m venv` and pip, or from bundles of files.

    CACHE/tools/mini-swe-agent-2.4.6-py3.11-1a2b3c4d5e6f/
    CACHE/tools/qwen-code-0.24.4-x86_64-1a2b3c4d5e6f/

The name holds all that it depends on, so that another version, Python or set of pins is another folder. One
that is whole has `installed.json`, written last: what was cut short is made anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.cache import cache_folder
from evalkit.errors import EvalkitError, UsageError
from evalkit.tools import bundle, debian, verifier
from evalkit.tools.known import ToolPackage, tool_package

WHOLE = "installed.json"
SAID = 4  # lines of pip's last words that are shown
# what the user's environment says of other Pythons, and of where else pip is to install
NOT_OURS = ("PYTHONPATH", "PYTHONHOME", "PIP_CONSTRAINT", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Installed:
    """A whole environment. `size`: bytes on disk."""

    package: ToolPackage
    folder: Path
    size: int

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"


def installed(name: str) -> Installed | None:
    """The environment of that name as this version of evalkit wants it; None where it is not here.

    UsageError where no tool is called so.
    """
    package = tool_package(name)
    folder = _folder(package)
    try:
        facts = json.loads((folder / WHOLE).read_text())
        found = Installed(package, folder, int(facts["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if package.kind != "python":
        return found
    return found if found.python.exists() else None  # its Python may have been removed since


def python_of(name: str) -> Path:
    """The environment's interpreter. UsageError where it is not installed."""
    found = installed(name)
    if found is None:
        package = tool_package(name)
        raise UsageError(f"{package.requirement} is not installed", f"evalkit tools install {name}")
    return found.python


def bundle_of(name: str) -> Path:
    """The folder of a tool that is a bundle. UsageError where it is not installed."""
    found = installed(name)
    if found is None:
        raise UsageError(
            f"{tool_package(name).requirement} is not installed", f"evalkit tools install {name}"
        )
    return found.folder


def install(name: str, say: Say = lambda line: None, *, force: bool = False) -> Installed:
    """Make the environment, or find it made. UsageError where there is no such tool, EvalkitError where pip
    or venv fail: its hint holds their last words."""
    package = tool_package(name)
    with _alone(name):
        found = installed(name)
        if found and not force:
            return found
        folder = _folder(package)
        shutil.rmtree(folder, ignore_errors=True)
        say(f"{package.requirement}: making {folder}")
        makers = {
            "python": _make,
            "bundle": bundle.unpack,
            "debian": debian.unpack,
            "verifier": verifier.unpack,
        }
        makers[package.kind](package, folder, say)
        size = sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir())
        (folder / WHOLE).write_text(json.dumps({"requirement": package.requirement, "size": size}))
    return Installed(package, folder, size)


def remove(name: str) -> list[Path]:
    """Remove the environments of that name, those of other versions too: the folders that there were."""
    tool_package(name)
    with _alone(name):
        found = [p for p in sorted(_home().glob(f"{name}-*")) if p.is_dir()]
        for folder in found:
            (folder / WHOLE).unlink(missing_ok=True)  # first: a half-removed one must not look whole
            shutil.rmtree(folder)
    return found


# -- making one ------------------------------------------------------------------------------------


def _make(package: ToolPackage, folder: Path, say: Say) -> None:
    hint = "Debian's own Python needs: apt-get install python3-venv"
    _run([sys.executable, "-m", "venv", str(folder)], f"cannot make an environment for {package.name}", hint)
    say(f"{package.requirement}: installing it, and what it needs")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    command = [*pip, "install", "--quiet", "--constraint", str(package.pins), package.requirement]
    hint = (
        "without a network, give pip a folder of wheels: PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER "
        f"evalkit tools install {package.name} (filled elsewhere by `pip download -c {package.pins} "
        f"{package.requirement}`)"
    )
    _run(command, f"cannot install {package.requirement}", hint)


def _run(command: Sequence[str], what: str, hint: str) -> None:
    clean = {k: v for k, v in os.environ.items() if k not in NOT_OURS}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clean, check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
        raise EvalkitError(what, "\n".join((*lines[-SAID:], hint)))


# -- where -----------------------------------------------------------------------------------------


def _home() -> Path:
    return cache_folder().absolute() / "tools"  # its Python is started in other folders


def _folder(package: ToolPackage) -> Path:
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    made_for = python if package.kind == "python" else platform.machine()
    return _home() / f"{package.name}-{package.version}-{made_for}-{package.digest}"


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    """While nobody else makes or removes it."""
    _home().mkdir(parents=True, exist_ok=True)
    with (_home() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
