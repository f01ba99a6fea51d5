"""What each child will do, done before there are children, until the interpreter has nothing left to learn.

Python specialises bytecode, fills caches of attributes and builds parsers of arguments as it goes. What it
has learned before a fork, a child need not write down again in a page that it first has to copy.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import socket

from . import confine, frames, nursery
from .answer import Server
from .guards import Worn
from .wire import Encoder

ROUNDS = 16  # bytecode is specialised after eight
PROGRAM = '''
from typing import List, Dict, Tuple, Optional
import math
def f(a: List[int], b: str = "", **more) -> Tuple[int, ...]:
    """ Return what was given.
    >>> f([1])
    """
    def g(x): return x if x in a else None
    try:
        table = {k: len(str(k)) for k in sorted(set(a), reverse=True)}
        found = [x for x in (a, b, True, None, 1.5, table) if not isinstance(x, bool)]
        return found[:max(1, abs(len(b)) % 7)]
    except (ValueError, IndexError):
        raise
def e(): raise ValueError("x")
'''


def rehearse() -> None:
    """Play a child's part without becoming one, then leave the heap as it will be shared."""
    data = nursery.REQUEST.pack(0, *whole_limits())
    own = [os.dup(fd) for fd in (1, 2)]
    for _ in range(ROUNDS):
        with contextlib.suppress(OSError):  # the working directory is none that could be touched
            confine.confine(0, nursery.REQUEST.unpack(data)[1:], 1)
        Worn().in_fork()
        serve()
    for target, fd in enumerate(own, 1):
        os.dup2(fd, target)
        os.close(fd)
    gc.collect()
    gc.freeze()


def whole_limits() -> list[int]:
    """As they are: setting them changes nothing."""
    names = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC)
    cpu, *others = (resource.getrlimit(name) for name in names)
    return [*cpu, *(hard for _, hard in others)]


def serve() -> None:
    """A short program from its beginning to its end, over a socket pair, as a judge would have it."""
    judge, pipe = socket.socketpair()
    for operation, *values in (
        (frames.LOAD, PROGRAM),
        (frames.CALL, "f", True, ([3, 1, 2], "abc"), {}),
        (frames.CALL, "f", False, ([[1.5], (None, {"a": True})], "abcdefghi"), {"more": {1, 2}}),
        (frames.CALL, "e", True, (), {}),
        (frames.LOOKUP, "f"),
    ):
        e = Encoder(lambda e, value: None)
        for value in values:
            e.put(value)
        judge.sendall(frames.frame(operation, e.out))
    judge.shutdown(socket.SHUT_WR)
    Server(pipe.fileno()).run()
    judge.close()
    pipe.close()
