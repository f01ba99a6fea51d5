"""Where evalkit keeps what can be made or fetched again: images, checkouts (`evalkit clean --cache`)."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """EVALKIT_CACHE, else the user's cache folder."""
    if own := os.environ.get("EVALKIT_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "evalkit"
