"""The manifest: everything a reader needs to know how a number came about. Never a key."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import evalkit
from evalkit.model import Hosted
from evalkit.models.secret import LOOKS_LIKE_A_KEY, REMOVED
from evalkit.run.plan import Plan
from evalkit.run.settings import Knobs, differences, digest, given_limits
from evalkit.run.work import Equipment
from evalkit.suite import Suite

PACKAGES = ("openai", "docker", "datasets", "pandas", "aiohttp", "httpx2")


def make_manifest(
    plan: Plan,
    sandbox: Equipment,
    *,
    excluded: Mapping[str, str] | None = None,
    unproven: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """`excluded` and `unproven`: see evalkit.run.known."""
    info, protocol = plan.suite.info, plan.protocol
    return {
        "schema": "evalkit.run/1",
        "created": now(),
        "identity": plan.identity,
        "identity_digest": digest(plan.identity),
        "settings": plan.settings.to_json(),
        "suite": {
            "name": info.name,
            "title": info.title,
            "licence": info.licence,
            "citation": info.citation,
            "homepage": info.homepage,
            "headline": info.headline,
            "errors_fail": info.errors_fail,
            "scope": plan.scope,
            "tasks": plan.of,
            "doubts": list(plan.suite.doubts(plan.tasks, plan.data)),
            "remarks": list(plan.suite.remarks(plan.tasks)),
            "statistics": type(plan.suite).statistics is not Suite.statistics,
            "scorer": {"name": plan.suite.scorer().name, "version": plan.suite.scorer().version},
        },
        "data": {
            "source": plan.data.source,
            "revision": plan.data.revision,
            "fingerprint": plan.data.fingerprint,
            "records": len(plan.data.records),
            "files": [dataclasses.asdict(file) for file in plan.data.files],
        },
        "tags": {task.id: dict(task.tags) for task in plan.tasks if task.tags},
        **({"excluded": dict(excluded)} if excluded else {}),
        **({"unproven": dict(unproven)} if unproven else {}),
        "protocol": {
            "name": protocol.name,
            "version": protocol.version,
            "source": protocol.source,
            "extractor": f"{protocol.extractor.name} {protocol.extractor.version}",
        },
        "scaffold": {"name": plan.scaffold.name, "version": plan.scaffold.version},
        "limits": given_limits(plan.limits),
        "conditions": dict(plan.suite.conditions()),
        "model": plan.model.describe(),
        **_server(plan),
        **environment(sandbox),
    }


def session_facts(plan: Plan, knobs: Knobs, sandbox: Equipment) -> dict[str, Any]:
    """One session's own circumstances, kept beside the run: a resumed run may have had several."""
    limits = {k: v for k, v in vars(knobs).items() if k != "results"}
    return {
        "started": now(),
        "limits": limits,
        "model": plan.model.describe(),
        **_server(plan),
        **environment(sandbox),
    }


def _server(plan: Plan) -> dict[str, Any]:
    """Of a model that a server on this machine answers for: what it is asked with."""
    return {"server": plan.model.facts()} if isinstance(plan.model, Hosted) else {}


def unlike_its_siblings(folder: Path, plan: Plan) -> str:
    """`: not RUN (temperature: 0 -> 0.7)`, for the newest run of the same suite and model."""
    newest, manifest = 0.0, None
    for path in folder.parent.glob(f"{plan.suite.info.name}--*/manifest.json"):
        if path.parent == folder or path.stat().st_mtime <= newest:
            continue
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # another run's damage is not this run's business
        if found.get("settings", {}).get("model") == plan.settings.model:
            newest, manifest = path.stat().st_mtime, {**found, "folder": path.parent.name}
    if manifest is None:
        return ""
    changed = [d for d in differences(manifest.get("identity", {}), plan.identity) if "tasks.ids" not in d]
    return f"\n  another run than {manifest['folder']}: {'; '.join(changed[:6])}"


def environment(sandbox: Equipment) -> dict[str, Any]:
    return {
        "evalkit": {"version": evalkit.__version__, "commit": source_commit()},
        "versions": {"python": platform.python_version(), **_packages()},
        "host": {"platform": platform.platform(), "machine": platform.machine(), "cores": os.cpu_count()},
        "sandbox": sandbox.describe(),
        # a program that uses evalkit may have been given a key of its own there
        "command": [LOOKS_LIKE_A_KEY.sub(REMOVED, word) for word in (Path(sys.argv[0]).name, *sys.argv[1:])],
    }


def source_commit() -> str:
    """The commit of the checkout that evalkit runs from; empty where it is an installed package."""
    folder = Path(evalkit.__file__).parent.parent
    if not (folder / ".git").exists():
        return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
