"""The ways in which MBPP is asked. docs/protocols.md compares them; every text is the authors'."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from evalkit.errors import DataError
from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.scaffolds import extract
from evalkit.task import Answer, Task

from ..humaneval import evalplus
from ..humaneval.evalplus import BASE_STOPS, SANITIZE
from ..humaneval.protocols import prompt_of

DEFAULT = "evalplus"
NAMES = ("evalplus", "evalplus-local", "evalplus-base", "paper-3-shot", "lm-eval", "bigcode", "deepseek")
IGNORE_SETUP = ("paper-3-shot", "lm-eval", "bigcode")  # their harnesses never run test_setup_code

LM_EVAL = "EleutherAI/lm-evaluation-harness 4e7e0d47"
MBPP_BASE_STOPS = (*BASE_STOPS, '\n"""', "\nassert")
BIGCODE_STOPS = ("\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/", "\n```")
EXPERT = "You are an expert Python programmer, and here is your task:"


def alone(task: Task, answer: Answer) -> str:
    """A solution is the program; a completion follows the docstring that was the prompt."""
    return (prompt_of(task) if answer.form == "completion" else "") + answer.text + "\n"


def examples_of(task: Task) -> Sequence[Mapping[str, Any]]:
    shots: Sequence[Mapping[str, Any]] = task.data.get("shots", ())
    if not shots:
        raise DataError(
            "this protocol shows tasks 2, 3 and 4 as worked examples, and the data does not hold them",
            "give the whole of MBPP with --data, or choose --protocol evalplus",
        )
    return shots


# -- paper and lm-eval: tasks 2, 3 and 4 as examples ---------------------------------------------------


def paper_text(problem: Mapping[str, Any]) -> str:
    tests = "\n".join(problem["test_list"][:3])
    return f"{EXPERT} {problem['text']} Your code should pass these tests:\n\n{tests}\n[BEGIN]\n"


def paper_prompt(task: Task) -> Prompt:
    shown = [f"{paper_text(shot)}{shot['code']}\n[DONE]\n\n" for shot in examples_of(task)]
    return Prompt(text="".join(shown) + paper_text(task.data))


def instruct_text(problem: Mapping[str, Any]) -> str:
    tests = "\n".join(problem["test_list"][:3])
    return f"{EXPERT}\n{problem['text']}\nYour code should pass these tests:\n{tests}"


def instruct_prompt(task: Task) -> Prompt:
    messages: list[Message] = []
    for shot in examples_of(task):
        messages.append(Message("user", instruct_text(shot)))
        messages.append(Message("assistant", f"\n```python\n{shot['code']}\n```"))
    target = Message("user", instruct_text(task.data))
    return Prompt((*messages, target, Message("assistant", "\n```python\n")))


_BLOCK = re.compile(r"```(?:\w+)?\n?(.*?)\n?```", re.DOTALL)


def _continued_block(reply: str, task: Task) -> str | None:
    if reply[:1].isalnum() or reply[:1] == "_":
        reply = "\n" + reply  # else the language pattern below swallows the first word of the code
    found = _BLOCK.search("```" + reply)
    return (found[1] or None) if found else None


CONTINUED_BLOCK = Extractor(
    "continued-block",
    "1",
    "The reply continues a ```python line that was sent: up to the next ```, without one newline at each "
    "end. Nothing where no fence follows. lm-eval loses the first word of a reply that begins without a "
    "newline; here it is kept.",
    _continued_block,
)


# -- deepseek ----------------------------------------------------------------------------------------


def deepseek_text(problem: Mapping[str, Any], code: str = "") -> str:
    text = ">>> Problem:\n{}\n>>> Test Cases:\n{}\n".format(
        problem["text"].strip(), "\n".join(problem["test_list"])
    )
    if code:
        text += "\n>>> Code:\n```python\n{}\n```".format(extract.spaces_for_tabs(code.replace("\r", "")))
    return text


def deepseek_prompt(task: Task) -> Prompt:
    shown = [
        f"- Example {n}:\n{deepseek_text(shot, shot['code'])}" for n, shot in enumerate(examples_of(task), 1)
    ]
    return Prompt(
        (
            Message(
                "user",
                "Please refer the given examples and generate a python function for my problem.\n"
                "Examples are listed as follows:\n"
                + "\n\n".join(shown)
                + "\n\nHere is my problem:\n"
                + deepseek_text(task.data),
            ),
        )
    )


FIRST_PYTHON_BLOCK = Extractor(
    "first-python-block-or-reply",
    "1",
    "The first closed ```python block, whatever the case of the word, else the whole reply.",
    lambda reply, task: extract.closed_block(reply, "```python\n", ignore_case=True) or reply or None,
)


# -- all of them -------------------------------------------------------------------------------------

_evalplus = partial(
    Protocol, version="1", assemble=alone, max_tokens=768, temperature=0.0, source=evalplus.SOURCE
)
_OWN_PROMPT = (
    "The data of MBPP has no prompt of EvalPlus's; it is built in the same form, from the text and the "
    "first assert. "
)
_ALL = (
    _evalplus(
        "evalplus",
        prompt=evalplus.self_contained_chat,
        extractor=SANITIZE,
        top_p=0.95,
        notes=_OWN_PROMPT + evalplus.CHAT_NOTES,
    ),
    _evalplus(
        "evalplus-local",
        prompt=evalplus.self_contained_prefilled,
        extractor=evalplus.local(SANITIZE),
        stop=(*BASE_STOPS, "\n```\n"),
        notes=_OWN_PROMPT + evalplus.LOCAL_NOTES,
    ),
    _evalplus(
        "evalplus-base",
        prompt=evalplus.completion_prompt,
        extractor=evalplus.sanitized_completion(MBPP_BASE_STOPS),
        stop=MBPP_BASE_STOPS,
        notes=_OWN_PROMPT,
    ),
    Protocol(
        "paper-3-shot",
        "1",
        prompt=paper_prompt,
        extractor=extract.until(("[DONE]",)),
        assemble=alone,
        stop=("[DONE]",),
        max_tokens=256,
        temperature=0.0,
        source=f"Austin et al. 2021, arXiv:2108.07732; {LM_EVAL}, mbpp (version 1)",
        notes="What base models' papers call MBPP 3-shot.",
    ),
    Protocol(
        "lm-eval",
        "1",
        prompt=instruct_prompt,
        extractor=CONTINUED_BLOCK,
        assemble=alone,
        max_tokens=256,
        temperature=0.0,
        source=f"{LM_EVAL}, mbpp_instruct (version 1), with --apply_chat_template",
        notes="Needs a server that continues the assistant's turn; an answer that opens a fence of its own "
        "is empty, there as here.",
    ),
    Protocol(
        "bigcode",
        "1",
        prompt=lambda task: Prompt(text=prompt_of(task)),
        extractor=extract.until(BIGCODE_STOPS),
        assemble=alone,
        form="completion",
        stop=BIGCODE_STOPS,
        max_tokens=512,
        temperature=0.1,
        top_p=0.95,
        source="bigcode-project/bigcode-evaluation-harness 8fc5bae6, mbpp",
        notes="InCoder's prompt. Published with 15 samples a task (--samples 15).",
    ),
    Protocol(
        "deepseek",
        "1",
        prompt=deepseek_prompt,
        extractor=FIRST_PYTHON_BLOCK,
        assemble=alone,
        max_tokens=512,
        temperature=0.0,
        source="deepseek-ai/DeepSeek-Coder 2f9fd859, Evaluation/MBPP/eval_instruct.py",
    ),
)
PROTOCOLS: Mapping[str, Protocol] = {protocol.name: protocol for protocol in _ALL}
