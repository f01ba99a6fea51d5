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
from evalkit.servers.guard import offspring
from evalkit.servers.preflight import check, check_port, free_port
from evalkit.servers.probe import PROBE_S, Facts, facts_of, ready
from evalkit.servers.words import cause_in, diagnose, end_of

READY_S = 900.0
GRACE_S = 60.0
BEGIN_S = 30.0  # for the guard itself
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
        held = self.record.alive if self.guard is None else self.guard.poll() is None
        return held and records.began(self.program) != 0

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
    assert server.guard is not None
    server.guard.send_signal(signal.SIGUSR1)  # it ends by itself from now on
    server.record = replace(server.record, ready=True)
    records.keep(server.record)
    return server


def attach(engine: Engine, record: records.Record) -> Server:
    """One that is kept, as a server to use. ServerError where it does not answer."""
    wanted = wanted_of(record)
    host, _, port = record.root.removeprefix("http://").rpartition(":")
    place = Place(host, int(port), record.key)
    server = Server(engine, wanted, place, engine.command(wanted, place), Path(record.log), None, record)
    if why := ready(engine, place, wanted, PROBE_S):
        raise ServerError(f"{record.name} is kept, but {why}", f"evalkit server stop {record.name}")
    server.facts = facts_of(engine, place, wanted)
    return server


def wanted_of(record: records.Record) -> Wanted:
    return Wanted(**{**record.wanted, "extra": tuple(record.wanted.get("extra", ()))})


def find_kept(engine: Engine, wanted: Wanted) -> records.Record | None:
    """A server of ours that is kept, is ready, and answers as the wanted one would."""
    kept = (r for r in records.records() if r.kept and r.ready and r.engine == engine.name)
    return next((r for r in kept if suits(wanted_of(r), wanted)), None)


def suits(kept: Wanted, wanted: Wanted) -> bool:
    """Whether it gives the same replies: over how many GPUs it lies is its own affair, and a longer context
    than is wanted is no harm. Whoever asks for none means the model's own, and that may be longer yet."""
    long_enough = kept.context is None or (wanted.context is not None and kept.context >= wanted.context)
    return long_enough and _reply_relevant(kept) == _reply_relevant(wanted)


def _reply_relevant(wanted: Wanted) -> Wanted:
    return replace(wanted, context=None, parallel=None, gpu_memory=None, device="")


def _launch(engine: Engine, wanted: Wanted, place: Place, name: str, keep: bool) -> Server:
    command = engine.command(wanted, place)
    logs = records.folder() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    prune(logs)
    log = Path(tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=logs)[1])
    guard_words = [sys.executable, "-m", "evalkit.servers.guard", str(log), f"--grace={engine.grace_s:g}"]
    guard_words += ["--keep"] if keep else []
    with log.open("ab") as errors:  # not ours: whoever reads our stderr would wait for one that is kept
        guard = subprocess.Popen(
            [*guard_words, "--", *command.argv],
            stdin=subprocess.DEVNULL if keep else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
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
        wanted={**asdict(wanted), "extra": list(wanted.extra)},
    )
    records.keep(record)
    return Server(engine, wanted, place, command, log, guard, record)


def prune(logs: Path) -> None:
    """Keep the newest logs; those of servers that live are among them, or are only not found any more."""
    found = sorted(logs.glob("*.log"), key=lambda log: log.stat().st_mtime)
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
        its = [server.program, *offspring(server.record.guard)]
        if server.guard is None:
            stop_kept(server.record)
        else:
            _end(server, server.guard)
    if held := held_by(its):
        raise ServerError(
            f"{server.engine.name} is gone, but {held >> 20} MiB of GPU memory are still its own"
        )


def _end(server: Server, guard: subprocess.Popen[str]) -> None:
    if guard.stdin is not None:
        guard.stdin.close()  # the order to end
    else:
        guard.terminate()
    assert guard.stdout is not None
    try:
        guard.wait(timeout=GRACE_S + 30)
    except subprocess.TimeoutExpired:
        guard.kill()
        raise ServerError(f"{server.engine.name} could not be ended (process {server.program})") from None
    with guard.stdout as pipe:
        words = pipe.read().splitlines()
    records.forget(server.record.name)
    if left := json.loads(words[-1])["left"] if words else ():
        raise ServerError(f"processes of {server.engine.name} could not be ended: {left}")


def let_go(server: Server) -> None:
    """Leave one that is kept to itself: this process ends, and it does not."""
    if server.guard is not None and server.guard.stdout is not None:
        server.guard.stdout.close()


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
