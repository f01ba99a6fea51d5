"""A corpus of hostile and honest programs, and the sandbox's promises: tried on this very machine.

    report = selftest()

`cases.py` says what a case is; the cases are the TOML files beside it, one a class of attack.
docs/security.md says what is promised.
"""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.selftest.findings import Finding, Report
from evalkit.selftest.watch import Watch

__all__ = ["Finding", "Report", "Watch", "selftest"]


def selftest(watch: Watch | None = None, only: Sequence[str] = (), *, strict: bool = False) -> Report:
    """Try everything here. `only`: ids of cases, or beginnings of them; `strict`: with --isolation strict.

    SandboxError: there is no sandbox. KeyboardInterrupt passes through, when all that was started is
    gone again.
    """
    from evalkit.selftest.whole import try_everything

    return try_everything(watch or Watch(), only, strict=strict)
