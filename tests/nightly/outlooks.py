"""An outlook like a real plan's, of made-up series: what a page is made from, without folders and runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from evalkit.nightly.history import Night, Series
from evalkit.nightly.look import outlook
from evalkit.nightly.standing import Note, Outlook, Quarantined
from evalkit.nightly.states import Ack, Expectation, Put, States
from tests.nightly.nights import FIRST, broken, shares, simulated

SUITES: Mapping[str, tuple[str, int, int]] = {
    "swebench": ("SWE-bench Verified", 300, 1),
    "terminal-bench": ("Terminal-Bench", 80, 3),
    "aider-polyglot": ("Aider-Polyglot", 225, 1),
    "livecodebench": ("LiveCodeBench v6", 250, 1),
    "humaneval": ("HumanEval", 164, 1),
    "mbpp": ("MBPP", 200, 1),
}
MODELS = ("Qwen3-Coder", "Kimi-K2", "DeepSeek-V3")


def facts(moved: int) -> Callable[[int], Mapping[str, str]]:
    """`moved`: the night at which the server has another version."""

    def of(night: int) -> Mapping[str, str]:
        return {
            "endpoint": "http://10.0.0.7:8000",
            "engine": f"vLLM 0.11.{int(night >= moved)}",
            "evalkit": "0.9.1" if night < moved // 2 else "0.9.2",
            "sampling": "temperature 0.7, top-p 0.8",
        }

    return of


def level(of: Sequence[float], off: float, since: int) -> Callable[[int], Sequence[float]]:
    """`of` with another mean from night `since` on: tasks that are sure move by twice `off` as a whole."""
    lost = round(abs(off) * len(of))
    easy = sorted(range(len(of)), key=lambda i: of[i], reverse=off < 0)[:lost]
    other = [1 - of[i] if i in easy else p for i, p in enumerate(of)]
    return lambda night: of if night < since else other


def one(
    suite: str,
    model: str,
    seed: int,
    *,
    nights: int,
    off: float = 0.0,
    since: int = 10_000,
    key: Callable[[int], str] = lambda night: "",
) -> Series:
    title, tasks, samples = SUITES[suite]
    made = simulated(
        nights,
        level(shares(tasks, seed), off, since),
        seed=seed,
        samples=samples,
        facts=facts(since if since < nights else nights - 30),
        key=key,
    )
    return Series(
        suite, model, tuple(replace(n, used=used(n)) for n in made), samples, title, f"{suite}--{model}"
    )


def used(night: Night) -> Mapping[str, float | None]:
    return {
        "cost": 0.01 * night.planned,
        "input_tokens": 900.0 * night.planned,
        "seconds": 3.0 * night.planned,
    }


MOVED = {0: (-0.035, 8), 4: (-0.06, 20), 8: (0.05, 9), 12: (-0.1, 12)}  # by how much, nights before the end
REVISED, AGO = 15, 20  # the series whose suite has another revision, and since how many nights
LITTLE = frozenset((*MOVED, 1, REVISED))  # with all that is told of


def a_plan(nights: int = 60, only: Collection[int] = range(18)) -> Outlook:
    """18 series, or those of these numbers, LITTLE at least: a drop, an acknowledged one, a rise, an expected
    drop, a revision of a suite, a hollow night, a gap, and quarantined tasks."""
    series: dict[int, Series] = {}
    for number, (suite, model) in enumerate((s, m) for s in SUITES for m in MODELS):
        if number in only:
            off, ago = MOVED.get(number, (0.0, -10_000))
            since, key = nights - ago, revision(nights - AGO if number == REVISED else nights)
            series[number] = one(suite, model, number, nights=nights, off=off, since=since, key=key)
    first = list(series[0].nights)
    first[nights - 18] = broken(first[nights - 18], 0.074)
    del first[nights - 30]
    series[0] = replace(series[0], nights=tuple(first))
    last = FIRST + timedelta(nights - 1)
    return outlook("coding", list(series.values()), said(series, last), last)


def revision(since: int) -> Callable[[int], str]:
    return lambda night: json.dumps({"data": "revision 8" if night >= since else "revision 7"})


def said(series: Mapping[int, Series], last: date) -> States:
    """What people said by the last night."""
    issue, until = "https://example.org/issues/7", last + timedelta(20)
    known = Note("ada", "quantised weights, on purpose", last - timedelta(15), issue, until)
    swe = "swebench"
    over = Quarantined(swe, "task-3", "fetches from the network", "ada", FIRST, last - timedelta(5))
    late = Quarantined(swe, "task-7", "time-dependent assertion", "bob", FIRST, last + timedelta(9), "#12")
    return States(
        (Ack(series[4].id, "drop", last - timedelta(22), last - timedelta(17), known),),
        (Expectation(series[12].id, last - timedelta(11), Note("bob", "a smaller model", last)),),
        (Put(over), Put(late)),
    )
