"""One server for all runs of a command that ask the same model: started when a call has to be made, started
again when it dies, ended when the last of them is done."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Callable
from typing import Any

from evalkit.errors import EvalkitError, ServerLost
from evalkit.servers import kept, life
from evalkit.servers.engine import Engine, Place
from evalkit.servers.gpus import gpus
from evalkit.servers.life import READY_S, Server, ServerError
from evalkit.servers.preflight import check_memory, check_port, need
from evalkit.servers.words import PORT_TAKEN
from evalkit.serving.asked import Asked, How

RESTARTS = 3  # times that a server which died is started again in one command
PER_GIGABYTE_S = 20.0  # of weights: what a slow disk takes to read them
Say = Callable[[str], None]


class Host:
    """`users`: models that were opened for it and not closed. A server that is kept outlives them."""

    def __init__(self, engine: Engine, asked: Asked, how: How) -> None:
        self.engine, self.asked, self.how = engine, asked, how
        self.say: Say = lambda line: None
        self.server: Server | None = None
        self.users = 0
        self.deaths: list[dict[str, Any]] = []
        self._starting: asyncio.Task[Server] | None = None
        self._half: Server | None = None  # launched, and not ready yet
        self._failed: EvalkitError | None = None
        self._given_up = False

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def served(self) -> str:
        return self.engine.served(self.asked.wanted)

    async def ready(self) -> Server:
        """A server that answers. ServerError or UsageError where none can be started, and the same again to
        whoever asks later; ServerLost where it has died too often."""
        if self.server is not None and self.server.alive:
            return self.server
        if self._failed is not None:
            raise self._failed
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        starting = self._starting
        try:
            return await asyncio.shield(starting)
        finally:
            if starting.done() and self._starting is starting:
                self._starting = None

    async def _start(self) -> Server:
        try:
            if self.server is not None:
                await self._died(self.server)
            self.server = await asyncio.to_thread(self.begin)
        except EvalkitError as e:
            self._failed = None if self._given_up else e
            raise
        return self.server

    async def _died(self, server: Server) -> None:
        """Put down that it died, and see to it that nothing is left.

        ServerLost where that was once too often."""
        self.server = None
        why = server.why_dead("died")
        self.deaths.append({"at": time.time(), "why": why.message, "log": str(server.log)})
        with contextlib.suppress(ServerError):
            await asyncio.to_thread(life.stop, server)
        if len(self.deaths) > RESTARTS:
            raise ServerLost(
                f"{why.message}, for the {len(self.deaths)}th time: it is not started again", why.hint
            )
        again = f"it is started again ({len(self.deaths)} of {RESTARTS} times)"
        self.say(f"{why.message}; {again}: calls in flight are made anew\n  its log: {server.log}")

    def begin(self) -> Server:
        """Blocks. One that is kept and is what is wanted is used; else one is started."""
        wanted = self.asked.wanted
        if (record := kept.find_kept(self.engine, wanted)) is not None:
            self.say(f"{self.engine.name}: using {record.name}, which was kept")
            return kept.attach(self.engine, record)
        there = gpus() if self.engine.gpu else ()
        weights = self.asked.weights
        if not weights.size:
            weights = dataclasses.replace(weights, size=self.asked.found.size)
        check_memory(self.engine, wanted, need(weights, wanted), there)
        self.say(f"{self.engine.name}: starting a server for {self.asked.name}")
        try:
            server = self._start_one()
        except ServerError as e:
            if self.how.port or PORT_TAKEN not in e.message or self._given_up:
                raise
            self.say(f"{e.message}: another was quicker, it is started again")
            server = self._start_one()
        self._half = None
        context = f", context {server.facts.context:,} tokens" if server.facts.context else ""
        self.say(f"{self.engine.name}: ready after {server.started_s:g} s{context}; log: {server.log}")
        return server

    def _start_one(self) -> Server:
        return life.start(
            self.engine,
            self.asked.wanted,
            port=self.how.port,
            ready_s=self.ready_s,
            keep=self.how.keep,
            name=self.how.name,
            say=self.say,
            launched=self._launched,
        )

    def _launched(self, server: Server) -> None:
        self._half = server
        if self._given_up:
            life.stop(server)

    @property
    def ready_s(self) -> float:
        return self.how.ready_s or READY_S + PER_GIGABYTE_S * self.asked.size / 1e9

    async def release(self) -> None:
        """One user less. With the last the server ends, unless it is kept; ServerError where it does not."""
        self.users -= 1
        if self.users <= 0:
            await self.close()

    async def close(self) -> None:
        starting, self._starting = self._starting, None
        if starting is not None and not starting.done():
            await self._give_up(starting)
        server, self.server = self.server, None
        if server is not None:
            await asyncio.to_thread(self._end, server)

    async def _give_up(self, starting: asyncio.Task[Server]) -> None:
        """Nobody waits for it any more: it ends although it is not ready."""
        self._given_up = True
        if self._half is not None:
            await asyncio.to_thread(life.stop, self._half)
        with contextlib.suppress(EvalkitError, asyncio.CancelledError):
            await starting
        self._given_up = False

    def _end(self, server: Server) -> None:
        if server.record.kept and server.alive:
            kept.let_go(server)
            self.say(f"{server.record.name} is kept: evalkit server stop {server.record.name}")
        else:
            life.stop(server)

    def end_now(self) -> None:
        """Blocks. Where no event loop runs any more."""
        server, self.server, half, self._half = self.server, None, self._half, None
        for each in (server, half):
            if each is not None:
                self._end(each)


HOSTS: dict[tuple[str, Any], Host] = {}


def host_for(engine: Engine, asked: Asked, how: How) -> Host:
    """The host of this model in this process: the same for whoever asks the same. UsageError where its port
    is taken."""
    key = engine.name, asked.wanted
    if how.port and key not in HOSTS and kept.find_kept(engine, asked.wanted) is None:
        check_port(Place("127.0.0.1", how.port))
    host = HOSTS.setdefault(key, Host(engine, asked, how))
    host.users += 1
    return host


def stop_all() -> None:
    """End what still runs: at the end of a command, however it came about."""
    while HOSTS:
        HOSTS.popitem()[1].end_now()
