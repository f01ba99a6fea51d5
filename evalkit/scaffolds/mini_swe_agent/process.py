"""The agent's process: started, spoken to in lines of JSON, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parent / "inside" / "agent.py"
LINE_BYTES = 256 << 20  # of one line: a submission is a line of its own
SAID_BYTES = 4000  # of what it last wrote to stderr


class AgentBroke(Exception):
    """The process ended without a word, or could not begin: this machine's trouble, or its installation's."""


class AgentProcess:
    """`python -I inside/agent.py WORDS`, in a process group of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._errors = b""
        self._reading = asyncio.create_task(self._read_errors())

    @classmethod
    async def start(cls, python: Path, *words: str) -> AgentProcess:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(str(python), "-I", "-B", str(SCRIPT), *words),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=environment(python),
            cwd="/",
            start_new_session=True,
            limit=LINE_BYTES,
        )
        return cls(process)

    async def say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):  # it is gone: `hear` says so
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()

    async def hear(self) -> dict[str, Any]:
        """Its next line. AgentBroke where there comes none."""
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readline()
            if line.endswith(b"\n"):
                heard: dict[str, Any] = json.loads(line)
                return heard
        except ValueError:  # longer than LINE_BYTES, or no JSON
            pass
        self._kill()
        await self._process.wait()
        await self._reading
        last = self._errors.decode("utf-8", "replace").strip().splitlines()[-1:]
        how = f"exit status {self._process.returncode}"
        raise AgentBroke(f"mini-swe-agent's process ended ({': '.join([how, *last])})")

    async def end(self) -> None:
        """Whatever it is doing."""
        self._kill()
        await self._process.wait()
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        while said := await self._process.stderr.read(SAID_BYTES):
            self._errors = (self._errors + said)[-SAID_BYTES:]


def environment(python: Path) -> dict[str, str]:
    """What it is given: no key, proxy or setting of the user's; its own settings lie in its environment."""
    home = str(python.parent.parent / "home")
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": home,
        "MSWEA_GLOBAL_CONFIG_DIR": home,
        "MSWEA_SILENT_STARTUP": "1",
        "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "1",  # evalkit's own calls are tried again
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it fetches prices from the network
        "LITELLM_MODE": "PRODUCTION",  # reads no .env of a folder
        "HF_HUB_OFFLINE": "1",
        "NO_PROXY": "*",
    }
