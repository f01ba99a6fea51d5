"""Certificates: what came of gold and of empty answers on this machine, kept so that it is tried once.

A file a task and kind of answer, in the cache folder, whole or not there. It holds for the machine, the
task's record and its gold, the scorer with its options, and the image that the tests ran in: where one of
these is another, there is none yet.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evalkit.cache import cache_folder
from evalkit.outcome import SCORED, Outcome
from evalkit.run.plan import Plan, slug
from evalkit.run.settings import digest
from evalkit.run.verdict_sets import judging_options
from evalkit.suite import Suite
from evalkit.task import Task, Verdict

Kind = Literal["gold", "empty"]
OF_MODEL: Mapping[str, Kind] = {"oracle": "gold", "null": "empty"}
KEPT = ("reason", "detail", "official", "suspect")
SCHEMA = "evalkit.certificate/1"
DETAIL = 1000  # characters


@dataclass(frozen=True)
class Certificate:
    """A verdict that is kept: without its tests and its log. `image`: its digest, or the engine's id."""

    verdict: Verdict
    image: str
    at: str


@dataclass(frozen=True)
class Certificates:
    """Those of one suite, judged in one way. `image_of`: what an image's name stands for now, "" where nobody
    knows, which contradicts none."""

    folder: Path
    suite: Suite
    way: Mapping[str, Any]
    image_of: Callable[[str], str]

    def read(self, task: Task, kind: Kind) -> Certificate | None:
        """What is known of the task here. A file that cannot be read is none: the task is tried again."""
        try:
            found = json.loads(self._path(task, kind).read_text(encoding="utf-8"))
            if found["schema"] != SCHEMA:
                return None
            certificate = Certificate(_verdict(found["verdict"]), str(found["image"]), str(found["at"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        image = self.image_of(self.suite.image(task))
        return certificate if image in ("", certificate.image) else None

    def write(self, task: Task, kind: Kind, verdict: Verdict, at: str) -> None:
        """Keep it, instead of an earlier one. What broke proves nothing, and is not kept."""
        if not verdict.scored:
            return
        path = self._path(task, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        image = self.image_of(self.suite.image(task))
        told = {"task": task.id, "kind": kind, "at": at, "image": image, "verdict": _record(verdict)}
        part.write_text(json.dumps({"schema": SCHEMA, **told, "way": self.way}, indent=1), encoding="utf-8")
        part.replace(path)

    def _path(self, task: Task, kind: Kind) -> Path:
        record = json.dumps(task.data, sort_keys=True, default=str)
        gold = [task.gold.form, task.gold.text] if task.gold else None
        key = digest({"way": self.way, "task": [task.id, record, gold]})
        return self.folder / slug(self.suite.info.name) / f"{slug(task.id)}-{key[:24]}.{kind}.json"


def certificates_of(plan: Plan, sandbox: Any) -> Certificates | None:
    """Those of the plan's suite, judged as the plan says; None where its tasks have no workspaces."""
    if not plan.suite.workspaces:
        return None
    scorer = plan.suite.scorer()
    way = {
        "machine": machine(),
        "scorer": [scorer.name, scorer.version],
        "options": {**judging_options(plan), **plan.suite.conditions()},
    }
    return Certificates(cache_folder() / "certificates", plan.suite, way, sandbox.identity)


def machine() -> str:
    """A digest that tells machines apart: a cache folder may be shared, or copied to another."""
    known = platform.node()
    for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        try:
            known = path.read_text(encoding="ascii").strip() or known
            break
        except (OSError, ValueError):
            continue
    return digest([known, platform.machine(), os.environ.get("DOCKER_HOST", "")])[:16]


def _record(verdict: Verdict) -> dict[str, Any]:
    kept = {name: value for name in KEPT if (value := getattr(verdict, name)[:DETAIL])}
    record = {"outcome": str(verdict.outcome), **kept, "measured": dict(verdict.measured)}
    return {**record, "strict": _record(verdict.strict)} if verdict.strict else record


def _verdict(record: Mapping[str, Any]) -> Verdict:
    known: dict[str, Any] = {name: str(record[name]) for name in KEPT if name in record}
    known["strict"] = _verdict(record["strict"]) if record.get("strict") else None
    known["measured"] = {str(name): float(value) for name, value in record.get("measured", {}).items()}
    return Verdict(Outcome(record["outcome"]), **known)


def proves(verdict: Verdict | None) -> bool:
    """Whether a strict verdict says that the answer is right."""
    return verdict is not None and verdict.outcome is Outcome.PASSED


def failed_strictly(verdict: Verdict) -> bool:
    """Right by the official verdict, and not by a strict one that there is."""
    strict = verdict.strict
    return proves(verdict) and strict is not None and strict.outcome in SCORED and not proves(strict)
