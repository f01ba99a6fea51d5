"""Protocols: one for each edit format and number of tries, which stand in every row, and their names say that
the prompt is evalkit's own."""

from __future__ import annotations

from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.task import Answer, Task

from . import tool_use
from .exercises import exercise_of
from .partner import opening

TOOLS = "tools"  # no edit format of Aider's: function calls
DEFAULT = "whole"  # what Aider takes for a model that it has no settings for
TRIES, REFLECTIONS, TIMEOUT_S = 2, 3, 180.0  # benchmark.py and base_coder.py of commit 5dc9490

WORK = Extractor(
    name="workspace",
    version="1",
    rule="The answer is what became of the files. A reply by itself is none.",
    extract=lambda reply, task: None,
)


def protocol(edit_format: str, tries: int) -> Protocol:
    if edit_format == TOOLS:
        return WITH_TOOLS
    return Protocol(
        name=f"aider-{edit_format}-{tries}-{'try' if tries == 1 else 'tries'}-evalkit",
        version="1",
        prompt=lambda task: Prompt(messages=opening(exercise_of(task), edit_format)),
        extractor=WORK,
        assemble=patch,
        form="patch",
        temperature=0.0,  # Aider sends it unless a model's settings say otherwise
        source="Aider-AI/aider, commit 5dc9490",
        notes="Edit format, turns and scoring as Aider's benchmark has them; prompts in evalkit's words.",
    )


def patch(task: Task, answer: Answer) -> str:
    return answer.text


WITH_TOOLS = Protocol(
    name="evalkit-tools",
    version="1",
    prompt=lambda task: Prompt(messages=tool_use.opening(exercise_of(task))),
    extractor=WORK,
    assemble=patch,
    form="patch",
    source="evalkit",
    notes="Function calls instead of an edit format, tests as often as the model likes.",
)
