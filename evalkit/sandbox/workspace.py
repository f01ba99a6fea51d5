"""One workspace on a Docker engine: see evalkit.workspace.Workspace.

Clocks, limits and all decisions are on this side. What happens inside is ended by the keeper (keeper.py);
where it cannot, the container is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import posixpath
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from time import monotonic

from evalkit.errors import SandboxError
from evalkit.sandbox import workspace_files as files_of
from evalkit.sandbox.computing import Place, Places
from evalkit.sandbox.workspace_container import Owner
from evalkit.sandbox.workspace_exec import Execution
from evalkit.sandbox.workspace_life import Life, cpu_seconds, shielded
from evalkit.workspace import Executed, File, NotAFile, Tree, WorkspaceDied, WorkspaceSpec

LINGER_S = 0.5  # how long the output of a command that has ended is waited for: who holds it on lives on
PID_S = 5.0  # how long a starting command may hold up the end of another
POLL_S = 0.5
NO_START = (126, 127, 128, 255)  # statuses that the engine gives to what it cannot start


class DockerWorkspace:
    """Made by the pool. Use it in one event loop only."""

    def __init__(
        self,
        life: Life,
        spec: WorkspaceSpec,
        user: str,
        owner: Owner,
        places: Places,
        dispose: Callable[[DockerWorkspace], None],
    ) -> None:
        self.spec = spec
        self.life = life
        self.keeper = life.keeper
        self.container = life.container
        self._user, self._owner = user, owner
        self._places = places
        self._dispose = dispose
        self._root = spec.root
        self._running: set[Execution] = set()
        self._starting = asyncio.Lock()

    async def prepare(self) -> None:
        """Have its root: a link of the image's is followed once, now, while nothing has run in it."""
        self._root = await self.life.call(files_of.real, self.spec.root)
        await self.life.call(files_of.make_folder, self._root, self._owner)

    async def close(self) -> None:
        if not self.life.closed:
            self.life.closed = True
            self._dispose(self)

    # -- commands --------------------------------------------------------------------------------
    async def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float,
        folder: str | None = None,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        output_bytes: int = 1 << 20,
        on_output: Callable[[bytes], None] | None = None,
        computes: bool = False,
        alone: bool = False,
    ) -> Executed:
        async with self._place(computes, alone) as place:
            execution = Execution(output_bytes, on_output)
            where = posixpath.join(self._root, folder) if folder else self._root
            began = monotonic()
            self._running.add(execution)
            used = await self._cpu_s() if computes or alone else None
            try:
                await self._start(
                    execution, list(command), where, self._user if user is None else user, env or {}, stdin
                )
                self.life.watch(lambda: bool(self._running))
                status, timed_out = await self._wait(execution, began + timeout_s)
            except BaseException:
                await shielded(self._kill(execution))  # cancelled too: nothing of it lives on
                raise
            finally:
                self._running.discard(execution)
                execution.close()
            output, dropped = execution.output()
            if status in NO_START and output.startswith(b"OCI runtime"):
                return await self._not_started(output, monotonic() - began)
            wall_s = monotonic() - began
            cpu_s = await self._cpu_s(used)
            return Executed(status, output, dropped, timed_out, self.life.ended, wall_s, place.beside, cpu_s)

    async def _cpu_s(self, since: float | None = 0.0) -> float | None:
        """Seconds of CPU that the container has used since it had used so many; None: not known."""
        if since is None or self.life.ended:
            return None
        try:
            return float(await self.life.call(cpu_seconds)) - since
        except (SandboxError, KeyError):
            return None

    def _place(self, computes: bool, alone: bool) -> contextlib.AbstractAsyncContextManager[Place]:
        if alone:
            return self._places.all()
        return self._places.one() if computes else contextlib.nullcontext(Place())

    async def _start(
        self,
        execution: Execution,
        command: Sequence[str],
        folder: str,
        user: str,
        env: Mapping[str, str],
        stdin: bytes,
    ) -> None:
        async with self._starting:  # whoever kills has to know who is there
            await shielded(self.life.call(execution.start, command, folder, user, env, stdin))
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
        others = (other.pid for other in self._running if other is not execution)
        return [pid.result() for pid in others if pid.done() and pid.result()]

    async def quiet(self) -> None:
        async with self._starting:
            left = await self.keeper.ask("kill", 0, self._spared())
        if left != 0:
            await self.life.end("unkillable")
            raise await self.life.gone()

    # -- files -----------------------------------------------------------------------------------
    async def read(self, path: str, *, limit: int = 16 << 20) -> bytes:
        names = files_of.parts(path, self._root)
        async with self._still():
            data: bytes = await self.life.call(files_of.read, names, limit)
        return data

    async def write(self, files: Mapping[str, bytes | File], *, folder: str | None = None) -> None:
        below = self._root if folder is None else "/" + "/".join(files_of.parts(folder, self._root))
        todo = {
            files_of.parts(path, below): file if isinstance(file, File) else File(file)
            for path, file in files.items()
        }
        for names in todo:
            self._inside(names)
        async with self._still():
            await self.life.call(files_of.write, todo, self._owner)

    async def remove(self, paths: Sequence[str]) -> None:
        todo = [names for path in paths if await self._there(names := files_of.parts(path, self._root))]
        for user in (self._user, "0:0"):
            if not todo:
                return
            # as its user first: with root's rights only where nobody is there to lead it astray
            if user == "0:0" and await self.keeper.ask("count") != 0:
                break
            said = await self.run(files_of.removal(todo), timeout_s=60, folder="/", user=user)
            todo = [names for names in todo if await self._there(names)]
        if todo:
            raise NotAFile(f"cannot remove /{'/'.join(todo[0])}: {said.text.strip()[-200:]}")

    async def tree(self, folder: str | None = None, *, limit: int = 256 << 20) -> Tree:
        names = files_of.parts(self._root if folder is None else folder, self._root)
        async with self._still():
            found: Tree = await self.life.call(files_of.tree, names, limit)
        return found

    async def _there(self, names: tuple[str, ...]) -> bool:
        self._inside(names)
        found = await self.life.call(files_of.walk, names, {})
        if found:
            found = await self.life.call(files_of.stat, "/" + "/".join(names)) is not None
        if not found and self.life.why():
            raise await self.life.gone()
        return bool(found)

    def _inside(self, names: tuple[str, ...]) -> None:
        if f"{self._root}/".startswith("/".join(("", *names, ""))):
            raise NotAFile("the whole workspace cannot be replaced or removed")

    @contextlib.asynccontextmanager
    async def _still(self) -> AsyncIterator[None]:
        """While anything lives in it, files may change between two looks: then the container is paused."""
        if self.keeper.gone.is_set():
            raise await self.life.gone()
        if await self.keeper.ask("count") == 0 and not self._running:
            yield
            return
        await shielded(self.life.call(lambda client, container: client.api.pause(container)))
        try:
            yield
        finally:
            await shielded(self.life.call(lambda client, container: client.api.unpause(container)))
