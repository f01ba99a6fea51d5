"""One running pair of containers, and the stream to its judge.

Two threads move bytes between the engine's raw stream and the event loop. A pair never heals: the
first thing that goes wrong breaks it, all its jobs get `PairBroken`, and the sandbox makes another.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import struct
import threading
from typing import Any

from evalkit.outcome import REASONS, Outcome
from evalkit.program import Job, Judgement
from evalkit.sandbox import containers
from evalkit.sandbox.bundle import first_message
from evalkit.sandbox.job_message import job_message
from evalkit.sandbox.judgement import judgement
from evalkit.sandbox.streams import demultiplexed

START_S = 60.0
WATCH_S = 5.0
SPARE_SLOTS = 2  # a slot is cleaned while the next sample starts in another
GRACE_S = 165.0  # beyond twice a job's limit; the judge's main process ends its job before (OWN_S)
RESULT_BYTES = 20 << 20
STDERR_TAIL = 2000
CARRIED = (
    256 << 20
)  # bytes of jobs that have no result yet, beyond which no other is sent: both sides hold them


class PairBroken(Exception):
    """The pair is of no use any more. Says nothing about the programs that it was judging."""


class Pair:
    """Started by `start`; `run` judges one job; `stop` removes it all."""

    def __init__(
        self, client: Any, made: containers.Made, running: int, most: int, trusted: bool, landlock: int
    ) -> None:
        self.client = client
        self.made = made
        self.running, self.most = running, most
        self.trusted = trusted
        self.landlock = landlock
        self.heard = 0.0  # when the last result came
        self.loop = asyncio.get_running_loop()
        self.jobs: dict[int, asyncio.Future[Any]] = {}
        self.carried = 0
        self.lighter = asyncio.Event()
        self.next_id = 0
        self.longest = 0.0
        self.watching = False
        self.judges_sent: set[str] = set()
        self.broken = ""
        self.stderr: dict[str, bytes] = {}
        self.facts: dict[str, Any] = {}
        self.streams: list[Any] = []
        self.outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    @classmethod
    async def start(
        cls, client: Any, image: str, run: str, *, running: int, most: int, trusted: bool, landlock: int
    ) -> Pair:
        """A pair that is ready for jobs; engine errors and PairBroken pass through, with nothing left.

        At once `running` programs compute and `most` are there in all, those that wait or are overdue
        included. `trusted`: the tests are pinned data, which warm workers may run one after the other.
        `landlock`: a version that the kernel's counts for at most.
        """
        # where one is all that may be there, none starts before the last is proven gone
        slots = most + (SPARE_SLOTS if most > 1 else 0)
        making = asyncio.ensure_future(asyncio.to_thread(containers.make, client, image, slots, run))
        try:
            made = await asyncio.shield(making)
        except asyncio.CancelledError:  # the thread goes on and makes them
            await cls(client, await making, running, most, trusted, landlock).stop()
            raise
        pair = cls(client, made, running, most, trusted, landlock)
        try:
            await pair._start()
        except BaseException:
            await pair.stop()
            raise
        return pair

    async def _start(self) -> None:
        made = self.made
        answers_config = {
            "socket": containers.SOCKET,
            "judge_uid": made.judge_uid,
            "first_uid": made.first_uid,
            "sweeper_uid": made.sweeper_uid,
            "slots": made.slots,
            "landlock_at_most": self.landlock,
        }
        judge_config = {
            "socket": containers.SOCKET,
            "reasons": REASONS[Outcome.FAILED],
            "running": self.running,
            "most": self.most,
        }
        ready = [self.loop.create_future(), self.loop.create_future()]
        self.jobs[-1], self.jobs[0] = ready
        await asyncio.gather(
            asyncio.to_thread(
                self._launch, made.answers, first_message("answers_main", answers_config), True
            ),
            asyncio.to_thread(self._launch, made.judge, first_message("judge_main", judge_config), False),
        )
        try:
            async with asyncio.timeout(START_S):
                self.facts = {"answers": await ready[0], "judge": await ready[1]}
        except TimeoutError:
            raise PairBroken(f"the judge was not ready within {START_S:.0f} s {self._last_words()}") from None
        self.jobs.clear()  # what is there from now on is jobs, over which `_watch` watches

    def _launch(self, container: str, message: bytes, answers: bool) -> None:
        """Attach to a container, start it and send it its code; its stream is read by a thread."""
        params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        attached = self.client.api.attach_socket(container, params=params)
        raw = getattr(attached, "_sock", attached)
        raw.settimeout(None)
        self.streams.append((attached, raw))
        self.client.api.start(container)
        raw.sendall(message)
        read = self._read_answers if answers else self._read_judge
        threading.Thread(target=read, args=(raw,), name=f"evalkit-{container[:8]}", daemon=True).start()
        if not answers:
            threading.Thread(target=self._write, args=(raw,), daemon=True).start()

    # -- jobs ------------------------------------------------------------------------------------
    async def run(self, job: Job, share_s: float) -> Judgement:
        """Judge one job; PairBroken where the pair fails meanwhile."""
        while self.carried >= CARRIED:
            self.lighter.clear()
            await self.lighter.wait()
        if self.broken:
            raise PairBroken(self.broken)
        number = self.next_id = self.next_id + 1
        future: asyncio.Future[Any] = self.loop.create_future()
        self.jobs[number] = future
        self.longest = max(self.longest, job.limits.wall_s)
        if len(self.jobs) == 1:
            self.heard = self.loop.time()
        if not self.watching:
            self._watch()
        message = job_message(number, job, share_s, self.trusted, self.judges_sent)
        size = len(message)
        self.carried += size
        self.outbox.put(message)
        del message
        try:
            return judgement(await future)
        finally:
            self.jobs.pop(number, None)
            self.carried -= size
            self.lighter.set()

    def _watch(self) -> None:
        """While there are jobs, a result has to come from time to time."""
        patience = 2 * self.longest + GRACE_S
        if self.jobs and self.loop.time() - self.heard > patience:
            self._break(f"no result came within {patience:.0f} s")
        self.watching = bool(self.jobs) and not self.broken
        if self.watching:
            self.loop.call_later(WATCH_S, self._watch)

    # -- threads ---------------------------------------------------------------------------------
    def _write(self, raw: Any) -> None:
        while (data := self.outbox.get()) is not None:
            try:
                while not self.outbox.empty() and len(data) < 1 << 18:
                    more = self.outbox.get()
                    if more is None:
                        return
                    data += more
                raw.sendall(data)
            except OSError as e:
                self._from_thread(self._break, f"the stream to the judge broke ({e})")
                return

    def _read_judge(self, raw: Any) -> None:
        inbox = bytearray()
        for kind, data in demultiplexed(raw):
            if kind == 2:
                self._heard("judge", data)
                continue
            inbox += data
            results = []
            while len(inbox) >= 8:
                size, number = struct.unpack_from(">II", inbox)
                if size > RESULT_BYTES:
                    self._from_thread(self._break, "the judge sent an impossible length")
                    return
                if len(inbox) < 4 + size:
                    break
                results.append((number, bytes(memoryview(inbox)[8 : 4 + size])))
                del inbox[: 4 + size]
            if results:
                self._from_thread(self._deliver, results)
        self._from_thread(self._break, "the judge's container ended")

    def _read_answers(self, raw: Any) -> None:
        inbox = b""
        for kind, data in demultiplexed(raw):
            if kind == 2:
                self._heard("answers", data)
                continue
            inbox = (inbox + data)[-65536:]
            if inbox.endswith(b"\n"):
                self._from_thread(self._deliver, [(-1, inbox)])
                inbox = b""
        self._from_thread(self._break, "the answers' container ended")

    def _from_thread(self, call: Any, *args: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(call, *args)

    def _heard(self, name: str, data: bytes) -> None:
        self.stderr[name] = (self.stderr.get(name, b"") + data)[-STDERR_TAIL:]

    # -- in the event loop -----------------------------------------------------------------------
    def _deliver(self, results: list[tuple[int, bytes]]) -> None:
        self.heard = self.loop.time()
        for number, body in results:
            future = self.jobs.get(number)
            if future is None or future.done():
                continue
            try:
                result = json.loads(body)
                if not isinstance(result, dict):
                    raise ValueError("not an object")
            except (ValueError, RecursionError) as e:
                result = {"status": "grader", "detail": f"the judge's result cannot be read: {e}"}
            if "broken" in result:
                self._break(str(result["broken"]))
                return
            future.set_result(result)

    def _break(self, reason: str) -> None:
        if self.broken:
            return
        self.broken = f"{reason} {self._last_words()}".strip()
        for future in self.jobs.values():
            if not future.done():
                future.set_exception(PairBroken(self.broken))
                future.exception()  # not all are awaited

    def _last_words(self) -> str:
        words = [text.decode("utf-8", "replace").strip().splitlines()[-1:] for text in self.stderr.values()]
        return " ".join(f"[{word[0][:300]}]" for word in words if word)

    async def stop(self) -> None:
        """Remove the containers and the folder between them. Never raises for what is gone already."""
        self._break("closed")
        self.outbox.put(None)
        await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        import docker.errors
        import requests

        gone = (docker.errors.APIError, requests.RequestException, OSError)
        for attached, raw in self.streams:
            with contextlib.suppress(OSError):
                raw.shutdown(2)
            with contextlib.suppress(OSError):
                attached.close()
        for container in (self.made.judge, self.made.answers):
            with contextlib.suppress(*gone):
                self.client.api.remove_container(container, force=True)
        for container in (self.made.judge, self.made.answers):
            with contextlib.suppress(*gone):
                self.client.api.wait(container, timeout=10, condition="removed")
        with contextlib.suppress(*gone):
            self.client.api.remove_volume(self.made.volume, force=True)
