"""The exercises by function calls: evalkit's own way, with no edit format, comparable with nothing published.

The model reads, writes and lists files and runs the tests as often as it likes, until it says it is done.
"""

from __future__ import annotations

from typing import Any

from evalkit.interaction import Act, Budget, Said
from evalkit.model import Message, Reply
from evalkit.scaffolds.extract import without_reasoning

from .exercises import Exercise

TOOLS = ("read_file", "write_file", "list_files", "run_tests")  # of the world
BUDGET = Budget(turns=40)
NUDGES = 3  # plain replies in a row that are answered; after the next the work is taken as it is
DONE = "DONE"

SYSTEM = f"""You solve programming exercises with the functions that you are given. Look at the files, write \
the solution, run the tests, and go on until they pass. Tests are right, and are put back before each run.
When you have finished, reply with {DONE} and nothing else.
"""
NUDGE = (
    f"Go on with the functions that you have. If the work is finished, reply with {DONE} and nothing else."
)


def opening(exercise: Exercise) -> tuple[Message, ...]:
    asked = f"{exercise.instructions}\n\nWrite the solution in: {', '.join(exercise.editable)}\n"
    rules = "Keep the names of functions and classes. Use nothing but the standard library.\n"
    return (Message("system", SYSTEM), Message("user", asked + rules))


class ToolUse:
    """Partner: asks once, and nudges whoever talks instead of working."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.nudged = 0
        self.said_done = False

    async def open(self, act: Act) -> tuple[Message, ...]:
        return opening(self.exercise)

    async def answer(self, conversation: tuple[Message, ...], reply: Reply, act: Act) -> Said:
        self.said_done = without_reasoning(reply.text).strip().strip(".*`").upper() == DONE
        if self.said_done or self._nudges(conversation) == NUDGES:
            return Said(end="done")
        self.nudged += 1
        return Said((*conversation, Message("user", NUDGE)))

    def _nudges(self, conversation: tuple[Message, ...]) -> int:
        """How many there were since a function was called last."""
        count = 0
        for message in reversed(conversation):
            if message.role == "tool":
                break
            count += message == Message("user", NUDGE)
        return count

    async def overflow(self, conversation: tuple[Message, ...], act: Act) -> Said:
        return Said(end="context")

    def facts(self) -> dict[str, Any]:
        return {"edit_format": "tools", "nudged": self.nudged, "said_done": self.said_done}
