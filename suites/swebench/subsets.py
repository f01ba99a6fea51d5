"""The data sets that share the schema: where each lies, as suite.toml has it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from evalkit.suite import Hub, SuiteInfo

DEFAULT = "verified"
NAMES = (DEFAULT, "lite", "full", "multilingual", "live")


@dataclass(frozen=True)
class Subset:
    """`title`: its name in tables. `fingerprints`: of data that is known to be the authors'."""

    title: str
    local: tuple[str, ...]
    hub: Hub
    fingerprints: tuple[str, ...] = ()


@cache
def subsets() -> dict[str, Subset]:
    facts = tomllib.loads(Path(__file__).with_name("suite.toml").read_text(encoding="utf-8"))
    return {name: _subset(found) for name, found in facts["data"]["subsets"].items()}


def _subset(found: dict[str, str | list[str]]) -> Subset:
    hub = Hub(
        str(found["hub"]), revision=str(found.get("revision", "")), split=str(found.get("split", "test"))
    )
    return Subset(str(found["title"]), tuple(found["local"]), hub, tuple(found.get("fingerprints", ())))


def facts_of(info: SuiteInfo, name: str) -> SuiteInfo:
    """The suite's facts with the data of one subset."""
    subset = subsets()[name]
    return replace(info, local=subset.local, hub=subset.hub, fingerprints=subset.fingerprints)
