"""Servers that are kept between runs: which one answers as the wanted one would, how it is used and left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evalkit.servers import records
from evalkit.servers.engine import Engine, Place, Wanted
from evalkit.servers.life import Server, ServerError
from evalkit.servers.probe import PROBE_S, facts_of, ready


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
    kept = (r for r in records.records() if r.state == "kept" and r.engine == engine.name)
    return next((r for r in kept if suits(wanted_of(r), wanted)), None)


def suits(kept: Wanted, wanted: Wanted) -> bool:
    """Whether it gives the same replies: over how many GPUs it lies is its own affair, and a longer context
    than is wanted is no harm. Whoever asks for none means the model's own, and that may be longer yet."""
    long_enough = kept.context is None or (wanted.context is not None and kept.context >= wanted.context)
    return long_enough and _reply_relevant(kept) == _reply_relevant(wanted)


def _reply_relevant(wanted: Wanted) -> Wanted:
    return replace(wanted, context=None, parallel=None, gpu_memory=None, device="")


def let_go(server: Server) -> None:
    """Leave one that is kept to itself: this process ends, and it does not."""
    if server.guard is not None and server.guard.stdout is not None:
        server.guard.stdout.close()
