"""Problems with known faults. They are flagged, and stay in the score: published scores hold them, too.

From the authors' ERRATA.md, read on 2026-11-26; problems that they name by title stand here with their id.
"""

from __future__ import annotations

KNOWN = {
    "interactive": ("abc337_e", "abc355_e"),
    # one of several right answers is expected
    "several answers": (
        *("abc311_c", "abc326_d", "abc327_b", "abc333_e", "abc343_a", "abc343_e", "abc362_c", "arc185_c"),
        *("3194", "3221", "3453"),
    ),
    "wrong tests": ("abc350_c", "arc189_a", "3308", "3363"),
}
FAULTS = {question: fault for fault, questions in KNOWN.items() for question in questions}
