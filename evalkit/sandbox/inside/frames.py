"""Frames on the pipe between a judge and an answer: 4 bytes of length, an operation, a body.

The judge asks, the answer's process replies, one for one; in between it may ask the judge to call
one of the judge's own functions (`CALLBACK`), which is answered before anything else.
"""

from __future__ import annotations

import os
import struct

# the judge's requests; in brackets: the body, as values of the table
LOAD = b"L"  # (program)
CALL = b"C"  # (target, write back?) args kwargs; target: a name or a handle
EVALUATE = b"E"  # (expression)
EXECUTE = b"X"  # (source)
LOOKUP = b"N"  # (name) -> its value; LookupError where the answer has no such name
ATTRIBUTE = b"A"  # (object, name)
OPERATE = b"P"  # (operation, object, operands...): len, item, contains, iter...
KEEP = b"K"  # (name): objects of the class of that name stay, even where their contents could cross
RECORDS = b"D"  # (names): classes that the prompt defines, whose objects cross by their attributes
TAKE = b"I"  # (iterator, at most) -> (items, ended?, error)
RUN = b"U"  # (program, statements before it, stdin): no reply; its stderr on the pipe, then the end
RETURNED = b"r"  # a callback's value
FAILED = b"e"  # a callback's error: (type name, message)

# the answer's replies
VALUE = b"V"  # value, then for CALL with write back: () or (contents of the argument containers...)
ERROR = b"R"  # (type name, its nearest built-in type, message, arguments)
CALLBACK = b"B"  # (number) args kwargs
NO_MEMORY = b"M"  # nothing: there was no memory left to say more
TOO_LARGE = b"G"  # (message)

_length = struct.Struct("<I")
HEAD = _length.size


def frame(operation: bytes, body: bytes | bytearray = b"") -> bytes:
    return _length.pack(len(body) + 1) + operation + body


def length(head: bytes | bytearray) -> int:
    return int(_length.unpack_from(head)[0])


def read_exactly(fd: int, n: int, read=os.read) -> bytes:  # type: ignore[no-untyped-def]
    """`n` bytes from a blocking descriptor; EOFError where it ends before."""
    data = read(fd, n)
    if len(data) == n:
        return data  # type: ignore[no-any-return]
    parts = [data]
    got = len(data)
    while got < n:
        data = read(fd, min(n - got, 1 << 20))
        if not data:
            raise EOFError
        parts.append(data)
        got += len(data)
    return b"".join(parts)
