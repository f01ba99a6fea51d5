"""A named protocol: prompt, prefill, stops, limits, extractor and program assembly belong together.

Two papers that say "HumanEval pass@1" may differ in all of these, so the protocol's name is a column
of every table, and its parts never mix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from evalkit.model import Message
from evalkit.task import Answer, Task


@dataclass(frozen=True)
class Prompt:
    """What is sent: chat `messages` (the last may be an assistant prefill), or `text` to complete."""

    messages: tuple[Message, ...] = ()
    text: str | None = None


@dataclass(frozen=True)
class Extractor:
    """A pure function from a raw reply to code, with a name and a version.

    `extract(reply, task)` returns None where the rule finds no code at all (outcome no_answer).
    """

    name: str
    version: str
    rule: str  # in words, shown in docs and manifests
    extract: Callable[[str, Task], str | None]


@dataclass(frozen=True)
class Protocol:
    """`assemble(task, answer)` makes the program that is judged from an extracted answer.

    `max_tokens` and `temperature` are the authors' settings, used where neither the user nor the
    model's catalog entry says otherwise.
    """

    name: str
    version: str
    prompt: Callable[[Task], Prompt]
    extractor: Extractor
    assemble: Callable[[Task, Answer], str]
    form: str = "solution"  # what the extractor's output is: "solution" or "completion"
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    samples: int = 1
    source: str = ""  # repository and commit, or paper
    notes: str = field(default="", compare=False)

    def extract(self, task: Task, answer: Answer) -> Answer | None:
        """The code of an answer, as a solution or completion; None where there is none."""
        if answer.form != "reply":
            return answer
        code = self.extractor.extract(answer.text, task)
        if code is None:
            return None
        return Answer(code, "completion" if self.form == "completion" else "solution")
