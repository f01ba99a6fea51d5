"""Lazy comments: lines that stand for code that was left out."""

from __future__ import annotations

import re

LAZY = re.compile(r"^[+]? *[#].* [.][.][.] ", re.MULTILINE)  # the benchmark's own pattern


def lazy_comments(reply: str) -> int:
    """How many lines of a reply are comments with " ... " in them."""
    return len(LAZY.findall(reply))
