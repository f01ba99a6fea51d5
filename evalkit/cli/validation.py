"""What `evalkit validate` found, and how people are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalkit.cli.text import Style, one_line, percent
from evalkit.run.summary import Summary

MANY = 12  # values of a tag that are shown one by one


@dataclass(frozen=True)
class Check:
    """Both runs and what they gave. `wrong` are samples that did not come out as they must."""

    oracle: Summary
    null: Summary
    wrong: tuple[dict[str, Any], ...]
    excepted: dict[str, str]  # exceptions that did not pass, and why they need not
    passing: tuple[str, ...]  # exceptions that pass after all
    untouched: dict[str, str]  # tasks that pass without an answer, as listed, and why
    unavailable: dict[str, str]  # tasks that cannot be tried here, and why
    untried: int  # how many were not: those, or without a gold answer that counts
    settled: int  # tasks that no model is asked: their answer is there already
    failing: dict[str, str]  # tasks that later runs exclude, and why: gold failed
    unproven: dict[str, str]  # tasks whose gold passes, but not strictly: later runs have no strict verdict
    certified: dict[str, Any]  # by certificates from before: how many of "gold" and "empty", since when

    @property
    def good(self) -> bool:
        """Where no gold answer was tried, nothing is proved."""
        return not self.wrong and self.untried < self.oracle.tasks

    def to_json(self) -> dict[str, Any]:
        """The oracle's summary, with the null model's and the findings in it."""
        return {
            **self.oracle.to_json(),
            "ok": self.good,
            "null": self.null.to_json(),
            "wrong": list(self.wrong),
            "exceptions": self.excepted,
            "exceptions_passing": list(self.passing),
            "passes_untouched": self.untouched,
            "unavailable": self.unavailable,
            "untried": self.untried,
            "settled": self.settled,
            "failing": self.failing,
            "unproven": self.unproven,
            "certified": self.certified,
        }


def report(check: Check, style: Style) -> str:
    oracle, null = check.oracle, check.null
    lines = [
        style.bold(
            one_line(f"{oracle.title} {oracle.scope}".strip() + f" · {oracle.protocol} · {oracle.scorer}")
        ),
        f"  gold answers   {percent(oracle.pass_1)}, {oracle.counts['passed']:,} of {oracle.planned:,} pass",
        f"  empty answers  {percent(null.pass_1)}, {null.counts['failed']:,} of {null.planned:,} fail",
    ]
    if oracle.strict and null.strict:
        gold, empty = (strictly["counts"] for strictly in (oracle.strict, null.strict))
        lines.append(
            f"  strictly       {gold['passed']:,} gold answers pass, {empty['failed']:,} empty ones fail"
        )
    lines += by_tag(oracle, null)
    if check.untried:
        lines.append(
            f"  not tried      {check.untried:,} tasks without a gold answer, tests or what they need"
        )
        lines += [f"    {one_line(task)}: {one_line(why)}" for task, why in check.unavailable.items()][:MANY]
    if check.settled:
        lines.append(
            f"  settled        {check.settled:,} tasks have their answer already: no empty one there"
        )
    lines += from_certificates(check, style)
    for task, why in check.excepted.items():
        lines.append(f"  {style.warn('excepted')}  {one_line(task)}: {one_line(why)}")
    for task, why in check.untouched.items():
        lines.append(f"  {style.warn('untouched')}  {one_line(task)} passes as it is: {one_line(why)}")
    for task in check.passing:
        lines.append(f"  {style.warn('note')}  {one_line(task)} is listed as an exception but passes")
    for row in check.wrong:
        outcome = "/".join(filter(None, (row["outcome"], row["reason"])))
        detail = f" ({one_line(row['detail'], 160)})" if row["detail"] else ""
        lines.append(f"  {style.bad('WRONG')}  {row['model']} {one_line(row['task_id'])}: {outcome}{detail}")
    if check.good:
        lines.append(style.good("  valid") + f"  {one_line(oracle.run)}")
    else:
        why = f"{len(check.wrong)} samples came out wrong" if check.wrong else "nothing was tried"
        lines.append(f"  {style.bad('not valid')}: {why}")
        lines.append(f"  evalkit show {one_line(oracle.run)} TASK")
    return "\n".join(lines)


def by_tag(oracle: Summary, null: Summary) -> Iterator[str]:
    """Both by each tag of few values: language, difficulty, ..."""
    for tag, values in oracle.breakdown.items():
        if 1 < len(values) <= MANY:
            for value, (passed, scored) in values.items():
                empty, tried = null.breakdown.get(tag, {}).get(value, (0, 0))
                yield (
                    f"    {one_line(tag)} {one_line(value):12} gold {passed:,} of {scored:,} pass, "
                    f"empty {tried - empty:,} of {tried:,} fail"
                )


def from_certificates(check: Check, style: Style) -> Iterator[str]:
    """What was known before, and what later runs will make of it."""
    for kind, known in check.certified.items():
        days = " to ".join(dict.fromkeys(known[end][:10] for end in ("oldest", "newest")))
        yield f"  certified      {known['taken']:,} {kind} answers, tried before ({days}); anew with --force"
    for task, why in check.unproven.items():
        yield f"  {style.warn('unproven')}  {one_line(task)}: gold fails strictly ({one_line(why, 160)})"
    for task, why in check.failing.items():
        yield f"  {style.warn('excluded')}  {one_line(task)} from later runs here: gold fails ({why})"
