"""How a model is asked: in a terminal as Terminus 2 or 1 does it, or by the plain shell's tools.

Names, versions and temperature are those of the partners that speak (evalkit.scaffolds.terminus and .shell).
"""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.scaffolds.shell import BASH, EDITOR, SUBMIT, Rules, TextShell, ToolShell
from evalkit.scaffolds.shell.prompts import SYSTEM, by_text, by_tools
from evalkit.scaffolds.terminus import TEMPERATURE, Terminus1, Terminus2, Terminus2Xml
from evalkit.scaffolds.terminus import words_1 as words
from evalkit.task import Answer, Task

from .reading import trial_of

TERMINUS: Mapping[str, type[Terminus1 | Terminus2]] = {
    "terminus-2": Terminus2,
    "terminus-2-xml": Terminus2Xml,
    "terminus-1": Terminus1,
}
SHELL = {"tools": (BASH, EDITOR, SUBMIT), "bash-only": (BASH, SUBMIT), "text": ()}
TOOLS = (*TERMINUS, *SHELL)
FOLDER, TERMINAL = "(the image's folder)", "(what the terminal shows)"  # known only in the container
NOTES = "Comparable in scoring, and in the rules of talking; the words are evalkit's own."

WORK = Extractor(
    name="workspace",
    version="1",
    rule="The answer is what became of the container. A reply by itself is none.",
    extract=lambda reply, task: None,
)


def protocol(tools: str) -> Protocol:
    """The temperature is what terminal-bench 0.2.18 sets for its own agents, where neither the user nor the
    model's entry in the catalog says another."""
    speaks = TERMINUS.get(tools) or (TextShell if tools == "text" else ToolShell)
    return Protocol(
        name="evalkit-shell-bash" if tools == "bash-only" else speaks.name,
        version=speaks.version,
        prompt=lambda task: Prompt(asked(tools, trial_of(task.data).instruction)),
        extractor=WORK,
        assemble=state,
        form="state",
        temperature=TEMPERATURE if tools in TERMINUS else None,
        source="evalkit",
        notes=NOTES,
    )


def asked(tools: str, instruction: str) -> tuple[Message, ...]:
    """A conversation's beginning."""
    terminus = TERMINUS.get(tools)
    if terminus is Terminus1:
        return (Message("user", words.first(instruction, TERMINAL)),)
    if terminus is not None and issubclass(terminus, Terminus2):
        return (Message("user", terminus.dialect.first(instruction, TERMINAL)),)
    ask = by_text if tools == "text" else by_tools
    return (Message("system", SYSTEM), Message("user", ask(instruction, FOLDER, Rules())))


def minds_context(tools: str) -> bool:
    """Whether what is asked goes by the length of the model's context."""
    terminus = TERMINUS.get(tools)
    return terminus is not None and issubclass(terminus, Terminus2)


def state(task: Task, answer: Answer) -> str:
    return answer.text
