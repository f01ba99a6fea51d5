"""What came of a run: counts that sum to what was planned, pass@k, pass^k, interval, bounds, tokens, cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.outcome import EXCLUDED, SCORED, Outcome
from evalkit.stats.intervals import wilson_of_means
from evalkit.stats.passk import mean_pass_at_k, mean_pass_hat_k

KS = (1, 5, 10, 100)  # of pass@k
HAT_KS = (2, 3, 4, 5, 10, 100)  # of pass^k; pass^1 is pass@1
UNAVAILABLE = "unavailable"  # a reason of not_run
STEPS = {"easy": 0, "medium": 1, "hard": 2}  # values that have an order of their own


@dataclass(frozen=True)
class Summary:
    """Fractions are in 0..1, `interval` is 95% Wilson over tasks, times seconds, cost US dollars.

    `excluded` tasks are no part of the score, by name, and why: their samples are among `planned`, and not
    among the `expected`. `bounds` are [passed / expected, (passed + errors + not run) / expected]: where the
    score must lie once everything missing is scored. `pass_at` (any of k samples passes: pass@k) and
    `pass_hat` (all do: pass^k) hold a k only where every task has k samples.
    `tasks` were chosen from the `of` tasks of `scope`, the part of the benchmark; `doubts` say why the score
    cannot be compared with published ones. `breakdown` holds [passed, scored] samples by tag and its value,
    `pass_at_by` tasks and pass@k in the same way. `unjudged` answers have no verdict of the way that was
    asked for: the score is then by an earlier way. `statistics` are what the authors report beside the score,
    as the suite has them. `budget` are the limits of one rollout that were given (Budget's fields), `roles`
    the models of other roles by role. `unavailable`: of the `tasks`, those of which no sample can be run
    here. `local`: the model is served on this machine, so that its calls have no price.
    """

    run: str
    suite: str
    title: str
    model: str
    scaffold: str
    protocol: str
    scorer: str
    planned: int
    tasks: int
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    pass_at: Mapping[str, float]
    interval: tuple[float, float] | None
    bounds: tuple[float, float]
    pass_hat: Mapping[str, float] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)
    breakdown: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    pass_at_by: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    scope: str = ""
    of: int = 0
    doubts: tuple[str, ...] = ()
    authors: float | None = None
    tokens: Mapping[str, int | None] = field(default_factory=dict)
    cost: float | None = None
    wall_s: float = 0.0
    end: str = "done"
    end_detail: str = ""
    strict: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    unjudged: int = 0
    statistics: Mapping[str, float | None] = field(default_factory=dict)
    budget: Mapping[str, float] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
    unavailable: int = 0
    local: bool = False

    @property
    def expected(self) -> int:
        """Planned samples, less those of excluded tasks."""
        return self.planned - self.reasons.get(f"{Outcome.NOT_RUN}/{EXCLUDED}", 0)

    @property
    def runnable(self) -> tuple[int, int]:
        """(k, N): of all tasks that were chosen, those that can be run here and are part of the score."""
        return self.tasks - self.unavailable, self.tasks + len(self.excluded)

    @property
    def scored(self) -> int:
        return sum(self.counts[o] for o in SCORED)

    @property
    def complete(self) -> bool:
        return self.scored == self.expected

    @property
    def missing_rate(self) -> float:
        return max(self.expected - self.scored, self.unjudged) / self.expected if self.expected else 0.0

    @property
    def pass_1(self) -> float | None:
        return self.pass_at.get("pass@1")

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints: docs/machine-interface.md."""
        return {
            "run": self.run,
            "suite": self.suite,
            **({"scope": self.scope} if self.scope else {}),
            "model": self.model,
            "scaffold": self.scaffold,
            "protocol": self.protocol,
            "scorer": self.scorer,
            "pass@1": self.pass_1,
            **{name: value for name, value in self.pass_at.items() if name != "pass@1"},
            **self.pass_hat,
            "interval": list(self.interval) if self.interval else None,
            "bounds": list(self.bounds),
            "complete": self.complete,
            "planned": self.planned,
            "scored": self.scored,
            **({"excluded": dict(self.excluded)} if self.excluded else {}),
            "tasks": self.tasks,
            "of": self.of,
            **({"runnable": self.runnable[0]} if self.unavailable else {}),
            "counts": dict(self.counts),
            "reasons": dict(self.reasons),
            "parts": dict(self.parts),
            "breakdown": {tag: {v: list(c) for v, c in by.items()} for tag, by in self.breakdown.items()},
            "pass_at_by": {tag: {v: dict(p) for v, p in by.items()} for tag, by in self.pass_at_by.items()},
            **({"statistics": dict(self.statistics)} if self.statistics else {}),
            **({"budget": dict(self.budget)} if self.budget else {}),
            **({"roles": dict(self.roles)} if self.roles else {}),
            "tokens": dict(self.tokens),
            "cost": self.cost,
            **({"local": True} if self.local else {}),
            "wall_s": round(self.wall_s, 3),
            "end": self.end,
            **({"doubts": list(self.doubts)} if self.doubts else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
            **({"strict": dict(self.strict)} if self.strict else {}),
            **({"authors": self.authors} if self.authors is not None else {}),
        }


@dataclass(frozen=True)
class Scores:
    """The counting part of a summary, from one row a sample."""

    counts: dict[str, int]
    reasons: dict[str, int]
    pass_at: dict[str, float]
    pass_hat: dict[str, float]
    interval: tuple[float, float] | None
    bounds: tuple[float, float]
    parts: dict[str, float]
    breakdown: dict[str, dict[str, tuple[int, int]]]
    pass_at_by: dict[str, dict[str, dict[str, float]]]
    unavailable: int


def count(rows: Iterable[Mapping[str, Any]], tags: Mapping[str, Mapping[str, str]]) -> Scores:
    """Scores of `rows` (task_id, outcome, reason, parts), one a planned sample; `tags` by task id."""
    counts: Counter[str] = Counter({str(o): 0 for o in Outcome})
    reasons: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    tally: dict[str, list[int]] = {}
    somehow = set[str]()  # tasks with a sample that is no case of "unavailable"
    breakdown: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in rows:
        outcome = row["outcome"]
        counts[outcome] += 1
        if row["reason"]:
            reasons[f"{outcome}/{row['reason']}"] += 1
        if row["reason"] == EXCLUDED:
            continue
        n_c = tally.setdefault(row["task_id"], [0, 0])
        if row["reason"] != UNAVAILABLE:
            somehow.add(row["task_id"])
        if outcome not in SCORED:
            continue
        good = outcome == Outcome.PASSED
        n_c[0] += 1
        n_c[1] += good
        for name, value in (row.get("parts") or {}).items():
            parts[name] += bool(value)
        for tag, value in tags.get(row["task_id"], {}).items():
            cell = breakdown[tag][value]
            cell[0] += good
            cell[1] += 1
    unavailable = len(tally) - len(somehow)
    return _scores(counts, reasons, tally, parts, breakdown, by_tag(tally, tags), unavailable)


def by_tag(
    tally: Mapping[str, Sequence[int]], tags: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, dict[str, float]]]:
    """Number of tasks and pass@k by tag and its value, from (scored, passed) samples of each task."""
    groups: dict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for task_id, (n, c) in tally.items():
        for tag, value in tags.get(task_id, {}).items():
            groups[tag][value].append((n, c))
    return {
        tag: {value: {"tasks": len(by[value]), **pass_at_ks(by[value])} for value in in_order(by)}
        for tag, by in groups.items()
    }


def pass_at_ks(tasks: Sequence[tuple[int, int]]) -> dict[str, float]:
    """pass@k for each k that there are samples for; pass@1 leaves out tasks without any."""
    with_samples = [(n, c) for n, c in tasks if n]
    found = {k: mean_pass_at_k(with_samples if k == 1 else tasks, k) for k in KS}
    return {f"pass@{k}": value for k, value in found.items() if value is not None}


def pass_hat_ks(tasks: Sequence[tuple[int, int]]) -> dict[str, float]:
    """pass^k for each k that every task has samples for."""
    found = {k: mean_pass_hat_k(tasks, k) for k in HAT_KS}
    return {f"pass^{k}": value for k, value in found.items() if value is not None}


def in_order(values: Iterable[str]) -> list[str]:
    return sorted(values, key=lambda value: (STEPS.get(value, len(STEPS)), value))


def _scores(
    counts: Counter[str],
    reasons: Counter[str],
    tally: Mapping[str, list[int]],
    parts: Counter[str],
    breakdown: Mapping[str, Mapping[str, list[int]]],
    pass_at_by: dict[str, dict[str, dict[str, float]]],
    unavailable: int,
) -> Scores:
    expected = counts.total() - reasons[f"{Outcome.NOT_RUN}/{EXCLUDED}"]
    all_tasks = [(n, c) for n, c in tally.values()]
    with_samples = [(n, c) for n, c in all_tasks if n]
    passed = counts[Outcome.PASSED]
    missing = expected - passed - counts[Outcome.FAILED]
    return Scores(
        dict(counts),
        dict(sorted(reasons.items())),
        pass_at_ks(all_tasks),
        pass_hat_ks(all_tasks),
        wilson_of_means([c / n for n, c in with_samples]) if with_samples else None,
        (passed / expected, (passed + missing) / expected) if expected else (0.0, 1.0),
        # a sample whose verdict has no parts (no answer, say) passed in none of them
        {name: good / sum(n for n, _ in all_tasks) for name, good in parts.items()},
        {t: {v: (by[v][0], by[v][1]) for v in in_order(by)} for t, by in breakdown.items()},
        pass_at_by,
        unavailable,
    )
