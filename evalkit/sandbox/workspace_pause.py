"""Stand a container still, and let it go on.

A kernel that has much to do may not freeze all of a container's processes in the time that the engine gives
it; a moment later it does.
"""

from __future__ import annotations

import time
from typing import Any

WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0)
NOT_YET = "freeze"  # in what the engine says of it


def pause(client: Any, container: str) -> None:
    """In a worker's thread; engine errors pass through."""
    _insist(client.api.pause, container)


def unpause(client: Any, container: str) -> None:
    _insist(client.api.unpause, container)


def _insist(act: Any, container: str) -> None:
    import docker.errors

    for wait_s in WAITS_S:
        try:
            act(container)
        except docker.errors.APIError as e:
            if NOT_YET not in str(e.explanation or e):
                raise
            time.sleep(wait_s)
        else:
            return
    act(container)
