"""A server's life: started in a session of its own on the loopback, used when it answers, gone in the end."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError, UsageError
from evalkit.servers import records
from evalkit.servers.engine import Command, Engine, Place, Wanted
from evalkit.servers.gpus import held_by
from evalkit.servers.probe import Facts, facts_of, ready
from evalkit.servers.words import diagnose, end_of

READY_S = 900.0
GRACE_S = 60.0
BEGIN_S = 30.0  # for the guard itself
LOOK_S = 0.25
Say = Callable[[str], None]


class ServerError(EvalkitError):
    """A local server that did not start, or died: infrastructure, never the model's doing."""

    exit_code = 4


@dataclass
class Server:
    """One that runs. `place.key` is random; `facts` were read from it when it was ready."""

    engine: Engine
    wanted: Wanted
    place: Place
    command: Command
    log: Path
    guard: subprocess.Popen[str]
    program: int
    record: records.Record
    facts: Facts = field(default_factory=Facts)
    started_s: float = 0.0

    @property
    def base_url(self) -> str:
        return self.place.root + self.engine.api

    @property
    def alive(self) -> bool:
        return self.guard.poll() is None

    def said(self) -> str:
        """Its log as text."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def why_dead(self, what: str) -> ServerError:
        """What to raise for one that is gone, with its last lines and what they mean."""
        log = self.said()
        found = diagnose(log)
        why = f": {found.why}" if found.why else ""
        last = end_of(log) or "it printed nothing"
        hint = f"{found.hint}\n  " if found.hint else ""
        return ServerError(f"{self.engine.name} {what}{why}", f"{hint}its log, {self.log}, ends:\n{last}")


@contextmanager
def serving(engine: Engine, wanted: Wanted, **how: Any) -> Iterator[Server]:
    """A server while the block lasts: see `start`."""
    server = start(engine, wanted, **how)
    try:
        yield server
    finally:
        stop(server)


def start(
    engine: Engine,
    wanted: Wanted,
    *,
    port: int | None = None,
    ready_s: float = READY_S,
    keep: bool = False,
    name: str = "",
    say: Say = lambda line: None,
) -> Server:
    """Start it and wait until it answers. UsageError for what cannot be asked of it, ServerError where it
    dies or is not ready in time; nothing of it is left then. `keep`: it outlives this process."""
    check(engine, wanted)
    place = Place("127.0.0.1", port or free_port(), secrets.token_urlsafe(24) if engine.keyed else "")
    check_port(place)
    server = _launch(engine, wanted, place, name or f"{engine.name}-{place.port}", keep)
    began = time.monotonic()
    try:
        _until_ready(server, ready_s, say)
        server.started_s = round(time.monotonic() - began, 2)
        server.facts = facts_of(engine, place, wanted)
    except BaseException:
        stop(server)
        raise
    records.keep(server.record)
    return server


def check(engine: Engine, wanted: Wanted) -> None:
    """UsageError where it is not installed, has no argument for what is asked, or lacks the model's files."""
    if engine.program and shutil.which(engine.program) is None:
        raise UsageError(f"{engine.name} is not installed: there is no {engine.program}", engine.install)
    if not engine.program and find_spec(engine.package) is None:
        raise UsageError(f"{engine.name} is not installed", engine.install)
    if odd := [name for name in engine.unsupported if getattr(wanted, name)]:
        raise UsageError(
            f"{engine.name} has no argument for {', '.join(odd)}", "leave it out, or use --server-arg"
        )
    looks_local = wanted.model.startswith(("/", "./", "../", "~")) or wanted.model.endswith(".gguf")
    if looks_local and not Path(wanted.model).expanduser().exists():
        raise UsageError(f"there is no model at {wanted.model}", "a folder, a file, or an id of the hub")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def check_port(place: Place) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((place.host, place.port))
        except OSError as e:
            raise UsageError(
                f"port {place.port} cannot be used: {e.strerror}", "leave out --port, or name a free one"
            ) from None


def _launch(engine: Engine, wanted: Wanted, place: Place, name: str, keep: bool) -> Server:
    command = engine.command(wanted, place)
    logs = records.folder() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = Path(tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=logs)[1])
    guard_words = [sys.executable, "-m", "evalkit.servers.guard", str(log), *(["--keep"] if keep else [])]
    guard = subprocess.Popen(
        [*guard_words, "--", *command.argv],
        stdin=subprocess.DEVNULL if keep else subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **command.env},
        start_new_session=True,
    )
    said = _first_word(guard)
    if "started" not in said:
        guard.wait()
        raise ServerError(f"{engine.name} cannot be started: {said.get('error', 'its guard said nothing')}")
    record = records.Record(
        name=name,
        engine=engine.name,
        model=wanted.model,
        served=engine.served(wanted),
        root=place.root,
        api=engine.api,
        key=place.key,
        guard=guard.pid,
        began=records.began(guard.pid),
        program=int(said["started"]),
        log=str(log),
        at=time.time(),
        kept=keep,
    )
    return Server(engine, wanted, place, command, log, guard, record.program, record)


def _first_word(guard: subprocess.Popen[str]) -> dict[str, Any]:
    assert guard.stdout is not None
    if not select.select([guard.stdout], [], [], BEGIN_S)[0]:
        guard.kill()
        return {}
    line = guard.stdout.readline()
    found: dict[str, Any] = json.loads(line) if line.strip() else {}
    return found


def _until_ready(server: Server, ready_s: float, say: Say) -> None:
    """Until it serves our model: its program lives, its health answers, and one token comes."""
    deadline, told = time.monotonic() + ready_s, time.monotonic()
    why = "it has not answered yet"
    while time.monotonic() < deadline:
        why = ready(server.engine, server.place, server.wanted, deadline - time.monotonic())
        if not server.alive:  # whoever answered then was another
            raise server.why_dead("ended before it was ready")
        if not why:
            return
        if time.monotonic() - told >= 10:
            told = time.monotonic()
            lines = end_of(server.said(), 1)
            say(f"{server.engine.name} is starting ({ready_s - (deadline - told):.0f} s): {lines or why}")
        time.sleep(LOOK_S)
    raise server.why_dead(f"was not ready in {ready_s:g} s ({why})")


def stop(server: Server) -> None:
    """End it, and know that it is gone: processes, port, GPU memory. ServerError where something is left."""
    if server.guard.stdin is not None:
        server.guard.stdin.close()  # the order to end
    else:
        server.guard.terminate()
    assert server.guard.stdout is not None
    try:
        server.guard.wait(timeout=GRACE_S + 30)
    except subprocess.TimeoutExpired:
        server.guard.kill()
        raise ServerError(f"{server.engine.name} could not be ended (process {server.program})") from None
    with server.guard.stdout as pipe:
        words = pipe.read().splitlines()
    records.forget(server.record.name)
    if left := json.loads(words[-1])["left"] if words else ():
        raise ServerError(f"processes of {server.engine.name} could not be ended: {left}")
    if held := held_by([server.program]):
        raise ServerError(
            f"{server.engine.name} is gone, but {held >> 20} MiB of GPU memory are still its own"
        )


def stop_kept(record: records.Record) -> None:
    """The same for one that another process started."""
    deadline = time.monotonic() + GRACE_S + 30
    while record.alive and time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.guard, signal.SIGTERM)
        time.sleep(LOOK_S)
    if record.alive:
        raise ServerError(f"{record.name} could not be ended (process {record.guard})")
    records.forget(record.name)
