"""The nodes of a cluster as a run's hands: who makes which rollout, who judges which answer.

See evalkit.run.hands. Which nodes take part is told by cluster/muster.py.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from evalkit.errors import SandboxError
from evalkit.run.cluster.join import Joined
from evalkit.run.cluster.messages import Job, Judged
from evalkit.run.cluster.muster import CLOSE_S, Muster
from evalkit.run.cluster.post import Post
from evalkit.run.cluster.serve import serve
from evalkit.run.cluster.shares import Shares
from evalkit.run.hands import ANY, BugElsewhere, Item, NodeLost, Todo
from evalkit.run.rollout import RecordedRollout
from evalkit.scaffold import Attempt
from evalkit.suite import Suite
from evalkit.task import Answer, Task, Verdict

LOSSES = 3  # nodes that one answer may be lost with
BUSY = 2.0  # load beyond which an answer is judged where its image is not


class Crew:
    """Opened by cluster/open.py; close it."""

    supply = None  # of images: each node has its own

    def __init__(self, joined: Joined, suite: Suite, job: Job, say: Callable[[str], None]) -> None:
        self._suite, self._job, self._say = suite, job, say
        self._muster = Muster(joined, job, suite.workspaces, say)
        self._images: dict[str, Any] = {}  # as nodes said when they were asked: see refresh

    async def start(self) -> None:
        """Wait for the nodes. SandboxError where none has docker, or what the first said that refused."""
        await self._muster.start()
        rooms = sum(post.rooms for post in self._posts)
        if self._suite.workspaces and self._job.knobs.concurrency < rooms:
            self._say(
                f"they have room for {rooms} rollouts, --concurrency allows {self._job.knobs.concurrency}"
            )

    async def close(self) -> None:
        """Let the nodes remove what they made, and leave the cluster."""
        await self._muster.close()

    @property
    def _posts(self) -> list[Post]:
        return list(self._muster.posts.values())

    @property
    def _answering(self) -> list[Post]:
        """Those that are given work."""
        return [post for post in self._posts if not post.quiet]

    # -- hands -----------------------------------------------------------------------------------------

    @property
    def at_once(self) -> int:
        return ANY

    @property
    def in_flight(self) -> int:
        return sum(post.facts.judgings for post in self._posts)

    def todo(self, items: Sequence[Item]) -> Todo:
        if not self._suite.workspaces:
            return Shares(items, id, len(self._posts))
        order = next((post.facts.order for post in self._posts if post.facts.order), ())
        places = {reference: place for place, reference in enumerate(order)}
        image = self._suite.image
        inorder = sorted(items, key=lambda item: places.get(image(item[0]), -1))
        return Shares(inorder, lambda item: image(item[0]), len(self._posts), lambda post: post.facts.here)

    @asynccontextmanager
    async def room(self) -> AsyncIterator[Post]:
        post = await self._muster.wait(self._roomy)
        post.making += 1
        try:
            yield post
        finally:
            post.making -= 1
            self._muster.changed()

    def _roomy(self) -> Post | None:
        free = [post for post in self._answering if post.making < post.rooms]
        return min(free, key=lambda post: post.making / post.rooms, default=None)

    async def attempt(self, rollout: RecordedRollout, place: Post) -> Attempt:
        if place.lost:
            raise NodeLost(f"{place.name} was lost")
        place.images.add(self._suite.image(rollout.task))
        key = f"{self._job.run}/{rollout.task.id}/{rollout.sample}/{rollout.id}"
        try:
            return await serve(place, key, rollout)
        except NodeLost as e:
            self._muster.lost(place, e)
            raise

    async def judge(self, task: Task, answer: Answer, finish_reason: str) -> Verdict:
        losses = 0
        while losses < LOSSES:
            post = await self._muster.wait(lambda: self._bench(task))
            post.judging += 1
            try:
                async with post.turns:
                    if post.lost or post.quiet:  # while it waited for its turn
                        continue
                    judged: Judged = await post.ask("judge", task, answer, finish_reason)
            except NodeLost as e:
                self._muster.lost(post, e)
                losses += 1
                continue
            finally:
                post.judging -= 1
            if judged.error is not None:
                raise judged.error
            if judged.verdict is None:
                raise BugElsewhere(judged.bug)
            return judged.verdict
        raise SandboxError(f"{LOSSES} nodes were lost over this answer")

    def _bench(self, task: Task) -> Post | None:
        """The node that has least to do; one that has the task's image comes first while that is bearable."""
        least = min(self._answering, key=lambda post: post.load, default=None)
        if least is None or not self._suite.workspaces:
            return least
        image = self._suite.image(task)
        with_it = [post for post in self._answering if image in post.images]
        best = min(with_it, key=lambda post: post.load, default=least)
        if best.load - least.load > BUSY:
            best = least
        best.images.add(image)
        return best

    def over(self, task: Task) -> None:
        if self._suite.workspaces:
            for post in self._posts:
                post.tell("over", self._suite.image(task))

    # -- for the manifest ------------------------------------------------------------------------------

    def identity(self, image: str) -> str:
        """Of an image, on nodes: not known here."""
        return ""

    def describe(self) -> dict[str, Any]:
        """As one node's sandbox, with all nodes beside it."""
        posts = self._posts
        first = dict(posts[0].facts.sandbox) if posts else {}
        nodes = [
            {"name": post.name, "docker": post.docker, "sandbox": dict(post.facts.sandbox)} for post in posts
        ]
        images = {**self._muster.met, **self._images}
        ray = {"kind": "ray", "version": self._muster.ray_version, "nodes": nodes}
        return {**first, **({"images": images} if images else {}), "workers": ray}

    async def refresh(self) -> None:
        """Ask the nodes which images they have met."""
        await asyncio.gather(*(self._met(post) for post in self._answering))

    async def _met(self, post: Post) -> None:
        with contextlib.suppress(NodeLost, TimeoutError):
            found = await asyncio.wait_for(post.ask("describe"), CLOSE_S)
            self._images |= found.get("images") or {}
