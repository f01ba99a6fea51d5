"""How a suite's image is built where no registry has it: `evalkit sandbox build SUITE`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Part:
    """One ingredient of an image, and what tasks may need that it gives (`Task.needs`).

    Where it cannot be had, the image is made without it: tasks that need what it gives are `not_run`, with
    the reason. `debs` are Debian packages, `pip` requirements (pinned) installed into the folder `pip_into`,
    `npm` packages (pinned) into `npm_into`, `check` a command that must succeed in the image (no network).
    `files` are written as they are, `links` made: path -> text, path -> target.
    """

    name: str
    gives: tuple[str, ...]
    debs: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    pip_into: str = ""
    npm: tuple[str, ...] = ()
    npm_into: str = ""
    files: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    check: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """An image of Debian, PyPI and npm parts. `env`: the image's environment."""

    name: str
    parts: tuple[Part, ...]
    env: tuple[tuple[str, str], ...] = ()

    @property
    def tag(self) -> str:
        """Its name in the engine: changes with the recipe."""
        text = json.dumps(asdict(self), sort_keys=True)
        return f"evalkit/{self.name}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
