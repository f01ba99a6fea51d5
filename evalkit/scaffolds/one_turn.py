"""One turn: the protocol's prompt, one call, and the raw reply is the answer."""

from __future__ import annotations

from evalkit.scaffold import Attempt, Rollout
from evalkit.suite import Suite
from evalkit.task import Answer, Task


class OneTurn:
    name = "one-turn"
    version = "1"

    async def attempt(self, suite: Suite, task: Task, rollout: Rollout) -> Attempt:
        if settled := suite.settled(task):
            return Attempt(settled)
        protocol = suite.protocol()
        prompt = protocol.prompt(task)
        reply = await rollout.call(prompt.messages, prompt.text, stop=protocol.stop)
        return Attempt(Answer(reply.text, reply.form), reply.finish_reason)
