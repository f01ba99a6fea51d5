"""Two stages with a bounded queue between: rollouts wait on models, judging burns CPU.

Everything that matters is in the store before the next step uses it, so this may be killed anywhere.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from evalkit.errors import (
    BuildFailed,
    ContextExceeded,
    EvalkitError,
    ModelError,
    NoSample,
    SandboxError,
    ServerLost,
)
from evalkit.outcome import Outcome
from evalkit.run.hands import BugElsewhere, Hands, NodeLost, Todo
from evalkit.run.judging import proven
from evalkit.run.models import useful_at_once
from evalkit.run.plan import Plan
from evalkit.run.rollout import RecordedRollout
from evalkit.run.settings import Knobs, dollar_limits
from evalkit.run.watch import Watch
from evalkit.run.work import Stop, Work, together
from evalkit.store import Store
from evalkit.task import Answer, Task, Verdict, error
from evalkit.workspace import WorkspaceDied

GRACE_S = 3.0  # how long Ctrl-C waits for what is in flight
HOPELESS = 3  # failures in a row after which a run stops by itself; of calls, only if none ever worked
LOSSES = 3  # nodes that one sample may be lost with: it may be what ends them


class Pipeline:
    """One session of a run. `execute` returns why it ended; the store knows the rest. `judged` hears of every
    verdict, once it is stored."""

    def __init__(
        self,
        plan: Plan,
        store: Store,
        set_id: int,
        knobs: Knobs,
        hands: Hands,
        watch: Watch,
        judged: Callable[[Task, Verdict], None] | None = None,
    ) -> None:
        self.plan, self.store, self.set_id, self.knobs = plan, store, set_id, knobs
        self.hands, self.watch, self._judged = hands, watch, judged
        self._unproven: dict[str, str] = store.manifest.get("unproven", {})
        self.stop = Stop()
        self._queue: asyncio.Queue[tuple[Task, int] | None] = asyncio.Queue(2 * knobs.concurrency + 64)
        used = store.totals()
        self._cost = used.cost + used.failed_cost
        self._begun = asyncio.Event()  # one call has ended, or what it tells is of no interest
        self._answered = False  # has any call ever worked in this session
        self._broken_calls = self._broken_jobs = 0
        self._lost: Counter[tuple[str, int]] = Counter()

    async def execute(self, work: Work) -> Stop:
        callers = min(self.knobs.concurrency, len(work.rollouts), self.hands.at_once)
        judges = min(self.hands.in_flight, len(work.rollouts) + len(work.answers))
        with self._signals(), self._deadline():
            stages = together(self._feed(work, callers, judges), *(self._judges() for _ in range(judges)))
            everything = asyncio.create_task(stages)
            interrupted = asyncio.create_task(self.stop.interrupted.wait())
            try:
                await asyncio.wait({everything, interrupted}, return_when=asyncio.FIRST_COMPLETED)
                if not everything.done():  # what is in flight may still land: it is paid for
                    await asyncio.wait([everything], timeout=GRACE_S)
                if everything.done():
                    await everything  # a bug or a broken store must not look like an ordinary end
            finally:
                everything.cancel()
                interrupted.cancel()
                await asyncio.gather(everything, interrupted, return_exceptions=True)
        return self.stop

    # -- first stage -------------------------------------------------------------------------------

    async def _feed(self, work: Work, callers: int, judges: int) -> None:
        todo = self.hands.todo(work.rollouts)
        # the first call, made alone, tells whether costs can be counted at all, and how many a server takes
        if self.knobs.max_cost is None and self.plan.budget.money is None and not self.knobs.fit:
            self._begun.set()
        others = (self._others(todo, number) for number in range(1, callers))
        await together(self._owed(work.answers), self._rollouts(todo), *others)
        for _ in range(judges):
            await self._queue.put(None)

    async def _others(self, todo: Todo, number: int) -> None:
        await self._begun.wait()
        if number < useful_at_once(self.plan.model, self.plan.suite, self.knobs):
            await self._rollouts(todo)

    async def _rollouts(self, todo: Todo) -> None:
        try:
            while not self.stop and await self._rollout(todo):
                pass
        except SandboxError as e:  # nobody is there to make one
            self.stop("sandbox", str(e))
        finally:
            self._begun.set()

    async def _rollout(self, todo: Todo) -> bool:
        """Make the next rollout, if there is one left."""
        async with self.hands.room() as place:
            item = None if self.stop else todo.take(place)
            if item is None:
                return False
            try:
                answered = await self._attempt(*item, place)
            except NodeLost:
                todo.back(item)
                return True
            self._begun.set()
        if answered:
            await self._queue.put(item)
        else:
            self.hands.over(item[0])
        return True

    async def _owed(self, answers: list[tuple[Task, int]]) -> None:
        for item in answers:
            await self._queue.put(item)

    async def _attempt(self, task: Task, sample: int, place: Any, *, again: bool = False) -> bool:
        """One rollout, in the store when this returns. True when there is an answer to judge.

        One whose workspace died is made `again` at once, from its record: it costs no call. NodeLost where it
        is to be made again elsewhere, likewise.
        """
        plan, store = self.plan, self.store
        rollout_id = await store.begin(task.id, sample)
        if task.unavailable:
            await self._ended(rollout_id, Outcome.NOT_RUN, "unavailable", task.unavailable)
            return False
        rollout = RecordedRollout(
            *(store, rollout_id, task, sample, plan.models, plan.sampling, plan.budget),
            *(None, self._heard, plan.context),
        )
        try:
            attempt = await self.hands.attempt(rollout, place)
        except ModelError as e:
            return await self._call_failed(rollout_id, e)
        except NodeLost as e:
            self._lost[task.id, sample] += 1
            if self._lost[task.id, sample] < LOSSES:
                await store.fail(rollout_id, Outcome.ERROR, "sandbox", str(e))
                raise
            await self._ended(rollout_id, Outcome.ERROR, "sandbox", f"{e}, and {LOSSES - 1} others before it")
            return False
        except SandboxError as e:
            await self._ended(rollout_id, Outcome.ERROR, e.reason, str(e))
            if isinstance(e, WorkspaceDied) and not again and not self.stop:
                return await self._attempt(task, sample, place, again=True)
            self._sandbox_failed(e)
            return False
        except EvalkitError:
            raise
        except BugElsewhere as e:
            await self._ended(rollout_id, Outcome.ERROR, "host", str(e))
            return False
        except Exception as e:  # a suite or scaffold of somebody's: its bug costs this sample, not the run
            await self._ended(rollout_id, Outcome.ERROR, "host", f"{type(e).__name__}: {e}")
            return False
        finally:
            self._spent(rollout.costs, rollout.unpriced)
        info: dict[str, Any] = {"finish_reason": attempt.end}
        info |= {"facts": attempt.facts} if attempt.facts else {}
        info |= {"differences": rollout.differences} if rollout.differences else {}
        await store.answer(rollout_id, attempt.answer, info)
        self._answered, self._broken_calls, self._broken_jobs = True, 0, 0
        self.watch.rollout(sum(rollout.costs))
        return True

    async def _call_failed(self, rollout_id: int, e: ModelError) -> bool:
        if isinstance(e, ContextExceeded):  # the model's limit, not the harness's
            await self.store.answer(rollout_id, Answer(""), {"finish_reason": "context", "detail": e.message})
            return True
        if isinstance(e, NoSample):
            await self._ended(rollout_id, Outcome.NOT_RUN, "unavailable", e.message)
            return False
        await self._ended(rollout_id, Outcome.ERROR, "api", e.message)
        self._broken_calls += 1
        if isinstance(e, ServerLost):
            self.stop("model", str(e))
        if not self._answered and not e.retryable and self._broken_calls >= HOPELESS:
            self.stop("model", str(e))
        return False

    async def _ended(self, rollout_id: int, outcome: Outcome, reason: str, detail: str) -> None:
        await self.store.fail(rollout_id, outcome, reason, detail)
        self.watch.ended(outcome, reason, detail)

    def _heard(self, rollout: RecordedRollout) -> None:
        """A call of it was answered: the others need not wait for its end to know of prices."""
        if rollout.unpriced:
            self._spent([], rollout.unpriced)
        self._begun.set()

    def _spent(self, costs: list[float], unpriced: set[str]) -> None:
        """What a rollout's calls cost, of all roles; and the roles of which that is not known."""
        self._cost += sum(costs)
        limit = self.knobs.max_cost
        flags = dollar_limits(self.knobs, self.plan.budget)
        paid = [role for role in sorted(unpriced) if self._backend(role) == "openai"]
        if flags and paid:
            name = self.plan.models[paid[0]].name
            why = f"the price of {name} is unknown, so {' and '.join(flags)} cannot be kept"
            self.stop("cost", f"{why}; put its price into your models.toml (docs/models.md)")
        elif limit is not None and self._cost >= limit:
            self.stop("cost", f"${self._cost:.6g} spent of --max-cost ${limit:g}")

    def _backend(self, role: str) -> Any:
        return self.plan.models[role].describe().get("backend")

    # -- second stage ------------------------------------------------------------------------------

    async def _judges(self) -> None:
        while (item := await self._queue.get()) is not None:
            if self.stop.end not in ("interrupted", "sandbox"):
                await self._judge(*item)
                self.hands.over(item[0])

    async def _judge(self, task: Task, sample: int) -> None:
        answer, info = self.store.answer_of(task.id, sample)
        assert answer is not None, "only answers are queued"
        finish = str(info.get("finish_reason", "stop"))
        try:
            verdict = await self.hands.judge(task, answer, finish)
            self._broken_jobs = 0
        except SandboxError as e:
            verdict = self._sandbox_failed(e)
        except EvalkitError:
            raise
        except BugElsewhere as e:
            verdict = error("grader", str(e))
        except Exception as e:  # a suite of somebody's: its bug is no wrong answer, and costs no other sample
            verdict = error("grader", f"{type(e).__name__}: {e}")
        verdict = proven(verdict, self._unproven.get(task.id))
        if verdict.strict:
            await self.store.verdict(self.set_id, task.id, sample, "strict", verdict.strict)
        await self.store.verdict(self.set_id, task.id, sample, "official", replace(verdict, strict=None))
        if self._judged:
            self._judged(task, verdict)
        self.watch.verdict(verdict)

    def _sandbox_failed(self, e: SandboxError) -> Verdict:
        """An image that is not built is its own task's trouble; else several in a row stop the run."""
        self._broken_jobs += not isinstance(e, BuildFailed)
        if self._broken_jobs >= HOPELESS:
            self.stop("sandbox", str(e))
        return error(e.reason, str(e))

    # -- ends --------------------------------------------------------------------------------------

    @contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        installed = []
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self.stop, "interrupted")
                installed.append(number)
            except (NotImplementedError, RuntimeError, ValueError):
                pass  # not in the main thread: whoever called us handles signals
        try:
            yield
        finally:
            for number in installed:
                loop.remove_signal_handler(number)

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        limit = self.knobs.max_time
        cancel: Callable[[], None] = lambda: None  # noqa: E731
        if limit is not None:
            handle = asyncio.get_running_loop().call_later(
                limit, self.stop, "time", f"--max-time {limit:g} s is over"
            )
            cancel = handle.cancel
        try:
            yield
        finally:
            cancel()
