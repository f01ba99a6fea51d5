"""EvalPlus's prompts and its sanitizer (evalplus/evalplus 26d6d00b), for HumanEval and for MBPP."""

from __future__ import annotations

from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt
from evalkit.scaffolds import extract
from evalkit.scaffolds.python_code import longest_python, reachable
from evalkit.task import Task

SOURCE = "evalplus/evalplus 26d6d00b"
INSTRUCTION = (
    "Please provide a self-contained Python script that solves the following problem in a "
    "markdown code block:"
)
PREFILL = (
    "Below is a Python script with a self-contained function that solves the problem and passes "
    "corresponding tests:\n```python\n"
)
BASE_STOPS = ("<|endoftext|>", "<|endofmask|>", "</s>", "\nif __name__", "\ndef main(", "\nprint(")
CHAT_NOTES = (
    "EvalPlus through an API: what most model cards call HumanEval(+) or MBPP(+). 768 tokens are too few "
    "for models that reason: raise --max-tokens. Reasoning in the reply is cut first, which EvalPlus does "
    "not do."
)
LOCAL_NOTES = "EvalPlus with local weights: the assistant's turn is begun for the model."


def _prompt(task: Task) -> str:
    return str(task.data["prompt"]).strip()


def self_contained_chat(task: Task) -> Prompt:
    return Prompt((Message("user", f"{INSTRUCTION}\n```python\n{_prompt(task)}\n```"),))


def self_contained_prefilled(task: Task) -> Prompt:
    ask = Message("user", f"{INSTRUCTION}\n```\n{_prompt(task)}\n```\n")
    return Prompt((ask, Message("assistant", PREFILL)))


def completion_prompt(task: Task) -> Prompt:
    return Prompt(text=_prompt(task) + "\n")


# -- extractors --------------------------------------------------------------------------------------


def sanitize(text: str, entry_point: str) -> str:
    """The longest range of lines that parses, reduced to what the entry point needs; the range itself
    where nothing is left of it."""
    code = longest_python(extract.without_ansi(text))
    return reachable(code, entry_point) or code


SANITIZE = Extractor(
    "evalplus-sanitize",
    "1",
    "What follows the last closing think tag; without ANSI escapes; of it the range of lines that parses "
    "and has most non-blank lines; of that the imports, and the classes, functions with a return and "
    "assignments that the entry point reaches; the range itself where nothing is left.",
    lambda reply, task: sanitize(extract.without_reasoning(reply), task.data["entry_point"]) or None,
)


def local(then: Extractor) -> Extractor:
    """For local weights: stops are cut off and tabs become spaces before the sanitizer sees the reply."""
    stops = (*BASE_STOPS, "\n```\n")
    return Extractor(
        f"{then.name}-local",
        then.version,
        f"The reply up to the earliest stop string, with four spaces for each tab. {then.rule}",
        lambda reply, task: then.extract(extract.spaces_for_tabs(extract.before_stop(reply, stops)), task),
    )


def sanitized_completion(stops: tuple[str, ...]) -> Extractor:
    """For models that continue the prompt: prompt and continuation are sanitized together."""

    def whole(reply: str, task: Task) -> str | None:
        continued = extract.spaces_for_tabs(extract.before_stop(reply, stops))
        return sanitize(f"{_prompt(task)}\n{continued}", task.data["entry_point"]) or None

    return Extractor(
        "evalplus-sanitize-completion",
        "1",
        "The reply up to the earliest stop string, with four spaces for each tab, after the stripped prompt "
        "and a newline; then as evalplus-sanitize, without the cut at a think tag.",
        whole,
    )
