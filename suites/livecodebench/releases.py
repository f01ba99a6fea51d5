"""Which problems: the authors' releases, each some of their files, and windows of contest dates.

Rules of LiveCodeBench 28fef95 (lcb_runner/benchmarks/code_generation.py) and of the data set's own loader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evalkit.errors import DataError, UsageError
from evalkit.suite import DataFile

# Problems and bytes of the authors' files, test.jsonl to test6.jsonl, at the revision that suite.toml pins:
# as several public repositories record them, read on 2026-11-26.
PROBLEMS = (400, 111, 101, 101, 167, 175)
BYTES = (1_252_609_773, 713_377_060, 623_360_766, 1_204_644_685, 557_699_297, 134_303_240)
LATEST = "release_v6"
NAME = re.compile(r"release_v(?P<upto>[1-6])|v(?P<first>[1-6])(_v(?P<last>[1-6]))?")
DAY = "%Y-%m-%d"
AS_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Parts = Sequence[Sequence[str]]  # the names that each file may have


@dataclass(frozen=True)
class Window:
    """Contests from the beginning of the day `since` to the beginning of the day `until`, as officially.

    A contest later on the last day is not in it. "" is no limit.
    """

    since: str = ""
    until: str = ""

    def __post_init__(self) -> None:
        first, last = day("--from", self.since), day("--to", self.until)
        if first and last and last < first:
            raise UsageError(f"--to {self.until} is before --from {self.since}")

    def __bool__(self) -> bool:
        return bool(self.since or self.until)

    def __str__(self) -> str:
        if self.since and self.until:
            return f"{self.since}..{self.until}"
        return f"from {self.since}" if self.since else f"until {self.until}" if self.until else ""

    def of(self, records: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The records within it. DataError where one has no date; UsageError where none is left."""
        first, last = day("--from", self.since), day("--to", self.until)
        if not self:
            return list(records)
        dated = [(held(record), record) for record in records]
        found = [r for date, r in dated if (not first or first <= date) and (not last or date <= last)]
        if dated and not found:
            dates = sorted(f"{date:{DAY}}" for date, _ in dated)
            raise UsageError(f"no contest is in {self}", f"these are of {dates[0]} to {dates[-1]}")
        return found


def day(flag: str, text: str) -> datetime | None:
    try:
        if text and not AS_WRITTEN.fullmatch(
            text
        ):  # another spelling would be another run of the same window
            raise ValueError(text)
        return datetime.strptime(text, DAY) if text else None
    except ValueError:
        raise UsageError(f"{flag} cannot be {text!r}", "a day is written as in 2024-08-01") from None


def held(record: Mapping[str, Any]) -> datetime:
    """When the contest began, as the data has it."""
    try:
        return datetime.fromisoformat(str(record["contest_date"])).replace(tzinfo=None)
    except (KeyError, ValueError):
        raise DataError(
            f"question {record['question_id']} has no contest_date for --from and --to to be held against",
            "leave them out, or add the date: 2024-08-01T00:00:00",
        ) from None


def parts_of(release: str) -> range:
    """Positions of a release's files: all up to N for release_vN, N alone for vN, M to N for vM_vN."""
    found = NAME.fullmatch(LATEST if release in ("", "release_latest") else release)
    if found and found["upto"]:
        return range(int(found["upto"]))
    if found and int(found["first"]) <= int(found["last"] or found["first"]):
        return range(int(found["first"]) - 1, int(found["last"] or found["first"]))
    raise UsageError(
        f"--release cannot be {release!r}",
        "release_v1 to release_v6, release_latest, v1 to v6 for what each added, or a span of these: v4_v6",
    )


def is_release(files: Sequence[DataFile], parts: Parts) -> bool:
    """Whether these are files of a release, one for each of its parts."""
    return len(files) == len(parts) and all(f.name in names for f, names in zip(files, parts, strict=True))


def unlike_theirs(file: DataFile, parts: Parts) -> str:
    """In what a file differs from the authors' of its name; "" where in nothing that shows."""
    number = next((n for n, names in enumerate(parts) if file.name in names), None)
    if number is None:
        return f"{file.name} is no file of the authors'"
    if file.records != PROBLEMS[number]:
        return f"{file.name} holds {file.records} problems, the authors' {PROBLEMS[number]}"
    if file.name == parts[number][0] and file.size != BYTES[number]:
        return f"{file.name} has {file.size:,} bytes, the authors' {BYTES[number]:,}"
    return ""
