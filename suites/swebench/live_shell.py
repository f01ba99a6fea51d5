"""One bash for all commands of an instance, as Live's runtime has it: what one sets holds for the next.

It is an interactive one, so that it reads /root/.bashrc; it has no terminal. The end of a command is known by
a mark that nobody can know before.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from dataclasses import dataclass, field

from evalkit.workspace import Process, Workspace

BASH = ["/bin/sh", "-c", "exec /bin/bash --noediting -i 2>&1"]
QUIET = "PROMPT_COMMAND='PS1= PS2='; PS1= PS2="
START_S = 60.0


@dataclass
class Heard:
    """What the bash prints, and who waits for more of it. What is over `limit` bytes is dropped."""

    limit: int
    data: bytearray = field(default_factory=bytearray)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: bool = False

    def __call__(self, part: bytes) -> None:
        self.dropped |= len(self.data) + len(part) > self.limit
        self.data += part
        if self.dropped:  # the mark comes last
            del self.data[: max(0, len(self.data) - self.limit)]
        self.more.set()


@dataclass(frozen=True)
class Said:
    """`status` None: it was late (`late`), or the bash ended with it."""

    output: bytes
    status: int | None
    late: bool = False


class LiveShell:
    """Use it as `async with LiveShell(workspace, limit) as shell`."""

    def __init__(self, workspace: Workspace, output_bytes: int) -> None:
        self._workspace = workspace
        self._heard = Heard(output_bytes)
        self._bash: Process | None = None

    async def __aenter__(self) -> LiveShell:
        self._bash = await self._workspace.start(BASH, env={"TERM": "xterm-mono"}, on_output=self._heard)
        await self.ask(QUIET, START_S)
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._bash is not None:
            await self._bash.kill()

    @property
    def dropped(self) -> bool:
        return self._heard.dropped

    async def ask(self, command: str, limit_s: float) -> Said:
        """Run it. Where it is late, everything is killed and nothing more can be asked."""
        assert self._bash is not None
        mark = secrets.token_hex(16).encode()
        end = re.compile(rb"\n" + mark + rb" (\d+)\n")
        self._heard.data.clear()
        ended = asyncio.ensure_future(self._bash.wait())
        try:
            await self._bash.write(f"{command}\n".encode("utf-8", "replace"))
            await self._bash.write(b"printf '\\n%s %d\\n' " + mark + b" $?\n")
            async with asyncio.timeout(limit_s):
                while not (found := end.search(self._heard.data, max(0, len(self._heard.data) - 4096))):
                    if ended.done():
                        return Said(bytes(self._heard.data), None)
                    self._heard.more.clear()
                    waiting = asyncio.ensure_future(self._heard.more.wait())
                    await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
            return Said(bytes(self._heard.data[: found.start()]), int(found.group(1)))
        except TimeoutError:
            await self._bash.kill()
            return Said(bytes(self._heard.data), None, late=True)
        finally:
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ended
