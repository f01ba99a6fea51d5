"""What the backend `hf` does with a tiny model, as JSON: run by test_engines, which has torch found."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from evalkit.errors import ContextExceeded
from evalkit.model import Message, Request, Sampling
from evalkit.models.registry import open_model
from evalkit.serving import How, open_served
from evalkit.task import Task

TASK = Task("t/1", {})


def ask(text: str, *, raw: bool = False, **sampling: Any) -> Request:
    how = Sampling(**{"temperature": 0.0, "max_tokens": 12, **sampling})
    if raw:
        return Request(TASK, 0, prompt=text, sampling=how)
    return Request(TASK, 0, (Message("user", text),), sampling=how)


async def main(path: str) -> dict[str, Any]:
    model = open_model(path, factory=lambda opening: open_served(opening, "hf", {}, None, How()))
    texts = ["def f(x):", "import os\n" * 20, "class A:\n    pass", "x" * 50]
    together = await asyncio.gather(*(model.complete(ask(text)) for text in texts))
    alone = [await model.complete(ask(text)) for text in texts]
    raw = await model.complete(ask("def f(x):", raw=True))
    piece = raw.text[4:6]
    stopped = await model.complete(ask("def f(x):", raw=True, stop=(piece,)))
    warm: dict[str, Any] = {"temperature": 1.0, "top_p": 0.9, "top_k": 50}
    seeds = [await model.complete(ask("def f(x):", **warm, seed=seed)) for seed in (1, 1, 2)]
    try:
        await model.complete(ask("word " * 6000))
        long = "answered"
    except ContextExceeded as e:
        long = e.message
    await model.close()
    return {
        "equal": [a.text == b.text for a, b in zip(together, alone, strict=True)],
        "finish": [raw.finish_reason, stopped.finish_reason],
        "usage": [raw.usage.prompt_tokens, raw.usage.completion_tokens],
        "cut": stopped.text == raw.text[: raw.text.index(piece)],
        "seeds": [seeds[0].text == seeds[1].text, seeds[0].text == seeds[2].text],
        "long": long,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1]))))
