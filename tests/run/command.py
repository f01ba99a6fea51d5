"""The command as a person types it, with its last JSON line read: a process of its own, or called `here`."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evalkit.cli import main

SCRIPT = Path(__file__).parents[2] / "suites" / "mini" / "demo.jsonl"


@dataclass(frozen=True)
class Done:
    code: int
    summary: dict[str, Any]
    stderr: str


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "evalkit", *words]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "SCRIPTED_KEY": "none", **more}


def start(*words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command(*words), env=environment(**(env or {})), stdout=pipe, stderr=pipe, text=True
    )


def ended(process: subprocess.Popen[str], timeout: float = 240) -> Done:
    out, err = process.communicate(timeout=timeout)
    return done(process.returncode, out, err)


def done(code: int, out: str, err: str) -> Done:
    last = (out.splitlines() or [""])[-1]
    return Done(code, json.loads(last) if last.startswith("{") else {}, err)


def run(*words: str, env: Mapping[str, str] | None = None) -> Done:
    return ended(start(*words, env=env))


def here(*words: str, env: Mapping[str, str] | None = None) -> Done:
    """The same as `run`, called in this process: a second sooner, where no process is tested."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(**(env or {})).items():
            patch.setenv(name, value)
        return done(*printed(words))


def printed(words: Sequence[str]) -> tuple[int, str, str]:
    """The exit code of a command that is called in this process, and what it writes to stdout and stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "oe")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as e:  # argparse, after --help
            code = int(e.code or 0)
    said, told = (stream.buffer.getvalue().decode() for stream in (out, err))
    return code, said, told


def mini(url: str, results: Path, *more: str) -> tuple[str, ...]:
    """`run mini` against the scripted endpoint."""
    at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--results", str(results), "--json")
    return ("run", "mini", "--model", "scripted", *at, *more)
