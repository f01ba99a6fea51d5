"""What runs say beside their score: where samples went, how often tasks pass again, what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.content import ACCOUNTS, RunFacts
from evalkit.report.labels import Labels
from evalkit.report.page.looks import Looks
from evalkit.report.page.marks.bars import stacked, swatch
from evalkit.report.page.marks.plot import Fan, Priced, fan, pareto

Named = tuple[str, Sequence[RunFacts]]


@dataclass(frozen=True)
class Account:
    run: RunFacts
    name: str
    bar: Markup
    counts: Sequence[int]
    score: str
    interval: str
    bounds: str


@dataclass(frozen=True)
class Accounts:
    """`classes` are those that some run has a sample in, with the look of each; `suites` by title."""

    classes: Sequence[str]
    swatches: Sequence[Markup]
    suites: Sequence[tuple[str, Sequence[Account]]]


@dataclass(frozen=True)
class Repeats:
    """One suite: its plot and the same numbers. `rows`: name, pass@k, pass^k, two standard errors."""

    title: str
    plot: Markup
    ks: Sequence[int]
    rows: Sequence[tuple[str, Sequence[str], Sequence[str], str, str]]


@dataclass(frozen=True)
class Price:
    """Words, and the number behind each for sorting."""

    run: RunFacts
    name: str
    figures: Sequence[tuple[str, str]]
    front: bool


@dataclass(frozen=True)
class Prices:
    title: str
    plot: Markup
    lines: Sequence[Price]


def by_suite(runs: Sequence[RunFacts]) -> list[Named]:
    """Runs of one suite and setting's data together, in order of first appearance."""
    found: dict[str, list[RunFacts]] = {}
    for run in runs:
        found.setdefault(run.summary.title or run.setting.suite, []).append(run)
    return list(found.items())


# -- into the samples ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entries:
    """One suite: its runs by name; beside the first of them each other one over the same data, as ids of
    both ("A B") and that one's name."""

    title: str
    runs: Sequence[tuple[RunFacts, str]]
    pairs: Sequence[tuple[str, str]]


def entries(runs: Sequence[RunFacts]) -> list[Entries]:
    return [
        Entries(title, [(run, name_among(run, some)) for run in some], list(pairs(some)))
        for title, some in by_suite(runs)
    ]


def pairs(runs: Sequence[RunFacts]) -> Iterator[tuple[str, str]]:
    for other in runs[1:]:
        first = runs[0]
        if first.setting.suite == other.setting.suite and first.setting.revision == other.setting.revision:
            yield f"{first.id} {other.id}", name_among(other, runs)


# -- where samples went ----------------------------------------------------------------------------


def accounts(runs: Sequence[RunFacts], labels: Labels) -> Accounts:
    classes = [name for name in ACCOUNTS if any(run.accounts.get(name) for run in runs)]
    suites = [
        (title, [account(run, name_among(run, some), classes, labels) for run in some])
        for title, some in by_suite(runs)
    ]
    return Accounts(classes, [swatch(name) for name in classes], suites)


def account(run: RunFacts, name: str, classes: Sequence[str], labels: Labels) -> Account:
    low, high = run.summary.bounds
    return Account(
        run,
        name,
        stacked({name: run.accounts.get(name, 0) for name in classes}),
        [run.accounts.get(name, 0) for name in classes],
        "–" if run.score is None else labels.number(run.score),
        labels.interval(run.interval.low, run.interval.high) if run.interval else "–",
        labels.interval(100 * low, 100 * high) if high > low else "–",
    )


# -- several samples a task ------------------------------------------------------------------------


def repeats(runs: Sequence[RunFacts], looks: Looks, labels: Labels) -> Iterator[Repeats]:
    for title, some in by_suite(runs):
        many = [run for run in some if run.spread and len({*run.spread.pass_at, *run.spread.pass_hat}) > 1]
        if not many:
            continue
        spreads = [(run, run.spread) for run in many if run.spread]
        ks = sorted({k for _, s in spreads for k in (*s.pass_at, *s.pass_hat)})
        fans = [
            Fan(looks.of[run.model.id], name_among(run, many), s.pass_at, s.pass_hat) for run, s in spreads
        ]
        rows = [
            (
                name_among(run, many),
                [share(s.pass_at.get(k), labels) for k in ks],
                [share(s.pass_hat.get(k), labels) for k in ks],
                share(s.standard_error, labels),
                share(s.run_error, labels),
            )
            for run, s in spreads
        ]
        yield Repeats(
            title, fan(fans, f"{labels('reliability.title')}: {title}", labels("reliability.k")), ks, rows
        )


def share(fraction: float | None, labels: Labels) -> str:
    return "–" if fraction is None else labels.number(100 * fraction)


def name_among(run: RunFacts, others: Sequence[RunFacts]) -> str:
    """The model's name; where several runs of the suite are of that model, with what tells them apart."""
    same = [other for other in others if other.model.id == run.model.id]
    if len(same) == 1:
        return run.model.display
    title = run.summary.title  # stands over them all
    return f"{run.model.display}, {run.label.removeprefix(f'{title}, ')}"


# -- cost ------------------------------------------------------------------------------------------


def prices(runs: Sequence[RunFacts], looks: Looks, labels: Labels) -> Iterator[Prices]:
    for title, some in by_suite(runs):
        priced = {run.id: (per_task(run), run.score) for run in some}
        front = {
            run.id
            for run in some
            if (here := known(priced[run.id])) and not any(beats(known(p), here) for p in priced.values())
        }
        points = [
            Priced(looks.of[run.model.id], name_among(run, some), here[0], here[1], run.id in front)
            for run in some
            if (here := known(priced[run.id])) and here[0] > 0
        ]
        says = f"{labels('cost.title')}: {title}"
        plot = pareto(points, says, labels("cost.axis")) if len(points) > 1 else Markup("")
        yield Prices(
            title,
            plot,
            [
                price(run, name_among(run, some), labels, front=len(points) > 1 and run.id in front)
                for run in some
            ],
        )


def per_task(run: RunFacts) -> float | None:
    """Dollars. Samples that were not run have cost nothing, and are not divided by."""
    tried = run.summary.planned - run.accounts.get("not_run", 0)
    return None if run.summary.cost is None or not tried else run.summary.cost / tried


def known(pair: tuple[float | None, float | None]) -> tuple[float, float] | None:
    cost, score = pair
    return None if cost is None or score is None else (cost, score)


def beats(one: tuple[float, float] | None, other: tuple[float, float]) -> bool:
    """As cheap and as good, and better in one of them."""
    if one is None or one == other:
        return False
    return one[0] <= other[0] and one[1] >= other[1]


def price(run: RunFacts, name: str, labels: Labels, *, front: bool) -> Price:
    s, each = run.summary, per_task(run)
    unknown = labels("value.unknown")
    score = ("–", "") if run.score is None else (labels.number(run.score), f"{run.score:g}")
    free = labels("value.local") if s.local else unknown
    costs = [(free, "") if cost is None else (labels.money(cost), f"{cost:g}") for cost in (s.cost, each)]
    tokens = [
        (unknown, "") if (n := s.tokens.get(name)) is None else (labels.count(n), str(n))
        for name in ("prompt", "completion")
    ]
    return Price(run, name, [score, *costs, *tokens, (labels.duration(s.wall_s), f"{s.wall_s:g}")], front)
