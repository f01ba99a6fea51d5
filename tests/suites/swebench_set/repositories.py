"""The repositories: bare, with everything that came after the base commits."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .data import FOLDER

BASE, FIX = ":2", ":3"  # marks in each stream
CLEAN = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def mirrors(folder: Path) -> dict[str, Path]:
    """ "own/tally" -> a bare repository in the folder; one that is there already is taken as it is."""
    return {f"own/{stream.stem}": mirror(stream, folder) for stream in sorted(FOLDER.glob("*/*.stream"))}


def mirror(stream: Path, folder: Path) -> Path:
    made = folder / f"{stream.stem}.git"
    if not made.exists():
        git("init", "-q", "--bare", "-b", "main", str(made))
        with stream.open("rb") as history:
            git("fast-import", "--quiet", "--done", "--export-marks=own-marks", at=made, stdin=history)
    return made


def marks(made: Path) -> dict[str, str]:
    """Mark -> commit."""
    return dict(line.split() for line in (made / "own-marks").read_text().splitlines())


def git(*words: str, at: Path | None = None, stdin: object = None) -> bytes:
    done = subprocess.run(["git", *words], cwd=at, env=CLEAN, stdin=stdin, capture_output=True)  # type: ignore[call-overload]
    assert not done.returncode, done.stderr.decode(errors="replace")
    return bytes(done.stdout)
