"""Two line diffs that Aider's udiff rests on, with bounds: diff-match-patch's, and Python's difflib."""

from __future__ import annotations

import difflib
from collections import Counter

from .patience import Patience

EACH = 500  # what difflib takes for the smallest of hunks, in pairs of lines
POPULAR = 200  # in texts of so many lines difflib passes over lines that are more than a hundredth of them


def kept_lines(old: str, new: str, patience: Patience) -> str | None:
    """Those lines of `old` that a diff to `new` keeps. None where it would take too long.

    diff-match-patch's own way, which is no longest common subsequence: it looks for large common parts first,
    and gives up lines kept between larger changes. Here it has no clock, so that results do not hang on the
    machine's speed (Aider: 5 s).
    """
    if not patience.spend((old.count("\n") + 1) * (new.count("\n") + 1)):
        return None
    from diff_match_patch import diff_match_patch

    differ = diff_match_patch()
    differ.Diff_Timeout = 1e9  # seconds; 0 would mean other results
    one, two, lines = differ.diff_linesToChars(old, new)
    changes = differ.diff_main(one, two, checklines=False)
    differ.diff_cleanupSemantic(changes)
    differ.diff_cleanupEfficiency(changes)
    return "".join(lines[ord(letter)] for kind, letters in changes if kind == 0 for letter in letters)


def as_hunk(before: list[str], after: list[str], patience: Patience) -> list[str] | None:
    """The lines of a single hunk that makes `after` of `before`, all context kept; empty where they are
    equal. None where it would take too long."""
    counts = Counter(after)
    if len(after) >= POPULAR:
        counts = Counter({line: count for line, count in counts.items() if count <= len(after) // 100 + 1})
    pairs = sum(counts[line] for line in before)
    cost = EACH + (pairs + len(before)) * min(len(before), len(after)) // 40 + len(before) + len(after)
    if not patience.spend(cost):
        return None
    return list(difflib.unified_diff(before, after, n=max(len(before), len(after))))[3:]
