"""SWE-bench Verified with ten models on eight machines: hours, images, disk and money, before it is bought.

    python benchmarks/scale.py [--machines 8] [--workspaces 8] [--keep] [--seed 1] [--one FIGURE=VALUE ...]

A simulation of `evalkit run swebench --model A --model B ... --workers ray`, event by event. Work is split
among nodes by evalkit's own code (evalkit/run/cluster/shares.py), over the data set's instances. How long and
how much a rollout is, is drawn (seeded) from FIGURES: most are assumed, and say so. Have yours from a pilot
(`evalkit run swebench --limit 20 --model ...`), and give them with --one.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import random
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from evalkit.run.cluster.shares import Shares

FIGURES: dict[str, tuple[float, str]] = {
    "turns": (40, "median turns of a rollout; assumed"),
    "turns_spread": (0.5, "sigma of its lognormal; assumed"),
    "turns_most": (250, "mini-swe-agent's step limit"),
    "reply_s": (8, "median seconds of one reply; assumed"),
    "reply_spread": (0.6, "assumed"),
    "command_s": (1.5, "median seconds of one turn's commands, with what evalkit adds; assumed"),
    "command_spread": (1.0, "assumed"),
    "tests_s": (60, "median seconds of one grading; assumed"),
    "tests_spread": (1.0, "assumed"),
    "tests_most": (1800, "the official limit"),
    "gradings": (2, "official and strict"),
    "start_s": (3, "a workspace and its checks; measured 0.3 to 3 s (docs/swebench.md)"),
    "node_s": (60, "until a node's sandbox is open, each run; assumed"),
    "first_tokens": (3000, "of the first prompt; assumed"),
    "turn_tokens": (700, "that each turn adds to the next prompt; assumed"),
    "reply_tokens": (250, "of one reply; assumed"),
    "disk_gib": (240, "all images unpacked (LogicStar, 2025)"),
    "packed_gib": (100, "all images as they are sent (LogicStar, 2025: over 100)"),
    "shared": (0.5, "share of that in layers that a repository's version has in common; assumed"),
    "mb_s": (50, "megabytes a second that one machine pulls; assumed"),
}


@dataclass(frozen=True)
class Instance:
    id: str
    layers: str  # repository and version: what it shares with others


@dataclass(eq=False)
class Machine:
    number: int
    rooms: int
    judges: int
    held: set[str] = field(default_factory=set)  # layers and images that it has
    running: int = 0
    pulling_until: float = 0.0
    grading: list[float] = field(default_factory=list)  # when its places are free
    packed: float = 0.0  # bytes that it pulled
    disk: float = 0.0


@dataclass(frozen=True)
class Model:
    name: str
    input: float  # US dollars per million tokens
    output: float


@dataclass(frozen=True)
class Ran:
    """One model's run: seconds, dollars, and how busy its machines' rooms were."""

    model: Model
    seconds: float
    cost: float
    made: Mapping[int, int]  # rollouts by machine
    busy: float  # share of the rooms' time in which a rollout was at work
    calls_s: float  # model calls a second while all rooms are at work
    tokens_min: float  # prompt tokens a minute, likewise
    again: int  # attempts that a lost machine held


class Drawn:
    """What one rollout comes to."""

    def __init__(self, figure: Mapping[str, float], draw: random.Random) -> None:
        def near(name: str) -> float:
            return draw.lognormvariate(0, figure[f"{name}_spread"]) * figure[f"{name}{kind[name]}"]

        kind = {"turns": "", "reply": "_s", "command": "_s", "tests": "_s"}
        self.turns = round(min(max(1, near("turns")), figure["turns_most"]))
        self.seconds = figure["start_s"] + sum(near("reply") + near("command") for _ in range(self.turns))
        self.tests = min(near("tests"), figure["tests_most"]) * figure["gradings"]
        prompts = (
            figure["first_tokens"] * self.turns + figure["turn_tokens"] * self.turns * (self.turns - 1) / 2
        )
        self.prompt_tokens, self.reply_tokens = prompts, figure["reply_tokens"] * self.turns

    def cost(self, model: Model) -> float:
        return (self.prompt_tokens * model.input + self.reply_tokens * model.output) / 1e6


def one_run(
    instances: Sequence[Instance],
    machines: Sequence[Machine],
    model: Model,
    figure: Mapping[str, float],
    draw: random.Random,
    lose: tuple[int, float] | None = None,
) -> Ran:
    """One model over all instances. `lose`: a machine's number, and after how many seconds it is gone."""
    ordered = sorted(instances, key=lambda one: (one.layers, one.id))
    drawn = {one.id: Drawn(figure, draw) for one in ordered}
    shares: Shares[Instance] = Shares(ordered, lambda one: one.id, len(machines), lambda m: m.held)
    sizes = layer_sizes(instances, figure)
    made = dict.fromkeys((machine.number for machine in machines), 0)
    gone: set[int] = set()
    end, again, order = 0.0, 0, itertools.count()
    events: list[tuple[float, int, str, Machine, Instance | None]] = []
    holds: dict[str, Machine] = {}
    for machine in machines:
        machine.running, machine.grading = 0, [figure["node_s"]] * machine.judges
        machine.pulling_until = 0.0
        for _ in range(machine.rooms):
            heapq.heappush(events, (figure["node_s"], next(order), "room", machine, None))
    if lose is not None:
        heapq.heappush(events, (lose[1], next(order), "lost", machines[lose[0]], None))
    while events:
        now, _, kind, machine, instance = heapq.heappop(events)
        if kind == "lost":
            gone.add(machine.number)
            for one in [i for i in ordered if holds.get(i.id) is machine]:
                shares.back(one)
                del holds[one.id]
                again += 1
            for other in machines:  # whoever had nothing left to do takes them up
                for _ in range(other.rooms - other.running if other.number not in gone else 0):
                    heapq.heappush(events, (now, next(order), "room", other, None))
            continue
        if machine.number in gone:
            continue
        if kind == "made" and instance is not None:
            machine.running -= 1
            first = heapq.heappop(machine.grading)
            done = max(first, now) + drawn[instance.id].tests
            heapq.heappush(machine.grading, done)
            heapq.heappush(events, (done, next(order), "graded", machine, instance))
        elif kind == "graded" and instance is not None:
            holds.pop(instance.id, None)
            made[machine.number] += 1
            end = max(end, now)
            continue
        if machine.running < machine.rooms and (taken := shares.take(machine)) is not None:
            holds[taken.id] = machine
            machine.running += 1
            ready = pulled(machine, taken, sizes, figure, now)
            heapq.heappush(events, (ready + drawn[taken.id].seconds, next(order), "made", machine, taken))
    assert sum(made.values()) == len(instances), "every instance once"
    work = sum(one.seconds for one in drawn.values())
    rooms = sum(machine.rooms for machine in machines)
    calls_s = rooms * sum(one.turns for one in drawn.values()) / work
    tokens_min = 60 * rooms * sum(one.prompt_tokens for one in drawn.values()) / work
    cost = sum(one.cost(model) for one in drawn.values())
    return Ran(model, end, cost, made, work / (rooms * end), calls_s, tokens_min, again)


def layer_sizes(instances: Sequence[Instance], figure: Mapping[str, float]) -> dict[str, float]:
    """Bytes on disk of what is shared ("layers") and of what an image has alone, by name."""
    whole = figure["disk_gib"] * 2**30
    versions = {one.layers for one in instances}
    each = {version: whole * figure["shared"] / len(versions) for version in versions}
    return {**each, **{one.id: whole * (1 - figure["shared"]) / len(instances) for one in instances}}


def pulled(
    machine: Machine, one: Instance, sizes: Mapping[str, float], figure: Mapping[str, float], now: float
) -> float:
    """When its image is there: pulls of one machine follow one another."""
    missing = [name for name in (one.layers, one.id) if name not in machine.held]
    if not missing:
        return max(now, 0.0)
    size = sum(sizes[name] for name in missing)
    packed = size * figure["packed_gib"] / figure["disk_gib"]
    machine.held.update(missing)
    machine.packed += packed
    machine.disk += size
    machine.pulling_until = max(now, machine.pulling_until) + packed / (figure["mb_s"] * 1e6)
    return machine.pulling_until


def all_runs(
    instances: Sequence[Instance],
    models: Sequence[Model],
    figure: Mapping[str, float],
    *,
    machines: int,
    workspaces: int,
    judges: int,
    keep: bool,
    seed: int,
    lose: tuple[int, float] | None = None,
) -> tuple[list[Ran], list[Machine]]:
    """One model after the other. `keep`: images stay for the next (--keep-images)."""
    fleet = [Machine(number, workspaces, judges) for number in range(machines)]
    ran = []
    for number, model in enumerate(models):
        if not keep:
            for machine in fleet:
                machine.held.clear()
                machine.disk = 0.0
        draw = random.Random(f"{seed}/{model.name}")
        ran.append(one_run(instances, fleet, model, figure, draw, lose if number == 0 else None))
    return ran, fleet


# -- what it is asked of ---------------------------------------------------------------------------


def verified() -> list[Instance]:
    """The instances of SWE-bench Verified."""
    from evalkit.data import load_data
    from evalkit.registry import open_suite

    rows = load_data(open_suite("swebench")).records
    return [Instance(str(row["instance_id"]), f"{row['repo']} {row['version']}") for row in rows]


def priced(count: int) -> list[Model]:
    """The catalog's first models with a price, at their cheapest provider."""
    from evalkit.models.catalog import load_catalog

    found = []
    for name, entry in load_catalog().entries.items():
        if entry.prices:
            price = min(entry.prices.values(), key=lambda p: (p.input, p.output))
            found.append(Model(name, float(price.input), float(price.output)))
    return found[:count]


def lines(ran: Sequence[Ran], fleet: Sequence[Machine]) -> Iterator[str]:
    yield "| model | hours | API, US dollars | a rollout |"
    yield "|---|---|---|---|"
    for one in ran:
        each = one.cost / max(1, sum(one.made.values()))
        yield f"| {one.model.name} | {one.seconds / 3600:.1f} | {one.cost:,.0f} | {each:.2f} |"
    hours = sum(one.seconds for one in ran) / 3600
    yield f"| **all** | **{hours:.1f}** | **{sum(one.cost for one in ran):,.0f}** | |"
    packed, disk = [m.packed / 2**30 for m in fleet], [m.disk / 2**30 for m in fleet]
    yield ""
    yield f"machine hours: {hours * len(fleet):,.0f}"
    yield f"pulled by a machine: {min(packed):.0f} to {max(packed):.0f} GiB, {sum(packed):,.0f} in all"
    yield f"images on a machine's disk at the end: {min(disk):.0f} to {max(disk):.0f} GiB"
    share = [n for one in ran for n in one.made.values()]
    middle = statistics.median(share)
    yield f"rollouts of one machine in one run: {min(share)} to {max(share)}, median {middle:g}"
    busy = statistics.mean(one.busy for one in ran)
    yield f"rooms at work: {busy:.0%} of the time; the rest waits for the last rollouts"
    yield (
        f"while all are: {max(one.calls_s for one in ran):.1f} calls a second,"
        f" {max(one.tokens_min for one in ran) / 1e6:.1f} million prompt tokens a minute"
    )
    if any(one.again for one in ran):
        yield f"attempts made again: {sum(one.again for one in ran)}"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--machines", type=int, default=8)
    asked.add_argument("--workspaces", type=int, default=8, help="a machine's docker")
    asked.add_argument("--judges", type=int, default=9, help="computing programs of a machine: its cores + 1")
    asked.add_argument("--models", type=int, default=10)
    asked.add_argument("--keep", action="store_true", help="--keep-images")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--lose", type=float, metavar="HOURS", help="one machine is gone in the first run")
    asked.add_argument("--one", action="append", default=[], metavar="FIGURE=VALUE", help=", ".join(FIGURES))
    given = asked.parse_args()
    figure = {name: value for name, (value, _) in FIGURES.items()}
    for text in given.one:
        name, _, value = text.partition("=")
        if name not in figure:
            asked.error(f"no figure {name!r}: {', '.join(figure)}")
        figure[name] = float(value)
    how: dict[str, Any] = {
        name: getattr(given, name) for name in ("machines", "workspaces", "judges", "keep", "seed")
    }
    lose = None if given.lose is None else (0, given.lose * 3600)
    ran, fleet = all_runs(verified(), priced(given.models), figure, **how, lose=lose)
    print("\n".join(lines(ran, fleet)))


if __name__ == "__main__":
    main()
