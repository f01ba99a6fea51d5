"""Which version of an engine is installed, and of what it stands on.

An engine has a Python of its own as often as not. A script of pip's names it in its first line, and it is
asked for what is installed there. The engine itself would have to be imported for it: many seconds.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evalkit.servers.engine import Engine

BENEATH = ("torch", "transformers", "vllm", "sglang", "flashinfer-python", "triton")
ASK_S = 60.0
SHEBANG = re.compile(rb"#!\s*(/[^\n]*/python[\d.]*)\s*\n|#!/bin/sh\n'''exec' \"?(/[^\n\"]*/python[\d.]*)\"? ")
# a line that is a version; engines write their log around it
VERSION = re.compile(r"(?:[\w-]+ )?version:? v?\d|v?\d+\.\d+")
ASKING = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def packages(engine: Engine) -> dict[str, str]:
    """What it stands on, and its own package: in its Python where that is known, else beside evalkit."""
    python = python_of(engine.program)
    return dict(_packages(python)) if python else beside()


def package_version(engine: Engine) -> str:
    """Of its package, else as its program says; "" is unknown."""
    found = packages(engine).get(engine.package, "") if engine.package else ""
    if not found and engine.program and engine.asks_version:
        found = _said(shutil.which(engine.program) or engine.program, engine.asks_version)
    return found


def beside() -> dict[str, str]:
    """The same in evalkit's own Python."""
    found = {}
    for name in BENEATH:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def python_of(program: str) -> str:
    """The Python that a script on the path is run by; "" where it is none, or does not say so."""
    place = shutil.which(program) if program else None
    if place is None:
        return ""
    try:
        with Path(place).open("rb") as file:
            found = SHEBANG.match(file.read(1024))
    except OSError:
        return ""
    return (found[1] or found[2]).decode(errors="replace") if found else ""


@lru_cache
def _packages(python: str) -> tuple[tuple[str, str], ...]:
    command = [python, "-c", ASKING, *BENEATH]
    try:
        # not in a folder of the user's: what lies there would be imported
        done = subprocess.run(
            command, cwd=Path(python).parent, capture_output=True, text=True, timeout=ASK_S, check=True
        )
        return tuple(json.loads(done.stdout).items())
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()


@lru_cache
def _said(program: str, words: tuple[str, ...]) -> str:
    """As the program itself says."""
    try:
        command = [program, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    if done.returncode != 0:
        return ""
    lines = [line.strip() for line in (done.stdout.strip() or done.stderr).splitlines()]
    found = [line for line in lines if VERSION.match(line)] or [
        line for line in lines if re.search(r"\d", line)
    ]
    return found[0][:100] if found else ""
