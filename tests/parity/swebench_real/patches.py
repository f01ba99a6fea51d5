"""Four answers to an instance: the gold patch, none, one that mends nothing, and one that breaks what passed.

The last is the gold patch with a change of breaks.toml on top.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KINDS = ("gold", "empty", "wrong", "breaks")
BREAKS = tomllib.loads((Path(__file__).parent / "breaks.toml").read_text())
ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


def answers(row: Mapping[str, Any], mirror: Path) -> dict[str, str]:
    """By kind. `mirror` has the instance's base commit."""
    change = BREAKS[row["instance_id"]]
    gold = str(row["patch"])
    first = gold.split("\n--- a/", 1)[1].split("\n", 1)[0]
    return {
        "gold": gold,
        "empty": "",
        "wrong": edited(row, mirror, {first: lambda text: text + "\n# nothing is mended here\n"}),
        "breaks": edited(
            row, mirror, {change["file"]: lambda text: replaced(text, change["old"], change["new"])}, gold
        ),
    }


def replaced(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new)


def edited(row: Mapping[str, Any], mirror: Path, edits: Mapping[str, Any], patch: str = "") -> str:
    """The patch and then the edits of files at the base commit, as one patch."""
    named = [line.removeprefix("--- a/") for line in patch.splitlines() if line.startswith("--- a/")]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in {*named, *edits}:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(git(mirror, "show", f"{row['base_commit']}:{name}"))
        git(folder, "init", "-q")
        git(folder, "add", "-A")
        if patch:
            git(folder, "apply", "-", stdin=patch.encode())
        for name, edit in edits.items():
            (folder / name).write_bytes(edit((folder / name).read_text("utf-8")).encode())
        return git(folder, "diff", "--no-color").decode()


def git(folder: Path, *words: str, stdin: bytes = b"") -> bytes:
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *words]
    return subprocess.run(
        command, input=stdin, env={**os.environ, **ALONE}, check=True, stdout=subprocess.PIPE
    ).stdout
