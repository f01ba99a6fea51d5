"""What makes a run this run, and what only says how it is carried out.

`Settings` are the identity: change one and it is another run. `Knobs` may differ from session to
session: they change speed and limits, never a number in the table.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.errors import UsageError
from evalkit.interaction import Budget
from evalkit.model import Sampling


@dataclass(frozen=True)
class Settings:
    """What the user asked for, before anything is looked up. JSON-able: it is kept in the manifest."""

    suite: str
    model: str
    options: Mapping[str, Any] = field(default_factory=dict)
    scaffold: str | None = None  # the suite's own
    sampling: Sampling = field(default_factory=Sampling)  # the user's own values only
    samples: int | None = None
    limit: int | None = None
    tasks: tuple[str, ...] = ()
    data: str | None = None
    base_url: str | None = None
    api_key_env: str | None = None  # the variable's name, never the key
    backend: str | None = None
    stream: bool = False
    budget: Budget = field(default_factory=Budget)  # of one rollout; what is None is the suite's
    roles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # user, judge: model, base_url, ...
    context: int | None = None  # tokens that the model's context holds; None: as the catalog says
    all_tasks: bool = False  # also those whose gold answer fails on this machine
    server: Mapping[str, Any] = field(default_factory=dict)  # of a backend that evalkit starts: serving.asked
    label: str = ""  # tells repetitions of the same run apart

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Settings:
        sampling = dict(raw.get("sampling", {}))
        sampling["stop"] = tuple(sampling.get("stop", ()))
        budget = Budget(**raw.get("budget", {}))
        tasks = tuple(raw.get("tasks", ()))
        return cls(**{**raw, "sampling": Sampling(**sampling), "tasks": tasks, "budget": budget})


# what a user calls the limits of one rollout, and the fields of Budget that they are
LIMITS = {"turns": "turns", "rollout_tokens": "tokens", "rollout_cost": "money", "rollout_time": "wall_s"}
ROLES = ("user", "judge")  # who else may be played by a model, beside the tested one
OF_ROLE = ("model", "base_url", "api_key_env")
ROLE_SETTINGS = tuple(f"{role}_{name}" for role in ROLES for name in OF_ROLE)


def budget_from(given: Mapping[str, Any]) -> Budget:
    """The budget that `turns`, `rollout_tokens`, `rollout_cost` and `rollout_time` make."""
    return Budget(**{field: given[name] for name, field in LIMITS.items() if given.get(name) is not None})


def roles_from(given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The roles that `user_model`, `user_base_url`, ... make. UsageError where one has no model."""
    roles: dict[str, dict[str, str]] = {}
    for role in ROLES:
        asked = {name: given[f"{role}_{name}"] for name in OF_ROLE if given.get(f"{role}_{name}")}
        if asked and "model" not in asked:
            flag = f"--{role}-{next(iter(asked)).replace('_', '-')}"
            raise UsageError(f"{flag} without a model that plays the {role}", f"--{role}-model NAME")
        if asked:
            roles[role] = asked
    return roles


def given_limits(budget: Budget) -> dict[str, float]:
    """A budget's limits that are set, by field."""
    return {name: limit for name, limit in vars(budget).items() if limit is not None}


ISOLATIONS = ("shared", "strict")  # a container for many programs at once; or for one


@dataclass(frozen=True)
class Knobs:
    """Limits of one session. `max_cost` is US dollars, times are seconds."""

    results: Path = Path("results")
    concurrency: int = 16  # model calls in flight
    sandboxes: int = 1  # pairs of containers for short programs at once
    workspaces: int = 8  # workspaces of rollouts at once
    judges: int = field(default_factory=lambda: max(2, (os.cpu_count() or 2) + 1))  # programs that compute
    strict_limits: bool = False  # every program has all of its limit in effective time
    isolation: str = "shared"  # of programs from each other: ISOLATIONS
    image_map: str | None = None  # a file that names images for those of workspaces
    disk_budget: int | None = None  # bytes, for images that are pulled
    keep_images: bool = False  # leave what was pulled in the engine
    fit: bool = False  # calls in flight: as many as a local server's cache holds, `concurrency` at most
    keep_server: bool = False  # leave a local server running
    server_timeout: float | None = None  # for it to be ready; None: by the model's size
    port: int | None = None  # where it listens; None: a free one
    max_cost: float | None = None
    max_time: float | None = None
    max_error_rate: float = 0.01
    request_timeout_s: float = 600.0
    max_attempts: int = 8
    workers: str | None = None  # ray[:ADDRESS]: on the nodes of a cluster; None: in this process


def digest(value: Any) -> str:
    """sha256 of a value as canonical JSON (sorted keys, ASCII)."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def dollar_limits(knobs: Knobs, budget: Budget) -> list[str]:
    """The flags by which costs are limited."""
    asked = {"--max-cost": knobs.max_cost, "--rollout-cost": budget.money}
    return [flag for flag, dollars in asked.items() if dollars is not None]


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested dicts as one flat dict with dotted keys, for saying which setting differs."""
    if not isinstance(value, Mapping):
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        flat.update(flatten(inner, f"{prefix}.{key}" if prefix else str(key)))
    return flat


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """`key: old -> new` for each setting in which two identities differ."""
    a, b = flatten(old), flatten(new)
    missing = object()
    return [
        f"{key}: {_show(a.get(key, missing), missing)} -> {_show(b.get(key, missing), missing)}"
        for key in sorted({*a, *b})
        if a.get(key, missing) != b.get(key, missing)
    ]


def _show(value: Any, missing: object) -> str:
    if value is missing:
        return "(absent)"
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
