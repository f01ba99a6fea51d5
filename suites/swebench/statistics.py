"""The official score and what stands beside it on leaderboards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evalkit.samples import Sampled


def statistics(samples: Iterable[Sampled]) -> Mapping[str, float | None]:
    """`resolved_rate`: percent of all instances, in which empty patches, errors and missing predictions count
    too. Of several samples of an instance each counts for itself. `cost_per_instance` (US dollars of the
    model's calls) and `turns_per_instance` (its calls) are of those that were tried; None where a part is
    unknown, and left out where all of it is, as of predictions that were given."""
    planned = list(samples)
    tried = [sample for sample in planned if sample.outcome != "not_run"]
    resolved = sum(sample.outcome == "passed" for sample in planned)
    counts = {"total_instances": float(len(planned)), "resolved_instances": float(resolved)}
    rate = 100 * resolved / len(planned) if planned else None
    return {
        **counts,
        "resolved_rate": rate,
        **_mean("cost_per_instance", [sample.cost for sample in tried]),
        **_mean("turns_per_instance", [_turns(sample) for sample in tried]),
    }


def _turns(sample: Sampled) -> float | None:
    turns = sample.facts.get("turns")
    return float(turns) if isinstance(turns, int | float) else None


def _mean(name: str, values: list[float | None]) -> dict[str, float | None]:
    known = [value for value in values if value is not None]
    if not known:
        return {}
    return {name: sum(known) / len(known) if len(known) == len(values) else None}
