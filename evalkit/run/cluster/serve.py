"""The head's side of one attempt: what it wants is done here, where the store and the models are.

A node that is lost takes no call with it: one that was sent is waited for and recorded, and the attempt that
is made in its place is answered from the record.
"""

from __future__ import annotations

import asyncio
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.run.cluster.messages import (
    ActBegins,
    ActEnds,
    Call,
    End,
    Given,
    Never,
    Note,
    Start,
    Wish,
)
from evalkit.run.cluster.post import Post
from evalkit.run.hands import BugElsewhere, NodeLost
from evalkit.run.rollout import Begun, RecordedRollout
from evalkit.scaffold import Attempt
from evalkit.workspace import WorkspaceDied


async def serve(post: Post, key: str, rollout: RecordedRollout) -> Attempt:
    """Have an attempt made there. NodeLost where the node was, BugElsewhere where suite or scaffold broke."""
    start = Start(rollout.task, rollout.sample, rollout.sampling, rollout.budget, rollout.context)
    serving = Serving(post, key, rollout)
    over = False
    try:
        wishes = await post.ask("attempt", key, start)
        while (end := serving.take(wishes)) is None:
            wishes = await post.ask("wishes", key)
        over = True
        return _outcome(end)
    except NodeLost:
        await serving.land()
        over = True
        raise
    finally:
        serving.cancel()
        if not over:
            post.tell("drop", key)


class Serving:
    """What is being done for one attempt, by the wish's number."""

    def __init__(self, post: Post, key: str, rollout: RecordedRollout) -> None:
        self._post, self._key, self._rollout = post, key, rollout
        self._acts: dict[int, Begun] = {}
        self._doing: dict[int, asyncio.Task[None]] = {}

    def take(self, wishes: list[Wish]) -> End | None:
        """Begin with what is wished; the attempt's end, if it is among it."""
        for wish in wishes:
            if isinstance(wish.what, End):
                return wish.what
            if isinstance(wish.what, Never):
                if (task := self._doing.get(wish.what.number)) is not None:
                    task.cancel()
                continue
            task = self._doing[wish.number] = asyncio.create_task(self._fulfil(wish))
            task.add_done_callback(lambda _, number=wish.number: self._doing.pop(number, None))  # type: ignore[misc]
        return None

    async def land(self) -> None:
        await asyncio.gather(*self._doing.values(), return_exceptions=True)

    def cancel(self) -> None:
        for task in self._doing.values():
            task.cancel()

    async def _fulfil(self, wish: Wish) -> None:
        try:
            given = Given(await self._done(wish.what))
        except EvalkitError as e:
            given = Given(error=e)
        except Exception as e:
            given = Given(error=BugElsewhere(f"{type(e).__name__}: {e}"))
        self._post.tell("given", self._key, wish.number, given)

    async def _done(self, what: Any) -> Any:
        rollout = self._rollout
        if isinstance(what, Call):
            return await rollout.call(
                what.messages, what.prompt, role=what.role, stop=what.stop, tools=what.tools, alike=what.alike
            )
        if isinstance(what, ActBegins):
            begun = rollout.act_begins(what.call)
            self._acts[begun.number] = begun
            return begun.number, begun.known is not None
        if isinstance(what, ActEnds):
            return await rollout.act_ends(self._acts.pop(what.number), what.seen or WorkspaceDied(what.died))
        assert isinstance(what, Note), what
        return await rollout.record(what.kind, dict(what.payload))


def _outcome(end: End) -> Attempt:
    if end.error is not None:
        raise end.error
    if end.attempt is None:
        raise BugElsewhere(end.bug)
    return end.attempt
