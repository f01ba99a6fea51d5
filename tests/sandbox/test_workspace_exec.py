"""What a command writes, as it comes from the engine: its process's number first, though not always."""

from __future__ import annotations

import asyncio
import io
import struct
from types import SimpleNamespace

import pytest

from evalkit.sandbox.workspace_exec import Execution, Hearing, Order, spelt


def stream(*pieces: tuple[int, bytes]) -> SimpleNamespace:
    """What the engine sends of them, as docker's client hands it over."""
    sent = b"".join(struct.pack(">BxxxI", kind, len(data)) + data for kind, data in pieces)
    return SimpleNamespace(
        _response=SimpleNamespace(raw=SimpleNamespace(_fp=SimpleNamespace(fp=io.BytesIO(sent))))
    )


@pytest.mark.parametrize(
    ("pieces", "pid", "output"),
    [
        ([(1, b"40\nout"), (2, b"err")], 40, b"outerr"),
        ([(2, b"err"), (1, b"40\nout")], 40, b"errout"),  # of a busy engine: both were written at once
        ([(1, b"4"), (2, b"err\n"), (1, b"0\n")], 40, b"err\n"),
        ([(2, b"err\n")], 0, b"err\n"),
        ([(1, b"OCI runtime exec failed")], 0, b"OCI runtime exec failed"),
        ([], 0, b""),
    ],
)
async def test_the_number_of_its_process_is_no_output(
    pieces: list[tuple[int, bytes]], pid: int, output: bytes
) -> None:
    execution = Execution()
    execution.hear(Hearing(1000))
    execution._stream = stream(*pieces)
    await asyncio.to_thread(execution._read)
    await asyncio.wait_for(execution.over.wait(), 10)
    assert (await execution.pid, execution.output()) == (pid, (output, 0))


def test_what_a_shell_cannot_read_as_a_line_gets_an_exec_of_its_own() -> None:
    for word in ("x" * 20_000, "\0", "\udc80"):
        assert spelt(Order((word,), "/", "", {})) is None
    assert spelt(Order(("a'b\n",), "/w", "", {}, feeds=True)) == (
        b"cd -- '/w' || exit 126; exec 'a'\\''b'\"$__n\"''\n"
    )
