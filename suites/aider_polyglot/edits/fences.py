"""Between which marks files stand in the chat."""

from __future__ import annotations

from collections.abc import Iterable

FENCES = (
    ("```", "```"),
    ("````", "````"),
    *((f"<{tag}>", f"</{tag}>") for tag in ("source", "code", "pre", "codeblock", "sourcecode")),
)


def choose_fence(texts: Iterable[str]) -> tuple[str, str]:
    """The first pair of which no text has a line that begins with either; the very first where all do."""
    lines = "\n".join(texts).splitlines()
    for fence in FENCES:
        if not any(line.startswith(fence) for line in lines):
            return fence
    return FENCES[0]
