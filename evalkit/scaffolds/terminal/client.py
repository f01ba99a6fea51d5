"""The client through which a terminal is driven: an exec that streams, in which tmux runs in control mode."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from evalkit.errors import SandboxError
from evalkit.scaffolds.terminal.control import Control, Ended, Refused
from evalkit.workspace import Process, Workspace

REPLY_S = 60.0  # tmux answers within milliseconds; a machine at its limit takes longer
PROBE_S = 10.0  # so long a command that does nothing takes only there
LEAVE_S = 5.0
LEFT = "it was ended"
NO_SESSION = "no current "  # target: what tmux answers where the session is gone, and its client not yet


class Client:
    """Its end is the session's, whatever brought it about: then all that is asked raises Ended, and where the
    engine or the container is gone, that error."""

    def __init__(self, workspace: Workspace, process: Process, control: Control) -> None:
        self._workspace, self._process, self._control = workspace, process, control
        self._broken: SandboxError | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch = asyncio.ensure_future(self._watched())

    @classmethod
    async def start(
        cls,
        workspace: Workspace,
        words: Sequence[str],
        control: Control,
        *,
        folder: str | None,
        user: str | None,
        env: Mapping[str, str],
    ) -> Client:
        """`words` are the command that becomes a tmux in control mode. Ended where there is no session."""
        process = await workspace.start(words, folder=folder, user=user, env=env, on_output=control.feed)
        client = cls(workspace, process, control)
        await client.reply(control.ready)
        return client

    async def ask(self, command: str) -> str:
        """What tmux says to a command. Refused, with its reason; Ended."""
        self.alive()
        try:
            return (await self.reply(await self.tell(command))).decode("utf-8", "replace")
        except Refused as e:
            if str(e).startswith(NO_SESSION):
                await asyncio.wait({self._watch}, timeout=REPLY_S)
                self.alive()
            raise

    async def tell(self, command: str) -> asyncio.Future[bytes]:
        """Send a command; its reply is to come, and need not be waited for."""
        lines, reply = self._control.ask(command)
        if not self._control.ended:
            await self._process.write(lines)
        return reply

    async def reply(self, coming: asyncio.Future[bytes]) -> bytes:
        try:
            await asyncio.wait({coming}, timeout=REPLY_S)
            if not coming.done():
                await self._silent()
            return await coming
        except Ended:
            self.alive()
            raise

    async def _silent(self) -> None:
        """It does not answer. Where a command that does nothing is slow as well, that is the machine's doing;
        else something within has stopped it, and it counts as gone."""
        began = monotonic()
        done = await self._workspace.run(("/bin/sh", "-c", ":"), timeout_s=REPLY_S, folder="/")
        if done.timed_out or monotonic() - began > PROBE_S:
            self._broken = SandboxError("this machine is too busy for a terminal: it does not answer")
        self._control.end(Ended(f"its tmux does not answer within {REPLY_S:g} s"))

    def aside(self, command: str, then: Callable[[bytes], None] | None = None) -> None:
        """Have tmux do something that nobody waits for; `then` hears its reply, if it does."""

        async def told() -> None:
            with contextlib.suppress(Ended, Refused, SandboxError):
                reply = await asyncio.shield(await self.tell(command))
                if then:
                    then(reply)

        task = asyncio.ensure_future(told())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- its end -----------------------------------------------------------------------------------
    def alive(self) -> None:
        """Raises why it is not."""
        if self._broken:
            raise self._broken
        if self._control.ended:
            raise self._control.ended

    async def leave(self) -> None:
        """Go, and leave the session alone."""
        await self._process.end_input()
        self._control.end(Ended(LEFT))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._watch), LEAVE_S)

    async def _watched(self) -> None:
        try:
            done = await self._process.wait()
        except SandboxError as e:
            self._broken = e
            self._control.end(Ended(e.message))
            return
        why = f": {self._control.said}" if self._control.said and done.status else ""
        self._control.end(Ended(f"the session ended{why}", done.ended))
