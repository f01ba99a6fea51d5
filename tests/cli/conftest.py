"""The real command line as a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

KEYS = ("_API_KEY", "OPENAI_", "EVALKIT_", "DOCKER_HOST", "NO_COLOR", "XDG_CONFIG_HOME")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The object on the last line of stdout."""
        return json.loads(self.stdout.splitlines()[-1])

    def refused(self, code: int, *words: str) -> None:
        """Assert one clear error with these words, this exit code, and no traceback."""
        assert self.code == code, self
        assert "Traceback" not in self.stderr, self.stderr
        errors = [line for line in self.stderr.splitlines() if line.startswith("evalkit: error: ")]
        assert len(errors) == 1, self.stderr
        assert all(word in self.stderr for word in words), self.stderr


Evalkit = Callable[..., Ended]


@pytest.fixture
def evalkit(tmp_path: Path) -> Evalkit:
    """`evalkit("run", "mini", ..., NAME="environment")`, in a fresh folder without keys in sight."""
    clean = {k: v for k, v in os.environ.items() if not any(key in k for key in KEYS)}
    clean |= {name: os.environ[name] for name in ("EVALKIT_CACHE",) if name in os.environ}
    if "DOCKER_HOST" in os.environ:
        clean["DOCKER_HOST"] = os.environ["DOCKER_HOST"]

    def command(*words: str | Path, timeout: float = 300, **environment: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "evalkit", *map(str, words)],
            cwd=tmp_path,
            env={**clean, **environment},
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    return command
