"""The authors' figures, as summarize_results of benchmark.py (commit 5dc9490) makes them.

They divide by `completed`: exercises with a result. There an exercise that broke has one too, and counts as
failed; here what broke is missing, and the score says how much of it is covered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evalkit.samples import Sampled

SCORED = ("passed", "failed")


def statistics(samples: Iterable[Sampled], tries: int) -> Mapping[str, float | None]:
    """Figures by the authors' names, in their order; None is unknown. Times are seconds, cost US dollars."""
    planned = list(samples)
    done = [sample for sample in planned if sample.outcome in SCORED]
    if not done:
        return {"total_tests": float(len(planned))}
    passed = [passed_by(done, attempt, tries) for attempt in range(1, tries + 1)]
    malformed = sum(bool(sample.facts.get("malformed_responses")) for sample in done)
    rates = {f"pass_rate_{n}": percent(count, len(done)) for n, count in enumerate(passed, 1)}
    counts = {f"pass_num_{n}": count for n, count in enumerate(passed, 1)}
    return {
        "test_cases": float(len(done)),
        **rates,
        **counts,
        "percent_cases_well_formed": percent(len(done) - malformed, len(done)),
        "error_outputs": total(done, "error_outputs"),
        "num_malformed_responses": total(done, "malformed_responses"),
        "num_with_malformed_responses": float(malformed),
        "user_asks": total(done, "user_asks"),
        "lazy_comments": total(done, "lazy_comments"),
        "syntax_errors": total(done, "syntax_errors"),
        "indentation_errors": total(done, "indentation_errors"),
        "exhausted_context_windows": total(done, "exhausted_context_windows"),
        "test_timeouts": total(done, "test_timeouts"),
        "total_tests": float(len(planned)),
        "seconds_per_case": mean(seconds(sample) for sample in done),
        "total_cost": whole(sample.cost for sample in done),
        "cost_per_case": mean(sample.cost for sample in done),
    }


def without_tries(samples: Iterable[Sampled]) -> Mapping[str, float | None]:
    """What is left of them where there are neither edit formats nor tries."""
    planned = list(samples)
    done = [sample for sample in planned if sample.outcome in SCORED]
    return {
        "test_cases": float(len(done)),
        "total_tests": float(len(planned)),
        "seconds_per_case": mean(seconds(sample) for sample in done),
        "total_cost": whole(sample.cost for sample in done),
        "cost_per_case": mean(sample.cost for sample in done),
    }


def passed_by(done: Sequence[Sampled], attempt: int, tries: int) -> float | None:
    """How many passed with at most that many tries.

    The verdict says whether (tests run anew on the final work), the rollout by which try. None where that is
    asked of one that tells no try: a replayed patch.
    """
    passed = [sample for sample in done if sample.outcome == "passed"]
    if attempt >= tries:
        return float(len(passed))
    needed = [needed_by(sample, tries) for sample in passed]
    return None if None in needed else float(sum(n is not None and n <= attempt for n in needed))


def needed_by(sample: Sampled, tries: int) -> int | None:
    """By which try it passed. Where its own tests did not say so (a budget ended it before they ran), by the
    try that it was in."""
    if not sample.facts.get("replies"):
        return None
    outcomes = sample.facts["outcomes"]
    return len(outcomes) if True in outcomes else min(len(outcomes) + 1, tries)


def percent(part: float | None, of: int) -> float | None:
    return None if part is None else 100.0 * part / of


def total(done: Iterable[Sampled], name: str) -> float:
    return float(sum(sample.facts.get(name) or 0 for sample in done))


def seconds(sample: Sampled) -> float | None:
    """Of model and tools: the tests' time does not count, as with the authors."""
    if sample.model_s is None:
        return None
    return sample.model_s + float(sample.facts.get("tools_s") or 0.0)


def mean(values: Iterable[float | None]) -> float | None:
    known = list(values)
    in_all = whole(known)
    return None if in_all is None or not known else in_all / len(known)


def whole(values: Iterable[float | None]) -> float | None:
    """Their sum; None where one is unknown."""
    known = list(values)
    return None if any(value is None for value in known) else float(sum(value or 0.0 for value in known))
