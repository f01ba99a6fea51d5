"""The nodes of a cluster at one run's work: who has room, who is lost, who comes back or joins.

See evalkit.run.hands. A node takes part when its `docker` is free and its sandbox is open; one whose process
was killed is opened anew, one that joins later is taken in.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from evalkit.errors import EvalkitError, SandboxError
from evalkit.run.cluster.join import DOCKER, Joined
from evalkit.run.cluster.messages import Job, Judged
from evalkit.run.cluster.post import Post, asked
from evalkit.run.cluster.serve import serve
from evalkit.run.cluster.shares import Shares
from evalkit.run.hands import ANY, BugElsewhere, Item, NodeLost, Todo
from evalkit.run.rollout import RecordedRollout
from evalkit.scaffold import Attempt
from evalkit.suite import Suite
from evalkit.task import Answer, Task, Verdict

LOOK_S = 1.0  # between two looks at the cluster
OTHERS_S = 30.0  # how long the first node that is ready waits for the others
AGAIN_S = 30.0  # after which a node that refused is asked again
GONE_S = 60.0  # how long a run waits for a node when none is left
CLOSE_S = 30.0
SILENT_S = 120.0  # after which a node that does not answer is lost
LOSSES = 3  # nodes that one answer may be lost with
BUSY = 2.0  # load beyond which an answer is judged where its image is not
METHODS = 10_000  # calls of one actor at once: each attempt waits in one


class Crew:
    """Opened by cluster/open.py; close it."""

    supply = None  # of images: each node has its own

    def __init__(self, joined: Joined, suite: Suite, job: Job, say: Callable[[str], None]) -> None:
        self._joined, self._suite, self._job, self._say = joined, suite, job, say
        self._job_ref = joined.ray.put(job)
        self._posts: dict[str, Post] = {}  # by node
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._refused: dict[str, tuple[float, EvalkitError]] = {}
        self._names: dict[str, str] = {}
        self._event = asyncio.Event()
        self._gone: SandboxError | None = None
        self._last = time.monotonic()  # when there was a node
        self._watching: asyncio.Task[None] | None = None
        self._images: dict[str, Any] = {}

    # -- opening and closing ---------------------------------------------------------------------------

    async def start(self) -> None:
        """Wait for the nodes. SandboxError where none has docker, or what the first said that refused."""
        nodes = await self._nodes()
        if not nodes:
            start = f"ray start --address=HEAD:6379 --resources='{{\"{DOCKER}\": 8}}'"
            raise SandboxError(
                f"no node of the Ray cluster at {self._joined.address} has docker",
                f"start each machine that has an engine with: {start} (8: workspaces at once)",
            )
        self._watching = asyncio.create_task(self._watch())
        began = time.monotonic()
        told = False
        while not (self._posts and (not self._opening or time.monotonic() - began > OTHERS_S)):
            if self._refused and not self._opening and not self._posts:
                node, (_, why) = next(iter(self._refused.items()))
                raise type(why)(f"{self._names[node]}: {why.message}", why.hint)
            if not told and not self._posts and time.monotonic() - began > OTHERS_S:
                told = True
                self._say("no node is ready yet: another run may have their docker, or images are being made")
            await asyncio.sleep(0.05)
        rooms = sum(post.rooms for post in self._posts.values())
        self._say(f"nodes that take part: {len(self._posts)} of {len(nodes)} with docker")
        if self._suite.workspaces and self._job.knobs.concurrency < rooms:
            self._say(
                f"they have room for {rooms} rollouts, --concurrency allows {self._job.knobs.concurrency}"
            )

    async def close(self) -> None:
        """Let the nodes remove what they made, and leave the cluster."""
        tasks = [*self._opening.values(), *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(self._closed(post) for post in self._posts.values()))
        self._posts.clear()
        await self._joined.leave()

    async def _closed(self, post: Post) -> None:
        with contextlib.suppress(NodeLost, TimeoutError):
            await asyncio.wait_for(post.ask("close"), CLOSE_S)
        self._kill(post.actor)

    def _kill(self, actor: Any) -> None:
        with contextlib.suppress(Exception):  # it is gone, or its node is
            self._joined.ray.kill(actor)

    async def _watch(self) -> None:
        try:
            await self._look()
        except Exception as e:  # who waits for a node must hear of it
            self._gone = SandboxError(f"the cluster can no longer be looked at ({type(e).__name__}: {e})")
            self._changed()

    async def _look(self) -> None:
        while True:
            for node, (name, docker) in (await self._nodes()).items():
                refused = self._refused.get(node)
                if node in self._posts or node in self._opening:
                    continue
                if refused and time.monotonic() - refused[0] < AGAIN_S:
                    continue
                self._names[node] = name
                self._opening[node] = asyncio.create_task(self._open(node, name, docker))
            if self._posts or not self._refused.keys() >= self._opening.keys():
                self._last, self._gone = time.monotonic(), None
            elif time.monotonic() - self._last > GONE_S:
                why = [f"{self._names[node]}: {e.message}" for node, (_, e) in self._refused.items()]
                text = "; ".join(["no node with docker takes part any more", *why])
                self._gone = SandboxError(text, "resume when one does")
                self._changed()
            await asyncio.gather(*(self._listen(post) for post in list(self._posts.values())))
            await asyncio.sleep(LOOK_S)

    async def _nodes(self) -> dict[str, tuple[str, float]]:
        """Nodes that are alive and have docker: their name, and how much."""
        found = {}
        for node in await asyncio.to_thread(self._joined.ray.nodes):
            if node["Alive"] and (docker := node["Resources"].get(DOCKER)):
                found[node["NodeID"]] = (f"{node['NodeManagerHostname']} ({node['NodeID'][:6]})", docker)
        return found

    async def _open(self, node: str, name: str, docker: float) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        from evalkit.run.cluster.node import Node

        rooms = max(1, int(docker))
        options = {
            "num_cpus": 0,
            "resources": {DOCKER: docker},  # all of it: two runs on one node would count it twice
            "max_concurrency": METHODS,
            "max_restarts": 0,  # what was lost is ours to count
            "scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False),
        }
        actor = None
        try:
            actor = self._joined.ray.remote(Node).options(**options).remote(self._job_ref, rooms)
            facts = await asked(actor.open.remote(), name)
            if isinstance(facts, EvalkitError):
                raise facts
            self._joins(Post(node, name, actor, facts, rooms if self._suite.workspaces else ANY, docker))
            actor = None
        except NodeLost:
            self._refused[node] = (time.monotonic() - AGAIN_S + 2 * LOOK_S, SandboxError("was lost"))
        except EvalkitError as e:
            if node not in self._refused:
                self._say(f"{name} takes no part: {e.message}")
            self._refused[node] = (time.monotonic(), e)
        finally:
            del self._opening[node]
            if actor is not None:
                self._kill(actor)
            self._changed()

    def _joins(self, post: Post) -> None:
        self._refused.pop(post.node, None)
        self._posts[post.node] = post
        self._images |= post.facts.sandbox.get("images") or {}

    async def _listen(self, post: Post) -> None:
        try:
            for line in await asyncio.wait_for(post.ask("said"), SILENT_S):
                self._say(f"{post.name}: {line}")
        except (NodeLost, TimeoutError) as e:
            self._lost(post, e)

    def _lost(self, post: Post, why: Exception) -> None:
        if post.lost:
            return
        post.lost = True
        self._posts.pop(post.node, None)
        self._kill(post.actor)  # one that only seems to be gone must not go on
        held = f"{post.making} attempts and {post.judging} answers to judge"
        self._say(f"{str(why) or f'{post.name} does not answer'}; what it held is done again: {held}")
        self._changed()

    def _changed(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def _wait(self, found: Callable[[], Post | None]) -> Post:
        while True:
            if (post := found()) is not None:
                return post
            if self._gone is not None:
                raise self._gone
            await self._event.wait()

    # -- hands -----------------------------------------------------------------------------------------

    @property
    def at_once(self) -> int:
        return ANY

    @property
    def in_flight(self) -> int:
        return sum(post.facts.judgings for post in self._posts.values())

    def todo(self, items: Sequence[Item]) -> Todo:
        if not self._suite.workspaces:
            return Shares(items, id, len(self._posts))
        order = next((post.facts.order for post in self._posts.values() if post.facts.order), ())
        places = {reference: place for place, reference in enumerate(order)}
        image = self._suite.image
        inorder = sorted(items, key=lambda item: places.get(image(item[0]), -1))
        return Shares(inorder, lambda item: image(item[0]), len(self._posts), lambda post: post.facts.here)

    @asynccontextmanager
    async def room(self) -> AsyncIterator[Post]:
        post = await self._wait(self._roomy)
        post.making += 1
        try:
            yield post
        finally:
            post.making -= 1
            self._changed()

    def _roomy(self) -> Post | None:
        free = [post for post in self._posts.values() if post.making < post.rooms]
        return min(free, key=lambda post: post.making / post.rooms, default=None)

    async def attempt(self, rollout: RecordedRollout, place: Post) -> Attempt:
        if place.lost:
            raise NodeLost(f"{place.name} was lost")
        place.images.add(self._suite.image(rollout.task))
        key = f"{self._job.run}/{rollout.task.id}/{rollout.sample}/{rollout.id}"
        try:
            return await serve(place, key, rollout)
        except NodeLost as e:
            self._lost(place, e)
            raise

    async def judge(self, task: Task, answer: Answer, finish_reason: str) -> Verdict:
        losses = 0
        while losses < LOSSES:
            post = await self._wait(lambda: self._bench(task))
            post.judging += 1
            try:
                async with post.turns:
                    if post.lost:
                        continue
                    judged: Judged = await post.ask("judge", task, answer, finish_reason)
            except NodeLost as e:
                self._lost(post, e)
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
        if not self._posts:
            return None
        least = min(self._posts.values(), key=lambda post: post.load)
        if not self._suite.workspaces:
            return least
        image = self._suite.image(task)
        with_it = [post for post in self._posts.values() if image in post.images]
        best = min(with_it, key=lambda post: post.load, default=least)
        if best.load - least.load > BUSY:
            best = least
        best.images.add(image)
        return best

    def over(self, task: Task) -> None:
        if self._suite.workspaces:
            for post in self._posts.values():
                post.tell("over", self._suite.image(task))

    # -- for the manifest ------------------------------------------------------------------------------

    def identity(self, image: str) -> str:
        """Of an image, on nodes: not known here."""
        return ""

    def describe(self) -> dict[str, Any]:
        """As one node's sandbox, with all nodes beside it."""
        posts = list(self._posts.values())
        first = dict(posts[0].facts.sandbox) if posts else {}
        nodes = [
            {"name": post.name, "docker": post.docker, "sandbox": dict(post.facts.sandbox)} for post in posts
        ]
        images = {"images": self._images} if self._images else {}
        ray = {"kind": "ray", "version": self._joined.ray.__version__, "nodes": nodes}
        return {**first, **images, "workers": ray}

    async def refresh(self) -> None:
        """Ask the nodes which images they have met."""
        for post in list(self._posts.values()):
            with contextlib.suppress(NodeLost, TimeoutError):
                found = await asyncio.wait_for(post.ask("describe"), CLOSE_S)
                self._images |= found.get("images") or {}
