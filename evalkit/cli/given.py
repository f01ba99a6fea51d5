"""What the flags of options.py amount to: Settings, Sampling, Knobs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.cli.server_options import FITTED, MOST_FITTED, given_server
from evalkit.model import Sampling
from evalkit.registry import from_anywhere, object_from_anywhere
from evalkit.run.settings import Knobs, Settings, budget_from, roles_from


def knobs_from(args: argparse.Namespace) -> Knobs:
    """Knobs of whichever of the flags this verb has."""
    values = {k: v for k, v in vars(args).items() if k in Knobs.__dataclass_fields__}
    if "concurrency" in args and args.concurrency is None:
        del values["concurrency"]
        if getattr(args, "backend", None) in FITTED:
            values |= {"concurrency": MOST_FITTED, "fit": True}
    if "request_timeout" in args:
        values["request_timeout_s"] = args.request_timeout
    return Knobs(**values)


def sampling_from(args: argparse.Namespace) -> Sampling:
    values = {k: v for k, v in vars(args).items() if k in Sampling.__dataclass_fields__ and v is not None}
    return Sampling(**values)


def rollout_from(args: argparse.Namespace) -> dict[str, Any]:
    """The settings of one rollout: its budget and its roles."""
    given = vars(args)
    return {"budget": budget_from(given), "roles": roles_from(given), "context": given.get("context")}


def settings_from(args: argparse.Namespace, suite: str, model: str, options: Mapping[str, Any]) -> Settings:
    """Settings of one run. Paths are made absolute, so that it can be resumed from anywhere (a replay's
    file is the model's name, and stays as it was typed)."""
    return Settings(
        suite=from_anywhere(suite),
        model=model,
        options=options,
        scaffold=object_from_anywhere(args.scaffold) if args.scaffold else None,
        sampling=sampling_from(args),
        samples=args.samples,
        limit=args.limit,
        tasks=args.tasks,
        data=absolute(args.data),
        base_url=args.base_url,
        api_key_env=args.api_key_env,
        backend=object_from_anywhere(args.backend) if args.backend else None,
        server=given_server(args, model),
        stream=args.stream,
        label=args.label,
        all_tasks=args.all_tasks,
        **rollout_from(args),
    )


def absolute(path: str | None) -> str | None:
    return str(Path(path).expanduser().resolve()) if path else None
