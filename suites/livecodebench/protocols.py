"""How LiveCodeBench asks, by style of model, and how a reply is read (28fef95, lcb_runner)."""

from __future__ import annotations

from functools import partial

from evalkit.protocol import Extractor, Protocol
from evalkit.scaffolds.extract import before_stop
from evalkit.task import Answer, Task

from . import prompts

DEFAULT = "lcb-chat"
SOURCE = "LiveCodeBench/LiveCodeBench 28fef95e"
STOP = ("###",)  # sent for whatever the authors run themselves, with vLLM


def fences(reply: str) -> tuple[list[str], list[int]]:
    """The reply's lines, and the numbers of those that contain a fence."""
    lines = reply.split("\n")
    return lines, [number for number, line in enumerate(lines) if "```" in line]


def between_last_fences(reply: str, task: Task) -> str | None:
    lines, at = fences(reply)
    return "\n".join(lines[at[-2] + 1 : at[-1]]) if len(at) > 1 else None


def between_first_fences(reply: str, task: Task) -> str | None:
    lines, at = fences(reply)
    return "\n".join(lines[at[0] + 1 : at[1]]) if len(at) > 1 else None


LAST_FENCES = Extractor(
    "between-last-fences",
    "1",
    "The lines between the last two lines that contain ```, wherever in them; nothing where there are "
    "fewer than two.",
    between_last_fences,
)
FIRST_FENCES = Extractor(
    "between-first-fences",
    "1",
    "The lines between the first two lines that contain ```, wherever in them; nothing where there are "
    "fewer than two.",
    between_first_fences,
)
STRIPPED = Extractor(
    "stripped-completion",
    "1",
    "Up to the first ###, without blanks at both ends.",
    lambda reply, task: before_stop(reply, STOP).strip(),
)


def assemble(task: Task, answer: Answer) -> str:
    return answer.text


# what the authors' command sends unless told otherwise
official = partial(
    Protocol,
    version="1",
    extractor=LAST_FENCES,
    assemble=assemble,
    max_tokens=2000,
    temperature=0.2,
    top_p=0.95,
    samples=10,
    source=SOURCE,
)
# what it sends where the API decides: nothing, and one answer each
_reasoning = partial(official, max_tokens=None, temperature=None, top_p=None, samples=1)
_vllm = partial(official, stop=STOP)
_BY_HAND = "The model's chat markup by hand: for a server's completions, not its chat. "
_FEW = "2,000 tokens are too few for models that reason: raise --max-tokens."

_ALL = (
    official(
        "lcb-chat",
        prompt=prompts.chat,
        notes="OpenAI's chat models, DeepSeek's API, Together, Mistral, Cohere; Llama 3, to which the "
        f"authors send it with Llama's own markup and the stop ###. {_FEW}",
    ),
    official(
        "lcb-claude",
        prompt=prompts.claude,
        notes="Claude 3 and later. With thinking the authors send no temperature and 32,000 tokens, and the "
        "thoughts come before the answer in what they read.",
    ),
    _reasoning(
        "lcb-one-message",
        prompt=prompts.one_message,
        max_tokens=25_000,
        notes="o1-preview and o1-mini. Grok gets the same with temperature 0.2, 2,000 tokens, 10 samples.",
    ),
    _reasoning("lcb-main", prompt=prompts.main_function, notes="o1, o3 and o4-mini."),
    official("lcb-gemini", prompt=prompts.gemini, notes="Gemini 1.5."),
    _reasoning("lcb-gemini-thinking", prompt=prompts.gemini_thinking, notes="Gemini 2.5."),
    _vllm("lcb-codeqwen", prompt=prompts.codeqwen, notes=f"{_BY_HAND}Qwen 2, 2.5, 2.5-Coder and 3."),
    _vllm("lcb-qwq", prompt=prompts.qwq, notes=f"{_BY_HAND}QwQ. {_FEW}"),
    _vllm(
        "lcb-deepseek-r1",
        prompt=prompts.deepseek_r1,
        notes=f"{_BY_HAND}DeepSeek-R1, what was distilled from it, Nemotron, DeepCoder. {_FEW}",
    ),
    _vllm("lcb-deepseek-coder", prompt=prompts.deepseek_coder, notes="DeepSeek-Coder, instruct models."),
    _vllm("lcb-base", prompt=prompts.base, extractor=STRIPPED, notes="Base models: one worked example."),
    official(
        "lcb-chat-2024",
        prompt=prompts.chat_2024,
        extractor=FIRST_FENCES,
        source="LiveCodeBench/LiveCodeBench f05cda28",
        notes="lcb-chat as it was before 26 December 2024. The code was then between the first two fences.",
    ),
    official(
        "qwq",
        prompt=prompts.qwq_chat,
        max_tokens=32_768,
        temperature=0.6,
        samples=8,
        source="QwenLM/QwQ 620a5ead",
        notes="What the Qwen team quotes for QwQ-32B; with --top-k 40 and --timeout 30.",
    ),
)
PROTOCOLS = {protocol.name: protocol for protocol in _ALL}
