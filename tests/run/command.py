"""The command as a person types it: a process of its own, with its last JSON line read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    last = (out.splitlines() or [""])[-1]
    return Done(process.returncode, json.loads(last) if last.startswith("{") else {}, err)


def run(*words: str, env: Mapping[str, str] | None = None) -> Done:
    return ended(start(*words, env=env))


def mini(url: str, results: Path, *more: str) -> tuple[str, ...]:
    """`run mini` against the scripted endpoint."""
    at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--results", str(results), "--json")
    return ("run", "mini", "--model", "scripted", *at, *more)
