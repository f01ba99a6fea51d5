"""The packages that there are: tools.toml, and for each the versions of all that comes with it."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.errors import UsageError

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class ToolPackage:
    """A package as it is installed here. `pins`: the constraints file that it is installed with, or what a
    bundle is unpacked from (bundle.py)."""

    name: str
    version: str
    use: str
    licence: str
    homepage: str
    pins: Path
    kind: str = (
        "python"  # or "bundle" (npm's packages), "debian" (Debian's), "verifier" (both, see verifier.py)
    )

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}"

    @property
    def digest(self) -> str:
        """Of all the versions: another one is another environment."""
        return hashlib.sha256(self.pins.read_bytes()).hexdigest()[:12]


def tool_names() -> list[str]:
    return sorted(_facts())


def tool_package(name: str) -> ToolPackage:
    """UsageError where there is none of that name."""
    facts = _facts().get(name)
    if facts is None:
        close = difflib.get_close_matches(name, tool_names(), n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(tool_names())}"
        raise UsageError(f"no tool {name!r}", hint)
    ending = "txt" if facts.get("kind", "python") == "python" else "toml"
    return ToolPackage(name, pins=FOLDER / "pins" / f"{name}.{ending}", **facts)


@cache
def _facts() -> Mapping[str, dict[str, Any]]:
    return tomllib.loads((FOLDER / "tools.toml").read_text(encoding="utf-8"))
