"""The images of a run's workspaces while it lasts: pulled when they are wanted, gone when they are not.

    async with images.using(reference) as image_id: ...

Several users of an image pull it once. While one is used, the next in the planner's order is fetched. What
this run pulled is removed once no sample needs it, or where the disk budget wants room; what was in the
engine before, never. Whoever is killed leaves a record of what was pulled: see pull_records.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from evalkit.errors import SandboxError
from evalkit.sandbox import own_thread
from evalkit.sandbox.engine import engine_failures
from evalkit.sandbox.pull_disk import PullDisk
from evalkit.sandbox.pull_plan import PullPlan
from evalkit.sandbox.pull_records import PullRecords
from evalkit.sandbox.pulling import remove_image
from evalkit.sandbox.shelf import PATIENCE_S, Shelf, victim
from evalkit.sandbox.survey import find

T = TypeVar("T")
AT_ONCE = 3  # pulls: the engine fetches three layers at once in all
CLOSING_S = 15.0  # for pulls to notice that they are to stop


class Supply:
    """See evalkit.workspace.ImageSupply. `plan` says what there is and in which order; `fetch` pulls one in a
    thread: its id, or SandboxError, also where it is told to stop."""

    def __init__(
        self,
        client: Any,
        plan: PullPlan,
        records: PullRecords,
        fetch: Callable[[str, threading.Event], str],
        *,
        keep: bool = False,
    ) -> None:
        self.plan = plan
        self.vacate: Callable[[str], Awaitable[None]] | None = None  # lets go of what is ready for use only
        self._client, self._records, self._fetch, self._keep = client, records, fetch, keep
        self._disk = PullDisk(plan)
        self._supplied = {image.reference: image.supplied for image in plan.images if image.supplied}
        self._shelves = {reference: Shelf(reference) for reference in plan.order}
        self._needs: dict[str, int] | None = None  # samples that will still ask for it
        self._reserved: dict[str, float] = {}  # bytes, of pulls at work
        self._changed = asyncio.Condition()
        self._room_lock = asyncio.Lock()  # who wants room waits in line
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ahead: asyncio.Task[None] | None = None
        self._stop = threading.Event()
        self._pulling: dict[str, Future[str]] = {}

    # -- use -------------------------------------------------------------------------------------------

    @property
    def order(self) -> tuple[str, ...]:
        return self.plan.order

    @property
    def here(self) -> tuple[str, ...]:
        return tuple(image.reference for image in self.plan.images if image.here)

    def maps(self, reference: str) -> bool:
        """Whether --image-map supplies it."""
        return reference in self._supplied

    def called(self, reference: str) -> str:
        """Its name in the engine."""
        return self._supplied.get(reference, reference)

    def digest(self, reference: str) -> str:
        """What the reference stands for, as the registry says; "" where none did."""
        found = (image.manifest for image in self.plan.images if image.reference == reference)
        return next((manifest.digest for manifest in found if manifest), "")

    @contextlib.asynccontextmanager
    async def using(self, reference: str) -> AsyncIterator[str]:
        """Its id, as `take`; given back at the end."""
        image_id = await self.take(reference)
        try:
            yield image_id
        finally:
            self.give(reference)

    async def take(self, reference: str) -> str:
        """The id of the image, which stays until it is given back. Pulls, and waits for room to do so.

        SandboxError with the engine's words where it is not to be had.
        """
        shelf = self._shelves.setdefault(reference, Shelf(reference))
        shelf.users += 1
        try:
            if shelf.users == 1 or not shelf.id or shelf.lock.locked():
                if shelf.getting is None or not shelf.being_got:
                    shelf.getting = self._spawn(self._get(shelf))
                await asyncio.shield(shelf.getting)  # others may wait for it, too
        except BaseException:
            self.give(reference)
            raise
        self._fetch_ahead(reference)
        return shelf.id

    def give(self, reference: str) -> None:
        """One user less."""
        shelf = self._shelves[reference]
        shelf.users -= 1
        shelf.idle_since = time.monotonic()
        self._settle(shelf)

    def need(self, samples: Mapping[str, int]) -> None:
        """How many samples will ask for each image. Before this is said, images stay until the end."""
        self._needs = dict(samples)

    def over(self, reference: str) -> None:
        """One sample less."""
        if self._needs is not None and reference in self._shelves:
            self._needs[reference] = self._needs.get(reference, 0) - 1
            self._settle(self._shelves[reference])

    def lacks(self, reference: str) -> str:
        """See ImageSupply: it is larger than the disk budget."""
        if reference not in self.plan.too_large or self.plan.budget is None:
            return ""
        size = self._disk.room(reference, ()) / 1e9
        return f"{reference} takes about {size:.2g} GB, over --disk-budget ({self.plan.budget / 1e9:.2g} GB)"

    async def close(self) -> None:
        """Stop what is being pulled, remove what was. Users have gone by then."""
        self._stop.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(wait, list(self._pulling.values()), CLOSING_S)
        for shelf in self._shelves.values():
            pulling = self._pulling.get(shelf.reference)
            if shelf.ours and (pulling is None or pulling.done()):
                with contextlib.suppress(SandboxError):  # its record stays
                    await self._remove(shelf, keep=self._keep)

    # -- getting ---------------------------------------------------------------------------------------

    async def _get(self, shelf: Shelf, *, waits: bool = True) -> None:
        """Have it in the engine. `waits` False: only where there is room, and nothing need go for it."""
        async with shelf.lock:
            if supplied := self._supplied.get(shelf.reference):
                shelf.id = await self._present(supplied)
                return
            if there := await self._in_thread(find, self._client, shelf.reference):
                shelf.ours = await self._in_thread(self._records.take, shelf.reference, False)
                await self._found(shelf, there)
                return
            shelf.id = ""
            if not await self._reserve(shelf.reference, waits):
                return
            try:
                shelf.ours = await self._in_thread(self._records.take, shelf.reference, True)
                async with self._slots:
                    await self._found(shelf, await self._pull(shelf.reference))
            finally:
                self._reserved.pop(shelf.reference, None)
                await self._tell()

    async def _pull(self, reference: str) -> str:
        for last in (False, True):
            pulling = own_thread.start(lambda: self._fetch(reference, self._stop), "evalkit-pull")
            self._pulling[reference] = pulling
            try:
                return await asyncio.wrap_future(pulling)
            except SandboxError as e:
                if last or "no space left" not in e.message or not await self._clear():
                    raise
        raise AssertionError

    async def _present(self, supplied: str) -> str:
        if there := await self._in_thread(find, self._client, supplied):
            return there
        raise SandboxError(f"--image-map: the engine has no image {supplied}", "build, load or pull it first")

    async def _found(self, shelf: Shelf, image_id: str) -> None:
        shelf.id, shelf.idle_since = image_id, time.monotonic()
        if shelf.ours:
            facts = await self._in_thread(self._client.api.inspect_image, image_id)
            self._disk.learn(shelf.reference, int(facts.get("Size") or 0))

    def _fetch_ahead(self, reference: str) -> None:
        """The next image in the order that is missing and needed, while this one is used."""
        if self._ahead is not None and not self._ahead.done():
            return
        order = self.plan.order
        after = order.index(reference) + 1 if reference in order else len(order)
        for name in order[after:]:
            shelf = self._shelves[name]
            if self._wanted(name) and name not in self._supplied:
                if not shelf.id and not shelf.being_got:
                    self._ahead = self._spawn(self._get(shelf, waits=False))
                return

    # -- room ------------------------------------------------------------------------------------------

    async def _reserve(self, reference: str, waits: bool) -> bool:
        """Room for it in the disk budget, made where need be."""
        budget = self.plan.budget
        if budget is None or reference not in self.plan.order:
            return True
        if why := self.lacks(reference):
            raise SandboxError(why, "its tasks cannot run: raise it, or supply the image (--image-map)")
        if not waits and self._room_lock.locked():
            return False
        began = time.monotonic()
        async with self._room_lock:
            while True:
                there = [s.reference for s in self._shelves.values() if s.ours and s.id]
                want = self._disk.room(reference, there)
                if self._disk.taken(there) + sum(self._reserved.values()) + want <= budget:
                    self._reserved[reference] = want
                    return True
                if not waits:
                    return False
                if goes := victim(self._shelves.values(), self._wanted, self.plan.order):
                    await self._remove_quietly(goes)
                else:
                    if time.monotonic() - began >= PATIENCE_S:
                        await self._vacate(there)
                    await self._wait()

    async def _clear(self) -> bool:
        """Remove all that is idle: the engine's disk is full. Whether there was something."""
        removed = False
        for shelf in self._shelves.values():
            if shelf.idle:
                await self._remove_quietly(shelf)
                removed = True
        return removed

    async def _wait(self) -> None:
        async with self._changed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 1.0)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _wanted(self, reference: str) -> bool:
        return self._needs is None or self._needs.get(reference, 0) > 0

    def _settle(self, shelf: Shelf) -> None:
        """After a change: remove it in the background where nobody needs it, or tell who waits for room."""
        useless = shelf.ours and shelf.id and not self._wanted(shelf.reference)
        if useless and not self._keep and not self._stop.is_set():
            self._spawn(self._remove_quietly(shelf))
        elif not shelf.users:
            self._spawn(self._tell())

    # -- removing --------------------------------------------------------------------------------------

    async def _remove_quietly(self, shelf: Shelf) -> None:
        """Where something that is not ours uses it, it stays; the next start tries again."""
        await self._vacate([shelf.reference])
        try:
            await self._remove(shelf)
        except SandboxError:
            shelf.stuck_since = time.monotonic()

    async def _vacate(self, references: list[str]) -> None:
        """Have containers made ahead of need give them back."""
        for reference in references:
            if self.vacate is not None and self._shelves[reference].users:
                await self.vacate(reference)

    async def _remove(self, shelf: Shelf, *, keep: bool = False) -> None:
        """Out of the engine, if nobody uses it by then; where another evalkit does, its turn to remove it."""
        async with shelf.lock:
            if shelf.users or not shelf.ours:
                return
            await self._in_thread(self._drop, shelf.reference, keep)
            shelf.id, shelf.ours = "", False
        await self._tell()

    def _drop(self, reference: str, keep: bool) -> None:
        with self._records.leave(reference, keep=keep) as last:
            if last:
                remove_image(self._client, reference)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # who waits is told
        return task

    async def _in_thread(self, work: Callable[..., T], *args: Any) -> T:
        with engine_failures():
            return await asyncio.wrap_future(own_thread.start(lambda: work(*args), "evalkit-images"))
