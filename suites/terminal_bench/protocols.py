"""How a model is asked: by a terminal as Terminus 2 or 1 does it, or by plain tools."""

from __future__ import annotations

from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.task import Answer, Task

from .reading import trial_of

TOOLS = ("terminus-2", "terminus-1", "tools", "bash-only", "text")

WORK = Extractor(
    name="workspace",
    version="1",
    rule="The answer is what became of the container. A reply by itself is none.",
    extract=lambda reply, task: None,
)


def protocol(tools: str) -> Protocol:
    return Protocol(
        name=tools if tools.startswith("terminus") else f"evalkit-shell-{tools}",
        version="1",
        prompt=lambda task: Prompt((Message("user", trial_of(task.data).instruction),)),
        extractor=WORK,
        assemble=state,
        form="state",
        temperature=0.7 if tools.startswith("terminus") else None,
        source="evalkit",
    )


def state(task: Task, answer: Answer) -> str:
    return answer.text
