"""Model calls in flight: what one call costs the client, ours beside the bare openai client.

    python benchmarks/client.py [--json] [--in-flight 64 256 1024] [--rounds 3]

Every client makes the same calls (a 2 kB prompt, a 1 kB reply, no think time) against our scripted
endpoint, which runs in a process of its own. Rounds alternate between the clients in one run, so that
their ratios hold whatever else the machine is doing; figures are medians over the rounds. CPU is user
and system time of this process alone: the endpoint's is not counted.

Goals: at 1,024 in flight ours costs at most 1.1x the CPU of the bare client over aiohttp, 1.3x with the
store, and keeps at least 0.8 of its own throughput at 64.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from evalkit.endpoint.process import running
from evalkit.model import Message, Request, Sampling
from evalkit.models import open_model
from evalkit.models.transport import SPARE_FILES, raise_open_files
from evalkit.store import create_run
from evalkit.task import Task

PROMPT = "Write a function that returns the sum of two numbers. " * 38  # 2 kB
REPLY = "def add(a, b):\n    return a + b\n" * 32  # 1 kB
PLANNED = 10_000  # a round makes no more calls than this
SAMPLING = Sampling(temperature=0.7, top_p=0.8, max_tokens=2048)
COLLECTOR = gc.get_threshold()
GOALS = {"cpu": 1.1, "cpu_with_store": 1.3, "throughput_kept": 0.8}

Call = Callable[[int], Awaitable[str]]


@dataclass(frozen=True)
class Figure:
    """One round: milliseconds of CPU a call, and calls a second."""

    cpu_ms: float
    per_s: float


# -- the clients: each gives a function that makes call number i and returns the reply's text ----------


async def bare(url: str, in_flight: int, stack: AsyncExitStack, *, aiohttp: bool) -> Call:
    """The openai client as a program would use it, with the pool raised to the calls in flight."""
    import httpx2
    import openai

    limits = httpx2.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    kind = openai.DefaultAioHttpClient if aiohttp else openai.DefaultAsyncHttpxClient
    # its 5 s for a connection are not enough for the default transport with 1,024 calls in flight
    http_client = kind(limits=limits, timeout=httpx2.Timeout(600))
    client = openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0, http_client=http_client)
    await stack.enter_async_context(client)

    async def call(i: int) -> str:
        reply = await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": f"{i} {PROMPT}"}],
            temperature=SAMPLING.temperature,
            top_p=SAMPLING.top_p,
            max_tokens=SAMPLING.max_tokens,
        )
        return reply.choices[0].message.content or ""

    return call


def request(i: int) -> Request:
    return Request(Task(f"bench/{i}", {}), 0, (Message("user", f"{i} {PROMPT}"),), sampling=SAMPLING)


async def ours(url: str, in_flight: int, stack: AsyncExitStack) -> Call:
    """Our model layer: the same call with retries, checks, limiter, usage and attempts."""
    model = open_model("m", base_url=url, concurrency=in_flight)
    stack.push_async_callback(model.close)

    async def call(i: int) -> str:
        return (await model.complete(request(i))).text

    return call


async def ours_with_store(url: str, in_flight: int, stack: AsyncExitStack) -> Call:
    """The same, with each call's rollout, attempts and reply durable before the reply is used."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    plan = ((f"bench/{i}", sample) for i in range(PLANNED) for sample in range(2))
    store = stack.enter_context(create_run(Path(folder) / "run", {}, plan))
    model = open_model("m", base_url=url, concurrency=in_flight)
    stack.push_async_callback(model.close)
    made: Counter[int] = Counter()  # a number comes twice: once warming up, once measured

    async def call(i: int) -> str:
        rollout = await store.begin(f"bench/{i}", made[i])
        made[i] += 1
        asked = request(i)
        reply = await model.complete(asked, lambda attempt: store.attempt(rollout, 0, "tested", attempt))
        await store.model_call(rollout, 0, "tested", asked, reply)
        return reply.text

    return call


CLIENTS: dict[str, Callable[[str, int, AsyncExitStack], Awaitable[Call]]] = {
    "openai, default transport": lambda u, n, s: bare(u, n, s, aiohttp=False),
    "openai, aiohttp": lambda u, n, s: bare(u, n, s, aiohttp=True),
    "evalkit": ours,
    "evalkit + store": ours_with_store,
}


# -- measuring -----------------------------------------------------------------------------------------


async def measure(client: str, url: str, in_flight: int, calls: int) -> Figure:
    """Warm up once through every connection, then make `calls` with `in_flight` at a time."""
    gc.set_threshold(*COLLECTOR)  # ours changes it: every client begins with Python's own
    async with AsyncExitStack() as stack:
        call = await CLIENTS[client](url, in_flight, stack)
        await make_calls(call, in_flight, in_flight)
        gc.collect()
        cpu, wall = process_time(), perf_counter()
        await make_calls(call, in_flight, calls)
        cpu, wall = process_time() - cpu, perf_counter() - wall
    return Figure(1000 * cpu / calls, calls / wall)


async def make_calls(call: Call, in_flight: int, calls: int) -> None:
    numbers = iter(range(calls))

    async def worker() -> None:
        for i in numbers:
            text = await call(i)
            if text != REPLY:
                raise SystemExit(f"call {i} got a wrong reply: {text[:80]!r}")

    await asyncio.gather(*(worker() for _ in range(in_flight)))


def run(in_flight: list[int], rounds: int, calls: int | None) -> dict[str, dict[int, list[Figure]]]:
    """Figures by client and calls in flight, one for each round."""
    raise_open_files(max(in_flight) + SPARE_FILES)
    figures: dict[str, dict[int, list[Figure]]] = {c: {n: [] for n in in_flight} for c in CLIENTS}
    with running("--reply", REPLY) as url:
        for number in range(rounds):
            # every other round the other way round: no client always has the quiet minute. All sizes of
            # one client follow each other, so that its own throughputs can be compared
            order = list(CLIENTS) if number % 2 == 0 else list(reversed(CLIENTS))
            for client, n in itertools.product(order, in_flight):
                figure = asyncio.run(measure(client, url, n, calls or max(2000, 2 * n)))
                figures[client][n].append(figure)
                say(f"round {number + 1}/{rounds}  {n:>5} in flight  {client:<26} {show(figure)}")
    return figures


def show(figure: Figure) -> str:
    return f"{figure.cpu_ms:6.2f} ms CPU/call  {figure.per_s:7.0f} calls/s"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# -- reporting -----------------------------------------------------------------------------------------


def summarise(figures: dict[str, dict[int, list[Figure]]]) -> dict[str, Any]:
    """Medians, and the ratios that the goals are about. Ratios are taken within a round, then medians."""
    table = {
        client: {
            str(n): {
                "cpu_ms": statistics.median(f.cpu_ms for f in rounds),
                "per_s": statistics.median(f.per_s for f in rounds),
            }
            for n, rounds in by_n.items()
        }
        for client, by_n in figures.items()
    }
    numbers = sorted(figures["evalkit"])
    ratios: dict[str, Any] = {
        name: {str(n): cpu_ratio(figures[client][n], figures["openai, aiohttp"][n]) for n in numbers}
        for client, name in (("evalkit", "cpu"), ("evalkit + store", "cpu_with_store"))
        if client in figures
    }
    most, fewest = numbers[-1], numbers[0]
    ratios["throughput_kept"] = throughput_ratio(figures["evalkit"][most], figures["evalkit"][fewest])
    return {"in_flight": numbers, "clients": table, "ratios": ratios, "goals": GOALS}


def cpu_ratio(these: list[Figure], those: list[Figure]) -> float:
    return statistics.median(a.cpu_ms / b.cpu_ms for a, b in zip(these, those, strict=True))


def throughput_ratio(these: list[Figure], those: list[Figure]) -> float:
    return statistics.median(a.per_s / b.per_s for a, b in zip(these, those, strict=True))


def report(summary: dict[str, Any]) -> None:
    for client, by_n in summary["clients"].items():
        for n, row in by_n.items():
            print(f"{client:<26} {n:>5} in flight  {show(Figure(row['cpu_ms'], row['per_s']))}")
    ratios, goals = summary["ratios"], summary["goals"]
    print()
    for name in ("cpu", "cpu_with_store"):
        for n, ratio in ratios.get(name, {}).items():
            print(f"{name:<18} {n:>5} in flight  {ratio:.2f}x of openai + aiohttp (goal: {goals[name]}x)")
    kept = ratios["throughput_kept"]
    print(
        f"throughput kept from {summary['in_flight'][0]} to {summary['in_flight'][-1]} in flight: {kept:.2f}"
    )


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--in-flight", type=int, nargs="+", default=[64, 256, 1024])
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--calls", type=int, help="calls a round (default: 2000, or twice the calls in flight)")
    p.add_argument("--json", action="store_true", help="the last line of stdout is one JSON object")
    args = p.parse_args()
    summary = summarise(run(sorted(args.in_flight), args.rounds, args.calls))
    report(summary)
    if args.json:
        print(json.dumps(summary))


if __name__ == "__main__":
    main()
