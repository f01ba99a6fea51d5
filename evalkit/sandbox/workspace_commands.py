"""The commands of one workspace: each is started, waited for, and ended with all that it started.

Clocks and decisions are on this side. What happens inside is ended by the keeper (keeper.py); where it
cannot, the container is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic

from evalkit.errors import SandboxError
from evalkit.sandbox.computing import Place
from evalkit.sandbox.workspace_exec import Execution, Order
from evalkit.sandbox.workspace_life import Life, cpu_seconds, shielded
from evalkit.workspace import Executed, WorkspaceDied

LINGER_S = 0.5  # how long the output of a command that has ended is waited for: who holds it on lives on
PID_S = 5.0  # how long a starting command may hold up the end of another
POLL_S = 0.5
NO_START = (126, 127, 128, 255)  # statuses that the engine gives to what it cannot start


class Commands:
    """`running`: those that have been asked for and are not over yet."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.keeper = life.keeper
        self.running: set[Execution] = set()
        self._starting = asyncio.Lock()

    async def run(
        self, execution: Execution, order: Order, timeout_s: float, place: Place, counted: bool
    ) -> Executed:
        """Begin it and wait for its end. `counted`: with the CPU time that it took."""
        began = monotonic()
        self.running.add(execution)
        try:
            used = await self._cpu_s() if counted else None
            await self._start(execution, order)
            return await self._ended(execution, began, timeout_s, place, used)
        except BaseException:
            await shielded(self._kill(execution))  # cancelled too: nothing of it lives on
            raise
        finally:
            self._over(execution)

    async def start(self, execution: Execution, order: Order, timeout_s: float) -> Running:
        """Begin it."""
        began = monotonic()
        self.running.add(execution)
        try:
            await self._start(execution, order)
        except BaseException:
            await shielded(self._kill(execution))
            self._over(execution)
            raise
        return Running(self, execution, began, timeout_s)

    async def end(self, execution: Execution, began: float, timeout_s: float) -> Executed:
        """Wait for what `start` began."""
        try:
            return await self._ended(execution, began, timeout_s, Place(), None)
        finally:
            self._over(execution)

    async def kill(self, execution: Execution) -> None:
        execution.killed = True
        await shielded(self._kill(execution))

    def _over(self, execution: Execution) -> None:
        self.running.discard(execution)
        execution.close()

    async def _ended(
        self, execution: Execution, began: float, timeout_s: float, place: Place, used: float | None
    ) -> Executed:
        self.life.watch(lambda: bool(self.running))
        status, timed_out = await self._wait(execution, began + timeout_s)
        execution.close()
        output, dropped = execution.output()
        if status in NO_START and output.startswith(b"OCI runtime"):
            return await self._not_started(output, monotonic() - began)
        wall_s = monotonic() - began
        cpu_s = await self._cpu_s(used)
        status = None if execution.killed else status
        return Executed(status, output, dropped, timed_out, self.life.ended, wall_s, place.beside, cpu_s)

    async def _cpu_s(self, since: float | None = 0.0) -> float | None:
        """Seconds of CPU that the container has used since it had used so many; None: not known."""
        if since is None or self.life.ended:
            return None
        try:
            return float(await self.life.call(cpu_seconds)) - since
        except (SandboxError, KeyError):
            return None

    async def _start(self, execution: Execution, order: Order) -> None:
        async with self._starting:  # whoever kills has to know who is there
            await shielded(self.life.call(execution.start, order))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(execution.pid), PID_S)

    async def _wait(self, execution: Execution, deadline: float) -> tuple[int | None, bool]:
        """The status of a command, None where it was killed, and whether that was for its time."""
        while not execution.over.is_set():
            left = deadline - monotonic()
            if left <= 0:
                await self._kill(execution)
                return None, True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(execution.over.wait(), min(left, POLL_S))
                break
            # its output may be held open by what it left running
            if await self._status(execution) is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(execution.over.wait(), LINGER_S)
                break
        status = await self._status(execution, patience_s=2.0)
        if self.life.ended:
            return None, False
        if status is None or (await self.keeper.ask("ping") is None and self.keeper.gone.is_set()):
            raise await self.life.gone()  # it ended with its container
        self.life.calls.has_room()
        return status, False

    async def _status(self, execution: Execution, patience_s: float = 0.0) -> int | None:
        end = monotonic() + patience_s
        while True:
            try:
                status: int | None = await self.life.call(execution.status)
            except WorkspaceDied:
                if self.life.ended:
                    return None
                raise
            if status is not None or monotonic() >= end:
                return status
            await asyncio.sleep(0.02)

    async def _not_started(self, output: bytes, wall_s: float) -> Executed:
        """The engine could not run the shell: in a workspace full of processes, that is their doing."""
        if not await self.keeper.ask("count"):
            raise SandboxError(f"the engine cannot run a command: {output.decode('utf-8', 'replace')[:300]}")
        return Executed(126, b"cannot start the command: too much is running\n", wall_s=wall_s)

    async def _kill(self, execution: Execution) -> None:
        """Kill a command with all that it started. Where that cannot be done, the container is killed."""
        if not execution.id or self.keeper.gone.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PID_S), self._starting:
                pass
        pid = execution.pid.result() if execution.pid.done() else 0
        if await self.keeper.ask("kill", pid, self._spared(execution)) != 0:
            await self.life.end("unkillable")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(execution.over.wait(), LINGER_S)

    def _spared(self, execution: Execution | None = None) -> list[int]:
        """The other commands that run."""
        others = (other.pid for other in self.running if other is not execution)
        return [pid.result() for pid in others if pid.done() and pid.result()]

    async def quiet(self) -> None:
        async with self._starting:
            left = await self.keeper.ask("kill", 0, self._spared())
        if left != 0:
            await self.life.end("unkillable")
            raise await self.life.gone()


class Running:
    """See evalkit.workspace.Process. Its end is waited for from the start on, whoever asks."""

    def __init__(self, commands: Commands, execution: Execution, began: float, timeout_s: float) -> None:
        self._commands, self._execution = commands, execution
        self._end = asyncio.ensure_future(commands.end(execution, began, timeout_s))
        self._end.add_done_callback(lambda end: end.cancelled() or end.exception())  # nobody may ask

    async def write(self, data: bytes) -> None:
        await self._execution.write(data)

    async def end_input(self) -> None:
        self._execution.end_input()

    async def wait(self) -> Executed:
        return await asyncio.shield(self._end)

    async def kill(self) -> None:
        if not self._end.done():
            await self._commands.kill(self._execution)
            with contextlib.suppress(SandboxError):  # `wait` says it
                await asyncio.shield(self._end)
