"""What a model is shown of a command's output: all of it, or head and tail with how much is left out."""

from __future__ import annotations

from evalkit.workspace import Executed


def shown(text: str, limit: int, dropped: int = 0) -> str:
    """`text` where it has fewer than `limit` characters and nothing of it is `dropped` (bytes, in its
    middle); else its first and last half of as many, and between them how much is left out."""
    text = plain(text)
    if len(text) < limit and not dropped:
        return text
    half = min(limit, len(text)) // 2
    head, tail = text[:half], text[len(text) - half :]
    left_out = len(text) - 2 * half
    much = f"{left_out:,} characters" if not dropped else f"about {left_out + dropped:,} bytes"
    return f"{head}\n[... {much} left out here ...]\n{tail}"


def plain(text: str) -> str:
    """Text that every server takes: no NUL, and nothing that is no Unicode."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def observed(executed: Executed, limit_s: float, limit: int) -> str:
    """How a command ended, in the first line, where nothing that it prints can stand; then its output."""
    if executed.ended:
        how = f"the workspace was ended, for {ENDED.get(executed.ended, executed.ended)}"
    elif executed.timed_out:
        how = f"killed after {limit_s:g} seconds, with all that it had started"
    else:
        how = f"exit status {executed.status}"
    text = shown(executed.text, limit, executed.dropped)
    return f"[{how}]\n{text}" if text else f"[{how}; no output]"


ENDED = {
    "disk": "it wrote more than its disk holds",
    "unkillable": "its processes could not be killed",
}
