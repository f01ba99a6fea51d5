"""The official score and what stands beside it on leaderboards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evalkit.samples import Sampled


def statistics(samples: Iterable[Sampled]) -> Mapping[str, float | None]:
    """`resolved_rate`: percent of all instances, in which empty patches, errors and missing predictions count
    too. Of several samples of an instance each counts for itself. `cost`: US dollars of the model's calls an
    instance, `turns`: its calls; None where a part is unknown."""
    planned = list(samples)
    total = len(planned)
    resolved = sum(sample.outcome == "passed" for sample in planned)
    return {
        "total_instances": float(total),
        "resolved_instances": float(resolved),
        "resolved_rate": 100 * resolved / total if total else None,
        "cost_per_instance": _mean([sample.cost for sample in planned]),
        "turns_per_instance": _mean([_turns(sample) for sample in planned]),
    }


def _turns(sample: Sampled) -> float | None:
    turns = sample.facts.get("turns")
    return float(turns) if isinstance(turns, int | float) else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
