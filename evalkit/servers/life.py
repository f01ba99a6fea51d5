"""A server's life: started in a session of its own on the loopback, used when it answers, gone in the end."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.servers import records
from evalkit.servers.engine import Command, Engine, Place, Wanted
from evalkit.servers.gpus import held_by
from evalkit.servers.guard import KEEP, READY
from evalkit.servers.preflight import check, check_port, free_port
from evalkit.servers.probe import Facts, facts_of, ready
from evalkit.servers.words import cause_in, diagnose, end_of

READY_S = 900.0
END_S = 90.0  # for a guard to end its server: its grace, and the killing after it
BEGIN_S = 30.0  # for the guard itself
MEMORY_S = 5.0  # for a driver to give back the GPU memory of what has ended
TAIL = 1 << 20  # bytes of a log that are read: its end says why
LOOK_S = 0.25
LOGS = 100  # of earlier servers that are left
Say = Callable[[str], None]


class ServerError(EvalkitError):
    """A local server that did not start, or died: infrastructure, never the model's doing."""

    exit_code = 4


@dataclass
class Server:
    """One that runs. `place.key` is random; `facts` were read from it when it was ready. `guard` is None
    where another process started it, and it is kept."""

    engine: Engine
    wanted: Wanted
    place: Place
    command: Command
    log: Path
    guard: subprocess.Popen[str] | None
    record: records.Record
    facts: Facts = field(default_factory=Facts)
    started_s: float = 0.0
    _ending: threading.Lock = field(default_factory=threading.Lock)
    ended: bool = False

    @property
    def program(self) -> int:
        return self.record.program

    @property
    def base_url(self) -> str:
        return self.place.root + self.engine.api

    @property
    def alive(self) -> bool:
        """Whether its program lives: the guard has some tidying left to do when that is gone."""
        held = self.record.guarded if self.guard is None else self.guard.poll() is None
        return held and self.record.runs

    def said(self) -> str:
        """The end of its log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - TAIL))
                return log.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def why_dead(self, what: str) -> ServerError:
        """What to raise for one that is gone, with its last lines and what they mean."""
        log = self.said()
        found = diagnose(log)
        why = f": {found.why}" if found.why else ""
        last = end_of(log) or "it printed nothing"
        hint = f"{found.hint}\n  " if found.hint else ""
        hint += f"it said: {cause}\n  " if (cause := cause_in(log)) else ""
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
    launched: Callable[[Server], None] = lambda server: None,
) -> Server:
    """Start it and wait until it answers. UsageError for what cannot be asked of it, ServerError where it
    dies or is not ready in time; nothing of it is left then. `keep`: it outlives this process. `launched`
    hears of it before it is ready: whoever ends it then ends the wait."""
    check(engine, wanted)
    if name:
        records.check_new_name(name)
    place = Place("127.0.0.1", port or free_port(), secrets.token_urlsafe(24) if engine.keyed else "")
    check_port(place)
    server = _launch(engine, wanted, place, name or f"{engine.name}-{place.port}", keep)
    launched(server)
    began = time.monotonic()
    try:
        _until_ready(server, ready_s, say)
        server.started_s = round(time.monotonic() - began, 2)
        server.facts = facts_of(engine, place, wanted)
    except BaseException:
        stop(server)
        raise
    server.record = replace(server.record, ready=True)
    records.keep(server.record)
    _order(server, KEEP if keep else READY)
    return server


def _order(server: Server, order: str) -> None:
    """Tell its guard. Until it was ready, also one that is to be kept ended with this process: it was of no
    use to anybody."""
    assert server.guard is not None
    assert server.guard.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it is gone: whoever uses it will see
        os.write(server.guard.stdin.fileno(), order.encode())
    if order == KEEP:
        server.guard.stdin.close()


def _launch(engine: Engine, wanted: Wanted, place: Place, name: str, keep: bool) -> Server:
    command = engine.command(wanted, place)
    logs = records.logs_folder()
    logs.mkdir(parents=True, exist_ok=True)
    prune(logs)
    log = Path(tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=logs)[1])
    guard_words = [sys.executable, "-m", "evalkit.servers.guard", str(log), f"--grace={engine.grace_s:g}"]
    guard_words += [f"--record={records.path_of(name)}"]
    with log.open("ab") as errors:  # not ours: whoever reads our stderr would wait for one that is kept
        guard = subprocess.Popen(
            [*guard_words, "--", *command.argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **command.env},
            start_new_session=True,
        )
    said = _first_word(guard)
    if "started" not in said:
        guard.wait()
        why = said.get("error") or end_of(log.read_text(errors="replace"), 1) or "its guard said nothing"
        raise ServerError(f"{engine.name} cannot be started: {why}")
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
        program_began=records.began(int(said["started"])),
        log=str(log),
        at=time.time(),
        kept=keep,
        wanted={**asdict(wanted), "extra": list(wanted.extra)},
    )
    records.keep(record)
    return Server(engine, wanted, place, command, log, guard, record)


def prune(logs: Path) -> None:
    """Keep the newest logs. A server that lives writes on into one that goes."""
    found = sorted(logs.glob("*.log"), key=records.written)
    for log in found[:-LOGS]:
        log.unlink(missing_ok=True)


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
    """End it, and know that it is gone: processes, port, GPU memory. ServerError where something is left.
    Once is enough: whoever comes later waits for that."""
    with server._ending:
        if server.ended:
            return
        server.ended = True
        its = server.record.processes
        if server.guard is None:
            stop_kept(server.record)
        else:
            _end(server, server.guard)
    deadline = time.monotonic() + MEMORY_S
    while held := held_by(its):
        if time.monotonic() > deadline:
            raise ServerError(
                f"{server.engine.name} is gone, but {held >> 20} MiB of GPU memory are still its own"
            )
        time.sleep(LOOK_S)


def _end(server: Server, guard: subprocess.Popen[str]) -> None:
    assert guard.stdin is not None
    assert guard.stdout is not None
    if guard.stdin.closed:  # it was told to keep the server
        guard.terminate()
    else:
        guard.stdin.close()  # the order to end
    try:
        guard.wait(timeout=END_S)
    except subprocess.TimeoutExpired:
        guard.kill()
        raise ServerError(f"{server.engine.name} could not be ended (process {server.program})") from None
    with guard.stdout as pipe:
        words = pipe.read().splitlines()
    records.forget(server.record.name)
    if left := json.loads(words[-1])["left"] if words else ():
        raise ServerError(f"processes of {server.engine.name} could not be ended: {left}")


def stop_kept(record: records.Record) -> None:
    """The same for one that another process started. One whose guard was killed is killed, with what is of
    its process group."""
    deadline = time.monotonic() + END_S
    while record.alive and time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError):
            if record.guarded:
                os.kill(record.guard, signal.SIGTERM)
            elif os.getpgid(record.program) == record.guard:
                os.killpg(record.guard, signal.SIGKILL)
            else:  # it made a group of its own
                os.kill(record.program, signal.SIGKILL)
        time.sleep(LOOK_S)
    if record.alive:
        raise ServerError(f"{record.name} could not be ended (process {record.guard})")
    records.forget(record.name)
