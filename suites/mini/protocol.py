"""How mini asks a chat model, and how it finds the code in the reply."""

from __future__ import annotations

import re
from textwrap import dedent

from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.scaffolds.extract import without_reasoning
from evalkit.scaffolds.python_code import parse
from evalkit.task import Answer, Task

INSTRUCTION = (
    "Complete the following Python function. Answer with the complete module (imports, the function and "
    "whatever it needs) in one fenced block that begins with ```python."
)
# fences stand at the beginning of a line; a block that is never closed runs to the end of the reply
BLOCK = re.compile(r"^[ \t]*```([^\n`]*)\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
PYTHON = ("python", "python3", "py", "")


def ask(task: Task) -> Prompt:
    return Prompt((Message("user", f"{INSTRUCTION}\n\n```python\n{task.data['prompt'].rstrip()}\n```"),))


def find_code(reply: str, task: Task) -> str | None:
    text = without_reasoning(reply).replace("\r\n", "\n")
    name = re.escape(task.data["entry_point"])
    defines = re.compile(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{name}\b", re.MULTILINE)
    blocks = BLOCK.findall(text)
    if not blocks:
        return text if defines.search(text) and parse(text) else None
    for info, code in reversed(blocks):
        marked = info.lower().split() or [""]
        if marked[0] in PYTHON and defines.search(code):
            return dedent(code) if code[0] in " \t" else code  # a block inside a list is indented
    return None


def assemble(task: Task, answer: Answer) -> str:
    """A completion continues the prompt; a solution is a module of its own."""
    return (task.data["prompt"] if answer.form == "completion" else "") + answer.text


CHAT = Protocol(
    name="mini",
    version="1",
    prompt=ask,
    extractor=Extractor(
        "last-defining-block",
        "1",
        "What follows the last closing think tag; of it the last fenced block, marked as Python or not at "
        "all, that defines the entry point (a block that is never closed runs to the end); in a reply "
        "without any fence the whole of it, if it parses and defines the entry point; else none.",
        find_code,
    ),
    assemble=assemble,
    max_tokens=4096,
    temperature=0.0,
    source="evalkit",
)
