"""Which nodes of a cluster take part: who is there, who joins or comes back, who is silent, who is lost.

A node takes part when its `docker` is free and its sandbox is open; one whose process was killed is opened
anew, one that joins later is taken in.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from evalkit.errors import EvalkitError, SandboxError
from evalkit.run.cluster.join import DOCKER, Joined
from evalkit.run.cluster.messages import Job
from evalkit.run.cluster.post import Post, asked
from evalkit.run.hands import ANY, NodeLost

LOOK_S = 1.0  # between two looks at the cluster, and two questions to a node
OTHERS_S = 30.0  # how long the first node that is ready waits for the others
AGAIN_S = 30.0  # after which a node that refused is asked again
LOST_AGAIN_S = 2.0  # and one that was lost
GONE_S = 60.0  # how long a run waits for a node when none is left
CLOSE_S = 30.0
QUIET_S = 10.0  # after which a node that does not answer is given nothing new
SILENT_S = 120.0  # and is lost, if Ray has not said so before
METHODS = 10_000  # calls of one actor at once: each attempt waits in one


class Muster:
    """`posts`: the nodes that take part. `met`: images by name, as nodes had them when they joined."""

    def __init__(self, joined: Joined, job: Job, workspaces: bool, say: Callable[[str], None]) -> None:
        """`workspaces`: whether rollouts hold some, so that a node has room for so many only."""
        self._joined, self._job, self._workspaces, self._say = joined, job, workspaces, say
        self._job_ref = joined.ray.put(job)
        self.posts: dict[str, Post] = {}  # by node
        self.met: dict[str, Any] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._listening: set[asyncio.Task[None]] = set()
        self._refused: dict[str, tuple[float, EvalkitError]] = {}  # when it is asked again, and what it said
        self._names: dict[str, str] = {}
        self._event = asyncio.Event()
        self._gone: SandboxError | None = None  # nobody is left, and nobody comes
        self._last = time.monotonic()  # when there was a node
        self._watching: asyncio.Task[None] | None = None

    @property
    def ray_version(self) -> str:
        return str(self._joined.ray.__version__)

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
        while not (self.posts and (not self._opening or time.monotonic() - began > OTHERS_S)):
            if self._gone is not None:
                raise self._gone
            if self._refused and not self._opening and not self.posts:
                node, (_, why) = next(iter(self._refused.items()))
                raise type(why)(f"{self._names[node]}: {why.message}", why.hint)
            if not told and not self.posts and time.monotonic() - began > OTHERS_S:
                told = True
                self._say("no node is ready yet: another run may have their docker, or images are being made")
            await asyncio.sleep(0.05)
        self._say(f"nodes that take part: {len(self.posts)} of {len(nodes)} with docker")

    async def close(self) -> None:
        """Let the nodes remove what they made, and leave the cluster."""
        tasks = [*self._opening.values(), *self._listening, *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(self._closed(post) for post in self.posts.values()))
        self.posts.clear()
        await self._joined.leave()

    async def _closed(self, post: Post) -> None:
        if not post.quiet:  # else it ends with its raylet, which Ray ends when it gives up the node
            with contextlib.suppress(NodeLost, TimeoutError):
                await asyncio.wait_for(post.ask("close"), CLOSE_S)
        self._kill(post.actor)

    def _kill(self, actor: Any) -> None:
        with contextlib.suppress(Exception):  # it is gone, or its node is
            self._joined.ray.kill(actor)

    # -- waiting for one -------------------------------------------------------------------------------

    async def wait(self, found: Callable[[], Post | None]) -> Post:
        """What `found` finds, as soon as it finds one. SandboxError where nobody is left to come."""
        while True:
            if (post := found()) is not None:
                return post
            if self._gone is not None:
                raise self._gone
            await self._event.wait()

    def changed(self) -> None:
        """Whoever waits looks again."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    def lost(self, post: Post, why: Exception) -> None:
        """It takes part no more; its attempts and judgings end as NodeLost."""
        if post.lost:
            return
        post.lost = True
        self.posts.pop(post.node, None)
        self._kill(post.actor)  # one that only seems to be gone must not go on
        held = f"{post.making} attempts and {post.judging} answers to judge"
        self._say(f"{str(why) or f'{post.name} does not answer'}; what it held is done again: {held}")
        self.changed()

    # -- looking at the cluster ------------------------------------------------------------------------

    async def _watch(self) -> None:
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_S)
        except Exception as e:  # who waits for a node must hear of it
            self._gone = SandboxError(f"the cluster can no longer be looked at ({type(e).__name__}: {e})")
            self.changed()

    async def _look(self) -> None:
        """Open nodes that have come, or may have changed their mind; see whether anybody is left."""
        now = time.monotonic()
        for node, (name, docker) in (await self._nodes()).items():
            again, _ = self._refused.get(node, (now, None))
            if node not in self.posts and node not in self._opening and again <= now:
                self._names[node] = name
                self._opening[node] = asyncio.create_task(self._open(node, name, docker))
        if self.posts or any(node not in self._refused for node in self._opening):
            self._last, self._gone = now, None
        elif now - self._last > GONE_S:
            why = [f"{self._names[node]}: {e.message}" for node, (_, e) in self._refused.items()]
            text = "; ".join(["no node with docker takes part any more", *why])
            self._gone = SandboxError(text, "resume when one does")
            self.changed()

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
            self._joins(Post(node, name, actor, facts, rooms if self._workspaces else ANY, docker))
            actor = None
        except NodeLost:
            self._refuses(node, SandboxError("was lost while it was opened"), LOST_AGAIN_S)
        except EvalkitError as e:
            self._refuses(node, e, AGAIN_S)
        except Exception as e:  # a bug of ours or of a suite there, or its Ray is another
            why = next((line for line in reversed(str(e).splitlines()) if line.strip()), type(e).__name__)
            self._refuses(node, SandboxError(why.strip()), AGAIN_S)
        finally:
            del self._opening[node]
            if actor is not None:
                self._kill(actor)
            self.changed()

    def _refuses(self, node: str, why: EvalkitError, again_s: float) -> None:
        """It is asked again after so long; what it says is told once."""
        if node not in self._refused:
            self._say(f"{self._names[node]} takes no part: {why.message}")
        self._refused[node] = (time.monotonic() + again_s, why)

    def _joins(self, post: Post) -> None:
        self._refused.pop(post.node, None)
        self.posts[post.node] = post
        self.met |= post.facts.sandbox.get("images") or {}
        listening = asyncio.create_task(self._listen(post))
        self._listening.add(listening)
        listening.add_done_callback(self._listening.discard)

    # -- listening to a node ---------------------------------------------------------------------------

    async def _listen(self, post: Post) -> None:
        """Pass on what it says, and notice that it says nothing, until it is lost. Each node on its own: the
        silence of one is no other's."""
        while not post.lost:
            try:
                for line in await asyncio.wait_for(self._said(post), SILENT_S):
                    self._say(f"{post.name}: {line}")
            except Exception as e:  # also a bug of ours: nobody would hear of the node any more
                self.lost(post, e)
            await asyncio.sleep(LOOK_S)

    async def _said(self, post: Post) -> list[str]:
        said: list[str]
        saying = asyncio.create_task(post.ask("said"))
        try:
            await asyncio.wait({saying}, timeout=QUIET_S)
            if not saying.done():
                post.quiet = True
                self._say(f"{post.name} does not answer: it is given nothing new meanwhile")
            said = await saying
        finally:
            saying.cancel()
        if post.quiet:
            post.quiet = False
            self._say(f"{post.name} answers again")
            self.changed()
        return said
