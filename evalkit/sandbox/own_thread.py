"""Blocking work that nobody has to wait for: not the loop where a caller is cancelled, nor the interpreter's
end, which waits for every thread of a pool."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def start(work: Callable[[], T], name: str) -> Future[T]:
    """Begin it in a thread of its own. `asyncio.wrap_future` waits for it."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            answer = work()
        except BaseException as e:
            future.set_exception(e)
        else:
            future.set_result(answer)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
