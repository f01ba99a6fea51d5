"""How LiveCodeBench asks: texts of the authors' (28fef95, lcb_runner/prompts/code_generation.py)."""

from __future__ import annotations

from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.task import Answer, Task

DEFAULT = "lcb-chat"
SYSTEM = (
    "You are an expert Python programmer. You will be given a question (problem specification) and will "
    "generate a correct Python program that matches the specification and passes all tests."
)
WITH_STARTER = (
    "You will use the following starter code to write the solution to the problem and enclose your code "
    "within delimiters."
)
WITHOUT_STARTER = (
    "Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test on "
    "the sample inputs). Enclose your code within delimiters as follows. Ensure that when the python program "
    "runs, it reads the inputs, runs the algorithm and writes output to STDOUT."
)


def question(task: Task) -> str:
    starter = task.data.get("starter_code") or ""
    rule, code = (WITH_STARTER, starter) if starter else (WITHOUT_STARTER, "# YOUR CODE HERE")
    return (
        f"### Question:\n{task.data['question_content']}\n\n"
        f"### Format: {rule}\n```python\n{code}\n```\n\n"
        "### Answer: (use the provided format with backticks)\n\n"
    )


def between_last_fences(reply: str, task: Task) -> str | None:
    lines = reply.split("\n")
    fences = [number for number, line in enumerate(lines) if "```" in line]
    return "\n".join(lines[fences[-2] + 1 : fences[-1]]) if len(fences) > 1 else None


def assemble(task: Task, answer: Answer) -> str:
    return answer.text


CHAT = Protocol(
    name="lcb-chat",
    version="1",
    prompt=lambda task: Prompt((Message("system", SYSTEM), Message("user", question(task)))),
    extractor=Extractor(
        "between-last-fences",
        "1",
        "The lines between the last two lines that contain ```, wherever in them; nothing where there are "
        "fewer than two.",
        between_last_fences,
    ),
    assemble=assemble,
    max_tokens=2000,
    temperature=0.2,
    top_p=0.95,
    samples=10,
    source="LiveCodeBench/LiveCodeBench 28fef95e",
    notes="What the authors send to chat models of most APIs. 2,000 tokens are too few for models that "
    "reason: raise --max-tokens.",
)
PROTOCOLS = {protocol.name: protocol for protocol in (CHAT,)}
