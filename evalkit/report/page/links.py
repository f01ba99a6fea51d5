"""Links that leave the page: to http and https alone, and only where a source is such an address."""

from __future__ import annotations

import re

HOST = r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}"
ADDRESS = re.compile(rf"(?:https?://)?{HOST}(?::\d+)?(?:/[!-~]*)?", re.IGNORECASE)


def address(source: str) -> str:
    """The address that `source` is, with its scheme; "" where it is something else."""
    if not ADDRESS.fullmatch(source):
        return ""
    return source if source.lower().startswith(("http://", "https://")) else f"https://{source}"
