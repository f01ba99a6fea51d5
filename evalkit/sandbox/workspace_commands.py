"""The commands of one workspace: each is started, waited for, and ended with all that it started.

Clocks and decisions are on this side. What happens inside is ended by the keeper (keeper.py); where it
cannot, the container is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from time import monotonic

from evalkit.errors import SandboxError
from evalkit.sandbox.computing import Place
from evalkit.sandbox.workspace_ahead import PID_S, Ahead
from evalkit.sandbox.workspace_begun import Beginnings
from evalkit.sandbox.workspace_exec import Execution, Hearing, Order, spelt
from evalkit.sandbox.workspace_life import Life, cpu_seconds, shielded
from evalkit.workspace import Executed, NotAFile, WorkspaceDied

LINGER_S = 0.5  # how long the output of a command that has ended is waited for: who holds it on lives on
POLL_S = 0.5
TICK_S = 0.011  # what the container's clock is coarse by, and more
BEGIN_S = 60.0  # a command that takes longer to begin is not waited for: nothing is read beside it
BESIDE_S = 0.05  # a command that takes as long has the next one's exec started beside it, not after
NO_START = (126, 127, 128, 255)  # statuses that the engine gives to what it cannot start


class Commands:
    """`running`: those that have begun, or are about to, and are not over yet."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.keeper = life.keeper
        self.running: set[Execution] = set()
        self._beginnings = Beginnings(life)
        self._ahead = Ahead(life, self._beginnings.add)
        self._starting = asyncio.Lock()
        self._moves = asyncio.Event()  # cleared while the container stands still, and cannot be asked
        self._moves.set()
        self._last_end = 0.0

    async def run(
        self, order: Order, hearing: Hearing, timeout_s: float, place: Place | None = None
    ) -> Executed:
        """Begin it and wait for its end. `place`: the one of a command that computes, beside which nothing of
        ours is, and whose CPU time is counted."""
        began = monotonic()
        used = None
        if place is not None:
            await self.alone()
            used = await self._cpu_s()
        execution = await self._begin(order, hearing, early=place is None)
        further = execution.loop.call_later(BESIDE_S, self._ahead.expect) if place is None else None
        try:
            if order.stdin:
                execution.write(order.stdin)
                execution.end_input()
            done = await self._ended(execution, began, timeout_s)
            return (
                done if place is None else replace(done, beside=place.beside, cpu_s=await self._cpu_s(used))
            )
        except BaseException:
            await shielded(self._kill(execution))  # cancelled too: nothing of it lives on
            raise
        finally:
            self._over(execution)
            if further is not None:
                further.cancel()
                self._ahead.expect()

    async def start(self, order: Order, hearing: Hearing, timeout_s: float) -> Running:
        """Begin it."""
        began = monotonic()
        return Running(self, await self._begin(order, hearing, early=True), began, timeout_s)

    async def end(self, execution: Execution, began: float, timeout_s: float) -> Executed:
        """Wait for what `start` began."""
        try:
            return await self._ended(execution, began, timeout_s)
        finally:
            self._over(execution)

    async def kill(self, execution: Execution) -> None:
        execution.killed = True
        await shielded(self._kill(execution))

    async def alive(self) -> int | None:
        """How many processes live in there, and none of ours that waits for a command."""
        await self._ahead.away()
        return await self.keeper.ask("count")

    async def alone(self) -> bool:
        """Whether nothing lives there."""
        return await self.alive() == 0 and not self.running

    @contextlib.asynccontextmanager
    async def still(self) -> AsyncIterator[bool]:
        """While entered, nothing of ours waits for a command, none begins and none is ended: what begins in a
        container that is being stood still stops half-way, and the engine with it. Gives whether nothing else
        lives there."""
        async with self._starting:
            waited = self._ahead.waits
            self._moves.clear()
            try:
                await self._ahead.hold()
                await self._beginnings.wait(BEGIN_S)
                yield await self.alone()
            finally:
                self._moves.set()
                self._ahead.let_go()
        if waited:
            self._ahead.expect()

    async def moving(self) -> None:
        """Wait until it does not stand still."""
        await self._moves.wait()

    def close(self) -> None:
        self._ahead.drop()

    # -- beginning -------------------------------------------------------------------------------
    async def _begin(self, order: Order, hearing: Hearing, *, early: bool) -> Execution:
        """Where `early`, one that waits for its command may get it."""
        line = spelt(order) if early else None
        mine: list[Execution] = []
        try:
            async with self._starting:  # whoever kills has to know who is there
                since = await self._now()
                waiting = await self._ahead.take(order) if line is not None else None
                if line is not None and waiting is not None:
                    mine.append(self._adopt(waiting, hearing, since))
                    if await self._given(waiting, line, order.feeds):
                        return waiting
                    self._over(waiting)
                mine.append(execution := self._adopt(Execution(), hearing, since))
                self._beginnings.add(execution)
                await shielded(self.life.call(execution.start, order))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(execution.pid), PID_S)
                return execution
        except BaseException:
            for execution in mine:
                await shielded(self._kill(execution))
                self._over(execution)
            raise

    def _adopt(self, execution: Execution, hearing: Hearing, since: int) -> Execution:
        execution.since = since
        execution.hear(hearing)
        self.running.add(execution)
        return execution

    async def _now(self) -> int:
        """The container's clock, later than whatever an earlier command started; 0 where it is not known."""
        await asyncio.sleep(max(0.0, self._last_end + TICK_S - monotonic()))
        return await self.keeper.ask("clock") or 0

    async def _given(self, waiting: Execution, line: bytes, feeds: bool) -> bool:
        """Give it its command. False: it never began, it was killed meanwhile."""
        waiting.give(line, feeds)
        ends = [asyncio.ensure_future(event.wait()) for event in (waiting.begun, waiting.over)]
        await asyncio.wait(ends, timeout=PID_S, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        return waiting.begun.is_set() or not waiting.over.is_set()

    def _over(self, execution: Execution) -> None:
        self.running.discard(execution)
        execution.close()
        self._last_end = monotonic()

    # -- ending ----------------------------------------------------------------------------------
    async def _ended(self, execution: Execution, began: float, timeout_s: float) -> Executed:
        self.life.watch(lambda: bool(self.running))
        status, timed_out = await self._wait(execution, began + timeout_s)
        execution.close()
        output, dropped = execution.output()
        wall_s = monotonic() - began
        if status in NO_START and output.startswith(b"OCI runtime"):
            return await self._not_started(output, wall_s)
        status = None if execution.killed else status
        return Executed(status, output, dropped, timed_out, self.life.ended, wall_s)

    async def _cpu_s(self, since: float | None = 0.0) -> float | None:
        """Seconds of CPU that the container has used since it had used so many; None: not known."""
        if since is None or self.life.ended:
            return None
        try:
            return float(await self.life.call(cpu_seconds)) - since
        except (SandboxError, KeyError):
            return None

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
            except NotAFile:  # seen once, of an exec that ran: whatever it was, no program's doing
                raise SandboxError("the engine has lost track of a command") from None
            if status is not None or monotonic() >= end:
                return status
            await asyncio.sleep(0.02)

    async def _not_started(self, output: bytes, wall_s: float) -> Executed:
        """The engine could not run the shell: in a workspace full of processes, that is their doing."""
        if await self.alone():
            raise SandboxError(f"the engine cannot run a command: {output.decode('utf-8', 'replace')[:300]}")
        return Executed(126, b"cannot start the command: too much is running\n", wall_s=wall_s)

    async def _kill(self, execution: Execution) -> None:
        """Kill a command with all that it started. Where that cannot be done, the container is killed."""
        await self._moves.wait()
        if not execution.id or self.keeper.gone.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PID_S), self._starting:
                pass
        own = [execution.pid.result()] if execution.pid.done() else [0]
        own += self._ahead.drop()  # it may have been made one of this command's
        if await self.keeper.ask("kill", execution.since, own, self._spared(execution)) != 0:
            await self.life.end("unkillable")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(execution.over.wait(), LINGER_S)

    def _spared(self, execution: Execution | None = None) -> list[int]:
        """The other commands that run."""
        others = (other.pid for other in self.running if other is not execution)
        return [pid.result() for pid in others if pid.done() and pid.result()]

    async def quiet(self) -> None:
        """Kill whatever lives there but the commands that run."""
        async with self._starting:
            self._ahead.drop()
            left = await self.keeper.ask("kill", spared=self._spared())
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
