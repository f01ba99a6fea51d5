"""Packages of the index as folders that a bundle's Python 3.13 can use: from wheels alone, nothing is run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from evalkit.cache import cache_folder
from evalkit.errors import EvalkitError

VERSION = "3.13"
PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014", "manylinux_2_12")
WHOLE = ".whole"
SAID = 4  # lines of pip's last words that are shown
NOT_OURS = ("PYTHONPATH", "PYTHONHOME", "PIP_CONSTRAINT", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")


def wheels(requirements: Sequence[str]) -> Path:
    """A folder of these and all that they need, made at first use. EvalkitError where there is no wheel of
    one."""
    words = sorted(set(requirements))
    name = hashlib.sha256("\n".join((VERSION, platform.machine(), *words)).encode()).hexdigest()[:16]
    home = cache_folder().absolute() / "wheels"
    home.mkdir(parents=True, exist_ok=True)
    folder = home / name
    with (home / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / WHOLE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            put_wheels(words, folder)
            (folder / WHOLE).touch()
    return folder


def put_wheels(requirements: Sequence[str], folder: Path) -> None:
    machine = platform.machine()
    command = [
        *(
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--no-input",
            "--retries",
            "1",
            "install",
            "--quiet",
        ),
        *("--target", str(folder), "--no-compile", "--only-binary", ":all:", "--implementation", "cp"),
        *(
            "--python-version",
            VERSION,
            "--abi",
            f"cp{VERSION.replace('.', '')}",
            "--abi",
            "abi3",
            "--abi",
            "none",
        ),
        *(word for name in PLATFORMS for word in ("--platform", f"{name}_{machine}")),
        *requirements,
    ]
    clean = {name: text for name, text in os.environ.items() if name not in NOT_OURS}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clean, check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
        raise EvalkitError(
            f"no wheels for Python {VERSION}: {', '.join(requirements)}", "\n".join(lines[-SAID:])
        )
