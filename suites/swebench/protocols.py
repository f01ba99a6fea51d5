"""How a model is asked: evalkit's shell, by function calls with or without the editor, or in text."""

from __future__ import annotations

from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.scaffolds.shell import Rules, TextShell, ToolShell
from evalkit.scaffolds.shell.prompts import SYSTEM, by_text, by_tools
from evalkit.task import Answer, Task

from .workplace import ROOT

WORK = Extractor(
    name="workspace",
    version="1",
    rule="The answer is what became of the repository. A reply by itself is none.",
    extract=lambda reply, task: None,
)
NOTES = "Comparable in scoring, not in prompt: the agent and its words are evalkit's own."


def protocol(tools: str) -> Protocol:
    shell = TextShell if tools == "text" else ToolShell
    words = by_text if tools == "text" else by_tools

    def prompt(task: Task) -> Prompt:
        asked = words(str(task.data["problem_statement"]), ROOT, Rules())
        return Prompt((Message("system", SYSTEM), Message("user", asked)))

    return Protocol(
        name="evalkit-shell-bash" if tools == "bash-only" else shell.name,
        version=shell.version,
        prompt=prompt,
        extractor=WORK,
        assemble=patch,
        form="patch",
        source="evalkit",
        notes=NOTES,
    )


def patch(task: Task, answer: Answer) -> str:
    return answer.text
