"""The words for a test's end, and what a parser makes of a log: (test id -> word), in the order of the log.

The words are the authors' (swebench 5.0.2, harness/constants). A log may bring others ("PASSEDLY"): they stay
as they are and count as neither success nor failure.
"""

from __future__ import annotations

from collections.abc import Callable

from .instances import Instance

FAILED = "FAILED"
PASSED = "PASSED"
SKIPPED = "SKIPPED"
ERROR = "ERROR"
XFAIL = "XFAIL"

KNOWN = (FAILED, PASSED, SKIPPED, ERROR, XFAIL)

Statuses = dict[str, str]
Parser = Callable[[str, Instance], Statuses]
