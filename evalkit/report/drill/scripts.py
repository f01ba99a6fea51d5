"""The scripts of a report and of the pages beside it: whole, and as a page's policy names them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib import resources

ALONE = ("elements.js", "block.js", "player.js", "alone.js")
REPORT = (
    "elements.js",
    "block.js",
    "state.js",
    "data.js",
    "parts.js",
    "player.js",
    "list.js",
    "sample.js",
    "flips.js",
    "tables.js",
    "main.js",
)


def script(files: tuple[str, ...] = REPORT) -> str:
    return joined(resource(f"script/{file}") for file in files)


def joined(files: Iterable[str]) -> str:
    """One script of these texts, without comments and indentation."""
    lines = (line.strip() for file in files for line in file.splitlines())
    code = (line.partition(" // ")[0] for line in lines if line and not line.startswith(("//", "/**")))
    return '"use strict";\n{\n' + "\n".join(code) + "\n}\n"


def source(script: str) -> str:
    """What allows this script alone, in a policy's script-src."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def resource(file: str) -> str:
    return resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
