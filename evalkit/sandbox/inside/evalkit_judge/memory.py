"""What a judge may keep for later samples of the same task: its references' outputs, say.

Kept by the container's main process as bytes that it never looks into, for the same judge and the very
same task only, so that a task can mislead nobody but itself.
"""

from __future__ import annotations

from collections.abc import Callable

KEPT: dict[str, bytes] = {}  # from earlier jobs; filled in before the judge runs
NEW: dict[str, bytes] = {}  # made by this job


def remember(name: str, compute: Callable[[], bytes]) -> bytes:
    """What `compute()` gave when an earlier sample of this task asked for `name`, else what it gives now.

    Large results may be forgotten. A restarted container has forgotten everything.
    """
    known = KEPT.get(name)
    if known is None:
        known = NEW.get(name)
    if known is None:
        known = NEW[name] = bytes(compute())
    return known
