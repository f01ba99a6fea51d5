"""The plan of a night: models x suites, as a TOML file says. docs/nightly.md

Keys beside `name` are flags of `evalkit run` without their dashes (`samples = 3`, `network = "off"`), of a
suite, of a model, or for all of them.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.errors import UsageError
from evalkit.nightly.alerts.settings import settings

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
# flags that a night itself gives, or that have no place in one
OWN = ("results", "json", "quiet", "max-cost", "max-time", "dry-run", "model", "help")
SECTIONS = ("night", "all", "models", "suites", "alerts")
NIGHT = {"name": str, "results": str, "states": str, "money": float, "hours": float, "keep": int}


@dataclass(frozen=True)
class Cell:
    """One run of every night. `words`: what `evalkit run` is told, less what the night adds. `suite` and
    `model` are labels: the names, where the plan gives no other."""

    suite: str
    model: str
    words: tuple[str, ...]

    @property
    def series(self) -> str:
        """The name of its series in files, links and states: the same night after night, whatever flags
        change. Readable, and different for labels that are."""
        readable = "--".join(re.sub(r"[^A-Za-z0-9._-]+", "-", part)[:60] for part in (self.suite, self.model))
        readable = readable.lstrip("-.")  # no flag on a command line, and no file that is not listed
        if readable == f"{self.suite}--{self.model}":
            return readable
        digest = hashlib.sha256(json.dumps([self.suite, self.model]).encode()).hexdigest()[:6]
        return f"{readable}--{digest}"


@dataclass(frozen=True)
class Plan:
    """`money` in US dollars and `hours` are what one night may take; None is no limit. `keep`: nights whose
    runs are kept, None for all of them. `states`: the folder of what people said of alarms, beside the plan.
    `alerts` as the file has them."""

    name: str
    cells: tuple[Cell, ...]
    results: Path = Path("results")
    states: Path = Path("nightly")
    money: float | None = None
    hours: float | None = None
    keep: int | None = None
    alerts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its nights are, a folder each, named by the day."""
        return self.results / self.name


def read_plan(path: Path) -> Plan:
    """UsageError names the file and what is wrong with it."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise UsageError(
            f"cannot read the plan {path}: {e.strerror}", "`evalkit nightly init` writes one"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"{path} is no TOML: {e}") from None
    try:
        return _plan(raw, path)
    except ValueError as e:
        raise UsageError(f"{path}: {e}", "docs/nightly.md says what a plan holds") from None


def _plan(raw: Mapping[str, Any], path: Path) -> Plan:
    if odd := sorted(set(raw) - set(SECTIONS)):
        raise ValueError(f"it has a part [{odd[0]}]; there are {', '.join(SECTIONS)}")
    night = _night(raw.get("night", {}))
    everywhere = _flags(raw.get("all", {}), "[all]")
    models = _named(raw, "models")
    cells = tuple(
        Cell(
            _label(suite),
            _label(model),
            (
                *(str(suite["name"]), "--model", str(model["name"])),
                *everywhere,
                *_flags(_rest(model, "name", "label"), f"model {model['name']}"),
                *_flags(_rest(suite, "name", "label", "models"), f"suite {suite['name']}"),
            ),
        )
        for suite in _named(raw, "suites")
        for model in models
        if model["name"] in _wanted(suite, models)
    )
    if twice := _twice([f"{cell.suite} x {cell.model}" for cell in cells]):
        raise ValueError(f"{twice} stands there twice: a label tells them apart")
    settings(raw.get("alerts", {}))
    results = Path(night.pop("results", "results")).expanduser()
    name = night.pop("name", path.stem)
    states = path.parent / Path(night.pop("states", f"{name}-states")).expanduser()
    return Plan(name, cells, results, states, **night, alerts=raw.get("alerts", {}))


def _night(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise ValueError("[night] is no table")
    found: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in NIGHT:
            raise ValueError(f"[night] has no {key!r}; there are {', '.join(NIGHT)}")
        number = NIGHT[key] is float and isinstance(value, int) and not isinstance(value, bool)
        if (not isinstance(value, NIGHT[key]) and not number) or isinstance(value, bool):
            raise ValueError(f"[night] {key} is {value!r}, not a {NIGHT[key].__name__}")
        if NIGHT[key] is not str and value <= 0:
            raise ValueError(f"[night] {key} must be more than 0")
        found[key] = value
    if "name" in found and not NAME.fullmatch(found["name"]):
        raise ValueError(f"[night] name {found['name']!r} can be no folder: small letters, digits, . _ -")
    return found


def _named(raw: Mapping[str, Any], part: str) -> Sequence[Mapping[str, Any]]:
    rows = raw.get(part, [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError(f"it names no {part}: [[{part}]] with a name each")
    for row in rows:
        if not isinstance(row.get("name"), str) or not row["name"] or row["name"].startswith("-"):
            raise ValueError(f"one of [[{part}]] has no name")
    return rows


def _label(row: Mapping[str, Any]) -> str:
    label = row.get("label", row["name"])
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"the label of {row['name']} is no text")
    return label


def _wanted(suite: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> list[str]:
    names = [str(model["name"]) for model in models]
    wanted = suite.get("models", names)
    if not isinstance(wanted, list):
        raise ValueError(f"suite {suite['name']}: models is no list")
    if unknown := [name for name in wanted if name not in names]:
        raise ValueError(f"suite {suite['name']} names the model {unknown[0]!r}, which [[models]] has not")
    return wanted


def _rest(row: Mapping[str, Any], *but: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in but}


def _flags(raw: Any, where: str) -> tuple[str, ...]:
    """Words of the command line: one that is `true` stands alone, a list is repeated, false is left out."""
    if not isinstance(raw, Mapping):
        raise ValueError(f"{where} is no table")
    words: list[str] = []
    for key, value in raw.items():
        flag = key.replace("_", "-")
        if flag in OWN or not NAME.fullmatch(flag):
            raise ValueError(f"{where}: {key!r} cannot be given here")
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bool):
                words += [f"--{flag}"] if one else []
            elif isinstance(one, str | int | float):
                words.append(f"--{flag}={one}")
            else:
                raise ValueError(f"{where}: {key} is {one!r}, neither text, number nor true")
    return tuple(words)


def _twice(keys: Sequence[str]) -> str:
    return next((key for key in keys if keys.count(key) > 1), "")
