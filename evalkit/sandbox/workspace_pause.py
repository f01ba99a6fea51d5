"""Stand a container still, and let it go on.

A kernel that has much to do may not freeze all of a container's processes in the time that the engine gives
it; a moment later it does.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0)
NOT_YET = "freeze"  # in what the engine says of it
GOES_ON = ("is not paused", "is not running")


def pause(client: Any, container: str) -> None:
    """In a worker's thread; engine errors pass through."""
    import docker.errors

    for wait_s in WAITS_S:
        try:
            client.api.pause(container)
        except docker.errors.APIError as e:
            if NOT_YET not in str(e.explanation or e):
                raise
            time.sleep(wait_s)
        else:
            return
    client.api.pause(container)


def unpause(client: Any, container: str) -> None:
    """The same. It may go on already, or be gone."""
    import docker.errors

    with contextlib.suppress(docker.errors.NotFound):
        try:
            client.api.unpause(container)
        except docker.errors.APIError as e:
            if not any(word in str(e.explanation or e) for word in GOES_ON):
                raise
