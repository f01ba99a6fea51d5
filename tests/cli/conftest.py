"""The real command line, in a folder of its own: as a process, or called in this one."""

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

from tests.run.command import printed

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


def without_keys() -> dict[str, str]:
    """This process's environment, without keys in sight."""
    clean = {k: v for k, v in os.environ.items() if not any(key in k for key in KEYS)}
    return clean | {k: os.environ[k] for k in ("EVALKIT_CACHE", "DOCKER_HOST") if k in os.environ}


@pytest.fixture
def evalkit(tmp_path: Path) -> Evalkit:
    """`evalkit("run", "mini", ..., NAME="environment")`, as a process of its own, in a fresh folder."""
    clean = without_keys()

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


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evalkit:
    """The same, called in this process: half of a short command's time goes into starting Python and loading
    what the verb needs. What has to do with the process (signals, streams, imports) is for `evalkit`."""
    clean = without_keys()

    def command(*words: object, **environment: str) -> Ended:
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            for name in os.environ.keys() - clean.keys():
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            return Ended(*printed([*map(str, words)]))

    return command
