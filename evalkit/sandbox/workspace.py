"""One workspace on a Docker engine: see evalkit.workspace.Workspace.

Clocks, limits and all decisions are on this side. What happens inside is ended by the keeper (keeper.py);
where it cannot, the container is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from evalkit.errors import SandboxError
from evalkit.sandbox import workspace_files as files_of
from evalkit.sandbox.keeper import Keeper
from evalkit.sandbox.workspace_calls import Calls
from evalkit.sandbox.workspace_container import Owner
from evalkit.sandbox.workspace_exec import Execution
from evalkit.workspace import Executed, File, NotAFile, Tree, WorkspaceDied, WorkspaceSpec

LINGER_S = 0.5  # how long the output of a command that has ended is waited for: who holds it on lives on
PID_S = 5.0  # how long a starting command may hold up the end of another
WATCH_S = 3.0  # between looks at what the container has written, or longer where looking takes long
POLL_S = 0.5
NO_START = (126, 127, 128, 255)  # statuses that the engine gives to what it cannot start


class DockerWorkspace:
    """Made by the pool. Use it in one event loop only."""

    def __init__(
        self,
        calls: Calls,
        container: str,
        spec: WorkspaceSpec,
        keeper: Keeper,
        user: str,
        owner: Owner,
        places: asyncio.Semaphore,
        dispose: Callable[[DockerWorkspace], None],
    ) -> None:
        self.spec = spec
        self.container = container
        self.keeper = keeper
        self._calls = calls
        self._user, self._owner = user, owner
        self._places = places
        self._dispose = dispose
        self._root = spec.root
        self._ended = ""  # why we killed it
        self._running: set[Execution] = set()
        self._starting = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._look = monotonic() + WATCH_S
        self._closed = False

    async def prepare(self) -> None:
        """Have its root: a link of the image's is followed once, now, while nothing has run in it."""
        client = self._calls.client
        self._root = await self._call(files_of.real, client, self.container, self.spec.root)
        await self._call(files_of.make_folder, client, self.container, self._root, self._owner)

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
    ) -> Executed:
        async with self._places if computes else contextlib.nullcontext():
            execution = Execution(self._calls.client, output_bytes, on_output)
            where = (
                self._root if folder is None else folder if folder[:1] == "/" else f"{self._root}/{folder}"
            )
            began = monotonic()
            self._running.add(execution)
            try:
                start = (list(command), where, self._user if user is None else user, env or {}, stdin)
                await self._start(execution, start)
                self._watch()
                status, timed_out = await self._wait(execution, began + timeout_s)
            except BaseException:
                await self._shielded(self._kill(execution))  # cancelled too: nothing of it lives on
                raise
            finally:
                self._running.discard(execution)
                execution.close()
            output, dropped = execution.output()
            if status in NO_START and output.startswith(b"OCI runtime"):
                return await self._not_started(output, monotonic() - began)
            return Executed(status, output, dropped, timed_out, self._ended, monotonic() - began)

    async def _start(self, execution: Execution, start: tuple[Any, ...]) -> None:
        async with self._starting:  # whoever kills has to know who is there
            await self._shielded(self._call(execution.start, self.container, *start))
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
        if self._ended:
            return None, False
        if status is None or (await self.keeper.ask("ping") is None and self.keeper.gone.is_set()):
            raise await self._gone()  # it ended with its container
        return status, False

    async def _not_started(self, output: bytes, wall_s: float) -> Executed:
        """The engine could not run the shell: in a workspace full of processes, that is their doing."""
        if not await self.keeper.ask("count"):
            raise SandboxError(f"the engine cannot run a command: {output.decode('utf-8', 'replace')[:300]}")
        return Executed(126, b"cannot start the command: too much is running\n", wall_s=wall_s)

    async def _status(self, execution: Execution, patience_s: float = 0.0) -> int | None:
        end = monotonic() + patience_s
        while True:
            try:
                status: int | None = await self._call(execution.status)
            except WorkspaceDied:
                if self._ended:
                    return None
                raise
            if status is not None or monotonic() >= end:
                return status
            await asyncio.sleep(0.02)

    async def _kill(self, execution: Execution) -> None:
        """Kill a command with all that it started. Where that cannot be done, the container is killed."""
        if not execution.id or self.keeper.gone.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PID_S), self._starting:
                pass
        pid = execution.pid.result() if execution.pid.done() else 0
        if await self.keeper.ask("kill", pid, self._spared(execution)) != 0:
            await self._end("unkillable")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(execution.over.wait(), LINGER_S)

    def _spared(self, execution: Execution | None = None) -> list[int]:
        """The other commands that run."""
        others = (other.pid for other in self._running if other is not execution)
        return [pid.result() for pid in others if pid.done() and pid.result()]

    async def _end(self, why: str) -> None:
        """Kill the container. Its programs have brought this about."""
        if not self._ended and not self.keeper.gone.is_set():
            self._ended = why
            with contextlib.suppress(SandboxError):
                await self._call(self._calls.client.api.kill, self.container)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.keeper.gone.wait(), 10)

    async def quiet(self) -> None:
        async with self._starting:
            left = await self.keeper.ask("kill", 0, self._spared())
        if left is None:
            raise await self._gone()
        if left:
            await self._end("unkillable")
            raise WorkspaceDied("processes that cannot be killed were left in the workspace")

    # -- disk ------------------------------------------------------------------------------------
    def _watch(self) -> None:
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._look_at_disk())

    async def _look_at_disk(self) -> None:
        """While commands run, look at how much the container has written."""
        while self._running and not self.keeper.gone.is_set():
            left = self._look - monotonic()
            if left > 0:
                await asyncio.sleep(min(left, 1.0))
                continue
            began = monotonic()
            try:
                written = await self._call(self._calls.written, self.container)
            except SandboxError:
                return  # the command itself will say what is wrong
            if written > self.spec.limits.disk_bytes:
                await self._end("disk")
            self._look = monotonic() + max(WATCH_S, 10 * (monotonic() - began))

    # -- files -----------------------------------------------------------------------------------
    async def read(self, path: str, *, limit: int = 16 << 20) -> bytes:
        names = files_of.parts(path, self._root)
        async with self._still():
            data: bytes = await self._call(files_of.read, self._calls.client, self.container, names, limit)
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
            await self._call(files_of.write, self._calls.client, self.container, todo, self._owner)

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

    def _inside(self, names: tuple[str, ...]) -> None:
        if f"{self._root}/".startswith("/".join(("", *names, ""))):
            raise NotAFile("the whole workspace cannot be replaced or removed")

    async def _there(self, names: tuple[str, ...]) -> bool:
        self._inside(names)
        client, container = self._calls.client, self.container
        if not await self._call(files_of.walk, client, container, names, {}):
            return False
        return await self._call(files_of.stat, client, container, "/" + "/".join(names)) is not None

    async def tree(self, folder: str | None = None, *, limit: int = 256 << 20) -> Tree:
        names = files_of.parts(self._root if folder is None else folder, self._root)
        async with self._still():
            found: Tree = await self._call(files_of.tree, self._calls.client, self.container, names, limit)
        return found

    @contextlib.asynccontextmanager
    async def _still(self) -> AsyncIterator[None]:
        """While anything lives in it, files may change between two looks: then the container is paused."""
        if self.keeper.gone.is_set():
            raise await self._gone()
        if await self.keeper.ask("count") == 0 and not self._running:
            yield
            return
        api = self._calls.client.api
        await self._shielded(self._call(api.pause, self.container))
        try:
            yield
        finally:
            await self._shielded(self._call(api.unpause, self.container))

    # -- its end ---------------------------------------------------------------------------------
    async def _call(self, act: Callable[..., Any], *facts: Any) -> Any:
        """An engine's call in a worker's thread, its errors as ours."""
        if self._closed:
            raise WorkspaceDied("the workspace is closed")
        return await self._calls(act, *facts, died=self._why)

    def _why(self) -> str:
        """Why there is no container any more; "" where there should be one."""
        if self._ended:
            return f"the workspace was ended ({self._ended})"
        return "the workspace's container is gone" if self.keeper.gone.is_set() else ""

    async def _gone(self) -> SandboxError:
        """What to raise where the container is gone: the engine may be, too."""
        await self._calls.ping()
        return WorkspaceDied(self._why() or "the workspace's container does not answer")

    @staticmethod
    async def _shielded(work: Any) -> None:
        """Wait for it to its end, also where this task is cancelled meanwhile."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()
            raise

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._dispose(self)
