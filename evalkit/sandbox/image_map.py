"""--image-map FILE: images that the user supplies, instead of those that the tasks name.

The file is TOML or JSON, one table: what a task's image is called (or a task's id, or a pattern of either)
and the local image to take for it:

    "registry.example/eval/task-1:latest" = "mine/task:1"
    "django__django-*" = "mine/django"
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from evalkit.errors import UsageError

WILD = "*?["


def read_image_map(path: Path) -> dict[str, str]:
    """The table, in the file's order. UsageError where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as e:
        raise UsageError(f"--image-map {path}: {e}", _FORM) from None
    if not isinstance(raw, dict) or not raw:
        raise UsageError(f"--image-map {path} names no image", _FORM)
    for key, value in raw.items():
        if not isinstance(value, str) or not value:
            raise UsageError(f"--image-map {path}: {key!r} names no image", _FORM)
    return raw


def map_images(table: Mapping[str, str], images: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The local image for each reference that the table covers, and the table's keys that nothing matches.

    `images`: task id -> reference. A task's id comes before a reference, both before patterns, these in the
    order of the file. UsageError where tasks that share an image are given different ones.
    """
    found: dict[str, tuple[str, str]] = {}
    used: set[str] = set()
    for task, reference in images.items():
        exact = [key for key in (task, reference) if key in table]
        patterns = [k for k in table if any(c in k for c in WILD) and _fits(k, task, reference)]
        used.update(exact, patterns)
        key = next(iter([*exact, *patterns]), None)
        target = table[key] if key is not None else ""
        other, earlier = found.setdefault(reference, (task, target))
        if earlier != target:
            raise UsageError(
                f"--image-map: {other} and {task} share the image {reference}, and are given"
                f" {earlier or 'none'} and {target or 'none'}",
                f"map {reference!r} itself",
            )
    mapped = {reference: target for reference, (_, target) in found.items() if target}
    return mapped, [key for key in table if key not in used]


def _fits(pattern: str, *names: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


_FORM = 'one table of TOML or JSON: "task id, image or pattern" = "local image" (docs/images.md)'
