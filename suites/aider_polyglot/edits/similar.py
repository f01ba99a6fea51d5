"""The lines of a file that are most like those searched in vain: a hint for the model."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher

from .patience import Broke, Patience

LIKE = 0.6  # how like they must be
AROUND = 5  # lines shown before and after them
EACH = 20  # comparisons that a place to look at costs by itself
COMPARISONS = 3_000_000  # of two lines, for all hints about one reply: beyond that no hint is given


def similar_lines(search: str, text: str, patience: Patience) -> str:
    """Empty where nothing is like it."""
    if not search:
        raise Broke("a block with an empty SEARCH part changed nothing")
    if not patience.spend(len(search) + len(text)):
        return ""
    wanted, lines = search.splitlines(), text.splitlines()
    windows = len(lines) - len(wanted) + 1
    if not patience.spend(_effort(wanted, lines, windows)):
        return ""
    best, at = 0.0, 0
    for start in range(windows):
        matcher = SequenceMatcher(None, wanted, lines[start : start + len(wanted)])
        # both bound the ratio from above: most windows end here
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and matcher.ratio() > best:
            best, at = matcher.ratio(), start
    if best < LIKE:
        return ""
    end = at + len(wanted)
    if lines[at] == wanted[0] and lines[end - 1] == wanted[-1]:
        return "\n".join(lines[at:end])
    return "\n".join(lines[max(0, at - AROUND) : end + AROUND])


def _effort(wanted: list[str], lines: list[str], windows: int) -> int:
    """About how many pairs of lines will be compared."""
    counts = Counter(lines)
    return max(windows, 0) * (EACH + len(wanted)) + len(wanted) * sum(counts[line] for line in wanted)
