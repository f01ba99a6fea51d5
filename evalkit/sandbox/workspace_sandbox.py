"""The sandbox of workspaces on a Docker engine: see evalkit.workspace.WorkspaceSandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.compose import Plan
from evalkit.errors import SandboxError
from evalkit.recipe import Recipe
from evalkit.sandbox import workspace_container as containers
from evalkit.sandbox import workspace_files as files_of
from evalkit.sandbox.beside import NEED, Project, compose_program, plan_of, references
from evalkit.sandbox.computing import Places
from evalkit.sandbox.engine import docker_client
from evalkit.sandbox.keeper import Keeper
from evalkit.sandbox.leftovers import reap
from evalkit.sandbox.pulls import Supply
from evalkit.sandbox.workspace import DockerWorkspace
from evalkit.sandbox.workspace_calls import Calls
from evalkit.sandbox.workspace_container import Engine, Owner, Place
from evalkit.sandbox.workspace_images import Contexts, Image, Images
from evalkit.sandbox.workspace_life import Life
from evalkit.sandbox.workspace_pool import Pool
from evalkit.workspace import ImageSupply, NotAFile, WorkspaceDied, WorkspaceSpec

AHEAD = 2
MAIN = ""  # the workspace's own image, among those of the services beside it
AT_ONCE = 4  # containers that an engine makes beside each other
SPARE = 2  # workspaces that are being filled while others compute
PASSWD_BYTES = 1 << 20


async def open_workspace_sandbox(
    *,
    images: Sequence[str] = (),
    recipes: Sequence[Recipe] = (),
    computing: int = 1,
    run_label: str = "",
    ahead: int = AHEAD,
    supply: Supply | None = None,
    contexts: Contexts | None = None,
    image_map: Mapping[str, str] | None = None,
) -> DockerWorkspaceSandbox:
    """Workspaces of a run, of which `computing` commands that compute may run at once.

    `images` are those that its tasks will name: references, or names of `recipes`, whose images are built
    where they are missing, or of `contexts`, whose images are built when they are first needed, from
    Dockerfiles in whose FROM lines `image_map` names local images. References come from the `supply`, when
    they are first needed, and go with it; without one they must be there. SandboxError says what is wrong
    with the engine. What earlier, dead processes left in the engine is removed on the way.
    """
    client = await asyncio.to_thread(docker_client)
    calls = Calls(client)
    known = Images(calls, recipes, supply, contexts, image_map)
    sandbox = DockerWorkspaceSandbox(calls, known, recipes, computing, run_label, ahead, supply)
    try:
        await sandbox.start(images)
    except BaseException:
        await sandbox.close()
        raise
    return sandbox


class DockerWorkspaceSandbox:
    """Use it in one event loop only."""

    def __init__(
        self,
        calls: Calls,
        images: Images,
        recipes: Sequence[Recipe],
        computing: int,
        run_label: str,
        ahead: int,
        supply: Supply | None,
    ) -> None:
        self.supply: ImageSupply | None = supply
        self._calls = calls
        self._run = run_label
        self._computing = computing
        self._places = Places(computing)
        self._recipes = [recipe.name for recipe in recipes]
        self._images = images
        self._owners: dict[tuple[str, str], Owner] = {}
        self._beside: dict[str, Project] = {}  # by the container beside which it stands
        self._taken: dict[str, list[str]] = {}  # container -> images that it and what is beside it use
        self._has: frozenset[str] = frozenset()  # what this machine has, of what tasks may need
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._pool = Pool(self._make, self._remove, ahead)
        if supply is not None:
            supply.vacate = self._pool.vacate
        self._engine = Engine()
        self._network_made: asyncio.Future[str] | None = None
        self._described: dict[str, Any] = {}

    async def start(self, images: Sequence[str]) -> None:
        await self._calls(reap, self._calls.client)
        compose = await asyncio.to_thread(compose_program)
        self._has = frozenset({NEED} if compose else ())
        version = await self._calls(self._calls.client.version)
        info = await self._calls(self._calls.client.info)
        if self._calls.client.api.base_url.startswith("http+docker"):  # by a socket of this machine
            self._calls.root = str(info.get("DockerRootDir", ""))
        self._engine = Engine(init=bool(info.get("InitBinary")), cpus=int(info.get("NCPU") or 0))
        self._described = {
            "kind": "docker workspaces",
            "engine": version.get("Version", ""),
            "kernel": version.get("KernelVersion", ""),
            "runtime": info.get("DefaultRuntime", ""),
            "init": self._engine.init,
            "computing": self._computing,
            "compose": " ".join(compose),
        }
        for name in dict.fromkeys([*images, *self._recipes]):
            await self._images.prepare(name)

    async def open(self, spec: WorkspaceSpec) -> DockerWorkspace:
        return await self._pool.take(spec)

    def expect(self, spec: WorkspaceSpec) -> None:
        """A hint: workspaces of this spec will be opened soon."""
        self._pool.expect(spec)

    def provides(self, image: str) -> frozenset[str]:
        return self._images.provides(image) | self._has

    def identity(self, image: str) -> str:
        return self._images.identity(image)

    def describe(self) -> dict[str, Any]:
        return {**self._described, "images": self._images.describe()}

    @property
    def in_flight(self) -> int:
        return self._computing + SPARE

    async def close(self) -> None:
        """Remove everything that was made."""
        await self._pool.close()
        await self._images.close()
        await asyncio.to_thread(self._calls.close)

    # -- for the pool ----------------------------------------------------------------------------
    async def _make(self, spec: WorkspaceSpec) -> DockerWorkspace:
        plan = plan_of(spec.beside) if spec.beside else None
        beside = references(plan, spec.beside) if plan and spec.beside else {}
        taken: list[str] = []
        try:
            images = {}
            for service, reference in {MAIN: spec.image, **beside}.items():
                images[service] = await self._images.take(reference)
                taken.append(reference)
            async with self._turns:
                workspace = await self._made(images, spec, plan)
        except BaseException:
            self._give(taken)
            raise
        self._taken[workspace.container] = taken
        return workspace

    async def _made(
        self, images: dict[str, Image], spec: WorkspaceSpec, plan: Plan | None
    ) -> DockerWorkspace:
        if plan is None:
            return await self._launched(images[MAIN], spec, None)
        project = Project(plan, spec, self._calls, self._run)
        try:
            await project.up({service: image.id for service, image in images.items()})
            workspace = await self._launched(images[MAIN], spec, project)
        except BaseException:
            await asyncio.shield(project.close())
            raise
        self._beside[workspace.container] = project
        return workspace

    async def _launched(self, image: Image, spec: WorkspaceSpec, project: Project | None) -> DockerWorkspace:
        container, keeper = await self._launch(image, spec, project)
        try:
            if not await keeper.wait():
                raise SandboxError(f"a container of {spec.image} does not start", "it needs /bin/sh")
            user = spec.user or image.user or "0"
            owner = await self._owner(image, user, container)
            life = Life(self._calls, container, keeper, spec.limits)
            workspace = DockerWorkspace(
                life,
                spec,
                image,
                owner,
                self._places,
                self._pool.take,
                self._pool.dispose,
                self._join,
            )
            await workspace.prepare()
        except BaseException as e:
            await self._away(container, keeper)
            if isinstance(e, NotAFile):
                raise SandboxError(f"no workspace in {spec.image}: {e}") from None
            if isinstance(e, WorkspaceDied):
                raise SandboxError(f"a container of {spec.image} ended while it was prepared") from None
            raise
        return workspace

    async def _launch(self, image: Image, spec: WorkspaceSpec, project: Project | None) -> tuple[str, Keeper]:
        client, engine = self._calls.client, self._engine
        network = await self._network() if spec.network else "none"
        place = project.place() if project else Place()
        container = await self._calls(
            containers.create, client, image.id, spec, self._run, network, engine, place
        )
        keeper = Keeper()
        try:
            if project:
                await self._calls(client.api.put_archive, container, "/", project.own_files())
            await self._calls(keeper.launch, client, container)
        except BaseException as e:
            await self._away(container, keeper)
            self._engine = engine.less(str(e)) if isinstance(e, SandboxError) else engine
            if self._engine == engine:
                raise
        else:
            return container, keeper
        return await self._launch(image, spec, project)

    async def _network(self) -> str:
        if self._network_made is None:
            self._network_made = asyncio.ensure_future(
                self._calls(containers.open_network, self._calls.client)
            )
        making = self._network_made
        try:
            return str(await asyncio.shield(making))
        except SandboxError:
            if self._network_made is making:
                self._network_made = None
            raise

    async def _join(self, container: str, on: bool) -> None:
        await self._calls(containers.join, self._calls.client, await self._network(), container, on)

    async def _away(self, container: str, keeper: Keeper) -> None:
        keeper.close()
        await self._calls.quietly(containers.remove, self._calls.client, container)

    async def _owner(self, image: Image, user: str, container: str) -> Owner:
        """Who owns what is written: read from the image's own lists, before anything has run in it."""
        if (image.id, user) not in self._owners:
            lists = []
            for name in ("passwd", "group"):
                try:
                    data = await self._calls(
                        files_of.read, self._calls.client, container, ("etc", name), PASSWD_BYTES
                    )
                except NotAFile:
                    data = b""
                lists.append(data.decode("utf-8", "replace"))
            try:
                self._owners[image.id, user] = containers.owner(user, *lists)
            except ValueError as e:
                raise SandboxError(f"the image has {e}") from None
        return self._owners[image.id, user]

    async def _remove(self, workspace: DockerWorkspace) -> None:
        await workspace.commands.moving()
        await self._away(workspace.container, workspace.keeper)
        if project := self._beside.pop(workspace.container, None):
            await project.close()
        self._give(self._taken.pop(workspace.container, []))

    def _give(self, taken: list[str]) -> None:
        for reference in taken:
            self._images.give(reference)
