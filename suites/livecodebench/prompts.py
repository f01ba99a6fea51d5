"""The texts of LiveCodeBench's prompts, by style of model: lcb_runner/prompts/code_generation.py at 28fef95.

All are the authors', slips included: a prompt is only theirs to the letter.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.model import Message
from evalkit.protocol import Prompt
from evalkit.task import Task

TASK = (
    "You will be given a question (problem specification) and will generate a correct Python program that "
    "matches the specification and passes all tests."
)
SYSTEM = f"You are an expert Python programmer. {TASK}"
NOTHING_ELSE = " You will NOT return anything except for the program."
GEMINI_RULES = (
    " Do NOT use system calls like `exit` in the generated program. Ensure that the first code block "
    "contains the solution."
)
DEEPSEEK_CODER = (
    "You are an AI programming assistant, utilizing the DeepSeek Coder model, developed by DeepSeek Company, "
    "and you answer questions related to computer science."
)
QWQ = (
    "You are a helpful and harmless assistant. You are Qwen developed by Alibaba. You should think "
    "step-by-step."
)
DEEPSEEK_R1 = (
    "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The "
    "assistant first thinks about the reasoning process in the mind and then provides the user with the "
    "answer. The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> "
    "tags, respectively, i.e., <think> reasoning process here </think> <answer> answer here </answer>."
)

WITH_STARTER = (
    "You will use the following starter code to write the solution to the problem and enclose your code "
    "within delimiters."
)
STDIN_2024 = (
    "Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test on "
    "the sample inputs). Enclose your code within delimiters as follows."
)
STDIN = (
    f"{STDIN_2024} Ensure that when the python program runs, it reads the inputs, runs the algorithm and "
    "writes output to STDOUT."
)
MAIN = (
    "Implement a function called `main()` which orchastrates the solution by reading inputs from stdin and "
    "writing the answer to stdout. Feel free to use additional functions as necessary. Next do NOT forget to "
    "call `main` function at the end of the program otherwise you will not be awarded any points."
)


def starter_of(task: Task) -> str:
    return task.data.get("starter_code") or ""


def format_of(task: Task, stdin: str = STDIN) -> str:
    """How the answer has to look, with the block that it goes into."""
    starter = starter_of(task)
    rule, code = (WITH_STARTER, starter) if starter else (stdin, "# YOUR CODE HERE")
    return f"{rule}\n```python\n{code}\n```\n\n"


def question(task: Task, stdin: str = STDIN) -> str:
    """The form that most models get."""
    return (
        f"### Question:\n{task.data['question_content']}\n\n### Format: {format_of(task, stdin)}"
        "### Answer: (use the provided format with backticks)\n\n"
    )


def bare_question(task: Task) -> str:
    return f"Question: {task.data['question_content']}\n\n{format_of(task)}"


# -- conversations ---------------------------------------------------------------------------------------
def chat(task: Task) -> Prompt:
    return Prompt((Message("system", SYSTEM), Message("user", question(task))))


def chat_2024(task: Task) -> Prompt:
    asked = question(task, STDIN_2024)
    return Prompt((Message("system", SYSTEM + NOTHING_ELSE), Message("user", asked)))


def claude(task: Task) -> Prompt:
    return Prompt((Message("system", SYSTEM), Message("user", question(task).rstrip())))


def one_message(task: Task) -> Prompt:
    return Prompt((Message("user", f"{SYSTEM}\n\n{question(task)}"),))


def main_function(task: Task) -> Prompt:
    return Prompt((Message("user", f"{SYSTEM}\n\n{question(task, MAIN)}"),))


def gemini(task: Task) -> Prompt:
    return Prompt((Message("user", f"{SYSTEM}{GEMINI_RULES}\n{question(task)}"),))


def gemini_thinking(task: Task) -> Prompt:
    return Prompt((Message("user", f"{SYSTEM}\n{question(task)}"),))


def qwq_chat(task: Task) -> Prompt:
    """QwenLM/QwQ's own evaluation."""
    return Prompt((Message("user", f"{TASK}\n\n{bare_question(task)}"),))


# -- whole texts, with a model's markup by hand ----------------------------------------------------------
def chat_markup(system: str, user: str) -> Prompt:
    start, end = "<|im_start|>", "<|im_end|>"
    return Prompt(
        text=f"{start}system\n{system}{end}\n{start}user\n\n{user}{end}\n{start}assistant\n",
    )


def codeqwen(task: Task) -> Prompt:
    return chat_markup("You are a helpful assistant.", f"{TASK}{NOTHING_ELSE}\n\n{bare_question(task)}")


def qwq(task: Task) -> Prompt:
    return chat_markup(QWQ, f"{TASK}\n\n{bare_question(task)}")


def deepseek_r1(task: Task) -> Prompt:
    asked = f"<｜User｜>{TASK}\n\n{bare_question(task)}"
    return Prompt(text=f"<｜begin▁of▁sentence｜>{DEEPSEEK_R1}{asked}<｜Assistant｜>")


def deepseek_coder(task: Task) -> Prompt:
    return Prompt(
        text=f"{DEEPSEEK_CODER}\n\n### Instruction: {TASK}{NOTHING_ELSE}\n\nQuestion:\n"
        f"{task.data['question_content']}\n\n### Instruction: {format_of(task)}### Response:\n\n"
    )


# -- base models -----------------------------------------------------------------------------------------
@cache
def worked_examples() -> dict[str, Any]:
    """The one that programs are shown ("stdin"), and the one for methods ("function")."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("one_shot.json").read_text(encoding="utf-8"))
    return found


def base(task: Task) -> Prompt:
    """One worked example, then the problem in the same form up to its answer."""
    starter = starter_of(task)
    example = worked_examples()["function" if starter else "stdin"]
    shown = worked(example["question"], starter and example["starter_code"], example["answer"] + "\n\n")
    return Prompt(text=shown + worked(task.data["question_content"], starter, ""))


def worked(asked: str, starter: str, answer: str) -> str:
    code = f"### Starter Code\n{starter}\n\n" if starter else ""
    return f"### Question\n{asked}\n\n{code}### Answer\n\n{answer}"
