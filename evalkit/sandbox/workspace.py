"""One workspace on a Docker engine: see evalkit.workspace.Workspace.

Clocks, limits and all decisions are on this side. What happens inside is ended by the keeper (keeper.py);
where it cannot, the container is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from evalkit.errors import SandboxError
from evalkit.sandbox import workspace_changes as changes_of
from evalkit.sandbox import workspace_files as files_of
from evalkit.sandbox.computing import Places
from evalkit.sandbox.workspace_commands import Commands
from evalkit.sandbox.workspace_container import ROOT, Owner
from evalkit.sandbox.workspace_exec import SH, Hearing, Order
from evalkit.sandbox.workspace_images import Image
from evalkit.sandbox.workspace_life import Life, shielded
from evalkit.sandbox.workspace_pause import pause, unpause
from evalkit.workspace import Executed, File, NotAFile, Process, Tree, WorkspaceSpec

REMOVED = 500  # paths that one command removes


class DockerWorkspace:
    """Made by the pool. Use it in one event loop only."""

    def __init__(
        self,
        life: Life,
        spec: WorkspaceSpec,
        image: Image,
        owner: Owner,
        places: Places,
        another: Callable[[WorkspaceSpec], Awaitable[DockerWorkspace]],
        dispose: Callable[[DockerWorkspace], None],
        joins: Callable[[str, bool], Awaitable[None]],
    ) -> None:
        """`joins`: has a container join the run's network, or leave it."""
        self.spec = spec
        self.life = life
        self.keeper = life.keeper
        self.container = life.container
        self._owner = owner
        self._image_user = image.user or "0"
        self._user = spec.user or self._image_user
        self._places = places
        self._another, self._dispose, self._joins = another, dispose, joins
        self._online = spec.network
        self.root = spec.root or image.folder
        self.commands = Commands(life)

    async def prepare(self) -> None:
        """Have its root: a link of the image's is followed once, now, while nothing has run in it."""
        self.root = await self.life.call(files_of.real, self.root)
        await self.life.call(files_of.make_folder, self.root, self._owner)

    async def another(self) -> DockerWorkspace:
        return await self._another(self.spec)

    async def close(self) -> None:
        if not self.life.closed:
            self.life.closed = True
            self.commands.close()
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
        shell: str = SH,
    ) -> Executed:
        order = replace(self._order(command, folder, user, env, stdin, feeds=bool(stdin)), shell=shell)
        hearing = Hearing(output_bytes, on_output)
        if not (computes or alone):
            return await self.commands.run(order, hearing, timeout_s)
        async with self._places.all() if alone else self._places.one() as place:
            return await self.commands.run(order, hearing, timeout_s, place)

    async def start(
        self,
        command: Sequence[str],
        *,
        timeout_s: float | None = None,
        folder: str | None = None,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
        output_bytes: int = 1 << 16,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Process:
        order = self._order(command, folder, user, env, feeds=True)
        hearing = Hearing(output_bytes, on_output)
        return await self.commands.start(order, hearing, math.inf if timeout_s is None else timeout_s)

    async def quiet(self) -> None:
        await self.commands.quiet()

    async def network(self, on: bool) -> None:
        if on and not self.spec.network:
            raise SandboxError("this workspace has no network to join")
        if on != self._online:
            await self._joins(self.container, on)
            self._online = on

    def _order(
        self,
        command: Sequence[str],
        folder: str | None,
        user: str | None,
        env: Mapping[str, str] | None,
        stdin: bytes = b"",
        *,
        feeds: bool,
    ) -> Order:
        where = posixpath.join(self.root, folder) if folder else self.root
        who = self._user if user is None else user or self._image_user
        return Order(tuple(command), where, who, dict(env or {}), feeds, stdin)

    # -- files -----------------------------------------------------------------------------------
    async def read(self, path: str, *, limit: int = 16 << 20) -> bytes:
        names = files_of.parts(path, self.root)
        async with self._still():
            data: bytes = await self.life.call(files_of.read, names, limit)
        return data

    async def write(
        self, files: Mapping[str, bytes | File], *, folder: str | None = None, as_root: bool = False
    ) -> None:
        below = self.root if folder is None else "/" + "/".join(files_of.parts(folder, self.root))
        todo = {
            files_of.parts(path, below): file if isinstance(file, File) else File(file)
            for path, file in files.items()
        }
        for names in todo:
            self._inside(names)
        async with self._still():
            await self.life.call(files_of.write, todo, ROOT if as_root else self._owner)

    async def remove(self, paths: Sequence[str]) -> None:
        todo = [names for path in paths if await self._there(names := files_of.parts(path, self.root))]
        for user in (self._user, "0:0"):
            if not todo:
                return
            # as its user first: with root's rights only where nobody is there to lead it astray
            if user == "0:0" and not await self.commands.alone():
                break
            said = await self.run(files_of.removal(todo), timeout_s=60, folder="/", user=user)
            todo = [names for names in todo if await self._there(names)]
        if todo:
            raise NotAFile(f"cannot remove /{'/'.join(todo[0])}: {said.text.strip()[-200:]}")

    async def tree(self, folder: str | None = None, *, limit: int = 256 << 20) -> Tree:
        names = files_of.parts(self.root if folder is None else folder, self.root)
        async with self._still():
            found: Tree = await self.life.call(files_of.tree, names, limit)
        return found

    async def changes(self, *, limit: int = 256 << 20, without: Sequence[str] = ()) -> bytes:
        async with self._still():
            found: bytes = await self.life.call(changes_of.changes, limit, tuple(without))
        return found

    async def apply(self, changes: bytes) -> None:
        apart = await self.life.call(changes_of.mounts)
        gone, rest = await asyncio.to_thread(changes_of.read, changes, apart)
        there = [names for names in gone if await self.life.call(files_of.walk, names, {})]
        for n in range(0, len(there), REMOVED):
            removal = files_of.removal(there[n : n + REMOVED])
            done = await self.run(removal, timeout_s=60, folder="/", user="0:0")
            if done.status != 0:
                raise NotAFile(f"cannot remove what is gone: {done.text.strip()[-200:]}")
        await self.life.call(changes_of.put, rest)

    async def _there(self, names: tuple[str, ...]) -> bool:
        self._inside(names)
        found = await self.life.call(files_of.walk, names, {})
        if found:
            found = await self.life.call(files_of.stat, "/" + "/".join(names)) is not None
        if not found and self.life.why():
            raise await self.life.gone()
        return bool(found)

    def _inside(self, names: tuple[str, ...]) -> None:
        if f"{self.root}/".startswith("/".join(("", *names, ""))):
            raise NotAFile("the whole workspace cannot be replaced or removed")

    @contextlib.asynccontextmanager
    async def _still(self) -> AsyncIterator[None]:
        """While anything lives in it, files may change between two looks: then the container is paused."""
        if self.keeper.gone.is_set():
            raise await self.life.gone()
        async with self.commands.still() as empty:
            if empty:
                yield
                return
            try:
                await shielded(self.life.call(pause))
                yield
            finally:
                await shielded(self.life.calls(unpause, self.life.calls.client, self.container))
