"""The sets of tasks: where each lies, as suite.toml has it, and what a score over it is called."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from evalkit.suite import Checkout, Data, SuiteInfo

DEFAULT, OWN = "core-0.1.1", "own"
NAMES = (DEFAULT, "2.0", "2.1", OWN)


@dataclass(frozen=True)
class Dataset:
    """`title`: its name and version in tables."""

    title: str
    checkout: Checkout


@cache
def datasets() -> dict[str, Dataset]:
    facts = tomllib.loads(Path(__file__).with_name("suite.toml").read_text(encoding="utf-8"))
    return {
        name: Dataset(
            found["title"],
            Checkout(
                found["git"],
                found["commit"],
                found["tasks"],
                tuple(found["elsewhere"]),
                tuple(found["marks"]),
            ),
        )
        for name, found in facts["data"]["sets"].items()
    }


def facts_of(info: SuiteInfo, name: str) -> SuiteInfo:
    """The suite's facts with the data of one set."""
    return replace(info, checkout=datasets()[name].checkout)


def titled(name: str, data: Data, parts: Sequence[str] = ()) -> str:
    """What a score over these records is of: set and version, the commit where it is another than the
    set's own or unknown, and the parts that were chosen."""
    title = datasets()[name].title
    if name != OWN and not data.pinned:
        title += f", commit {data.revision[:9]}" if data.revision else ", unknown commit"
    return ", ".join([title, *parts])
