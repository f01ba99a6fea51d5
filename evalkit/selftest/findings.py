"""What a self-test found: values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that was tried. `group`: its class of attack, or "promise"; `detail`: what came out."""

    group: str
    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True)
class Report:
    """`lacks`: what this machine does not have, and what evalkit does instead."""

    findings: Sequence[Finding]
    lacks: Sequence[str] = ()
    machine: dict[str, Any] = field(default_factory=dict)
    wall_s: float = 0.0

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """By group: how many hold, of how many."""
        found: dict[str, tuple[int, int]] = {}
        for finding in self.findings:
            held, tried = found.get(finding.group, (0, 0))
            found[finding.group] = (held + finding.ok, tried + 1)
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "classes": {name: list(pair) for name, pair in self.counts.items() if name != PROMISE},
            "promises": [_plain(f, "group") for f in self.findings if f.group == PROMISE],
            "broken": [_plain(f) for f in self.findings if not f.ok],
            "lacks": list(self.lacks),
            "machine": self.machine,
            "wall_s": round(self.wall_s, 1),
        }


PROMISE = "promise"


def _plain(finding: Finding, *without: str) -> dict[str, Any]:
    return {key: value for key, value in asdict(finding).items() if key not in without}
