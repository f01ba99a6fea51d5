"""The command that makes a run again: from what was asked for, never with a key."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.registry import flag_of
from evalkit.report.setting import Defaults
from evalkit.run.settings import LIMITS, Settings

SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
    "max_tokens",
    "seed",
    "reasoning_effort",
)


def command_of(manifest: Mapping[str, Any], judged: Mapping[str, Any], defaults: Defaults) -> str:
    """As for a shell. `judged` is the run's own set of verdicts: answers may have been judged again, in
    another way than they were at first."""
    settings = Settings.from_json(manifest["settings"])
    words = ["evalkit", "run", settings.suite, *flag("--model", settings.model)]
    words += [word for name, value in options(settings, judged, defaults) for word in option(name, value)]
    words += [word for name, value in asked(settings) for word in flag(name, value)]
    words += ["--all-tasks"] if settings.all_tasks else []
    words += ["--stream"] if settings.stream else []
    stops = settings.sampling.stop  # only programs can give them
    remark = f"  # with stop={json.dumps(list(stops))}, from Python" if stops else ""
    return shlex.join(words) + remark


def options(settings: Settings, judged: Mapping[str, Any], defaults: Defaults) -> Iterator[tuple[str, Any]]:
    """The suite's options as they were given, and as the answers were judged."""
    given = {name.replace("-", "_"): value for name, value in settings.options.items()}
    for name, value in judged.get("options", {}).items():
        if name in defaults.verdict and given.get(name, defaults.verdict[name]) != value:
            given[name] = value
    yield from given.items()


def option(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag_of(name) if value else f"--no-{flag_of(name)[2:]}"]
    return flag(flag_of(name), value)


def asked(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Flags of every suite that were given, with their values."""
    for name in ("samples", "limit"):
        yield flag_of(name), getattr(settings, name)
    yield "--tasks", ",".join(settings.tasks) or None
    yield "--scaffold", settings.scaffold
    yield "--label", settings.label or None
    for name in SAMPLING:
        yield flag_of(name), getattr(settings.sampling, name)
    extra = settings.sampling.extra_body
    yield "--extra-body", json.dumps(extra, sort_keys=True) if extra else None
    for name in ("base_url", "api_key_env", "backend"):
        yield flag_of(name), getattr(settings, name)
    for role, model in settings.roles.items():
        for name, value in model.items():
            yield flag_of(f"{role}_{name}"), value
    for name, field in LIMITS.items():
        yield flag_of(name), getattr(settings.budget, field)
    yield "--data", settings.data


def flag(name: str, value: Any) -> list[str]:
    """A flag with its value; as one word where the value looks like a flag itself."""
    if value is None:
        return []
    text = f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
    return [f"{name}={text}"] if text.startswith("-") else [name, text]
