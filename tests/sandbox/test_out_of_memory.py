"""Container A without memory: whoever took it fails, whoever was beside it does not, and nothing breaks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evalkit.sandbox import containers, open_program_sandbox
from tests.sandbox.asking import check

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

FAMILY = """
import os, time
for _ in range(60):
    try:
        if os.fork() == 0:
            block = bytearray(b"x") * (30 << 20)
            time.sleep(20)
            os._exit(0)
    except OSError:
        break
time.sleep(20)
def f(n): return n
"""
# memory of the kernel's, which no process has: the fattest process is then somebody else's
SOCKETS = """
import os, socket, time
def fill():
    kept, block = [], bytes(65536)
    try:
        while True:
            a, b = socket.socketpair()
            a.setblocking(False)
            kept.append((a, b))
            try:
                while True: a.send(block)
            except BlockingIOError: pass
    except OSError: pass
    time.sleep(20)
for _ in range(60):
    try:
        if os.fork() == 0: fill()
    except OSError: break
time.sleep(20)
def f(n): return n
"""
HONEST = """
import time
block = bytearray(b"x") * (80 << 20)
def f(n):
    time.sleep(2.5)
    return n
"""
TEST = "assert candidate(1) == 1"


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(FAMILY, id="processes", marks=pytest.mark.full),
        pytest.param(SOCKETS, id="kernel"),
    ],
)
async def test_want_of_memory_is_the_fault_of_who_took_it(
    docker_engine: Any, monkeypatch: pytest.MonkeyPatch, bomb: str
) -> None:
    monkeypatch.setattr(containers, "_answers_memory", lambda client: 700 << 20)
    sandbox = await open_program_sandbox(judges=4, run_label="memory")
    pair = sandbox._pair
    try:
        neighbours = [asyncio.create_task(check(sandbox, HONEST, TEST, wall_s=20.0)) for _ in range(2)]
        await asyncio.sleep(0.5)
        guilty = await check(sandbox, bomb, TEST, wall_s=2.5)
        assert guilty.status in ("memory", "timeout", "crashed"), guilty
        assert [(said.status, said.detail) for said in await asyncio.gather(*neighbours)] == [
            ("passed", "")
        ] * 2
        after = await check(sandbox, HONEST.replace("2.5", "0"), TEST, wall_s=20.0)
        assert after.status == "passed"
        assert sandbox._pair is pair
    finally:
        await sandbox.close()
