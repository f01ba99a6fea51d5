"""Which images in an engine are there because evalkit pulled them, and who uses them.

An image that was pulled cannot carry a label of ours. So the cache folder holds one small file for each
engine, written before a pull begins: whoever is killed leaves word of what it pulled. An image that was
there before is never in it, and never removed.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalkit.cache import cache_folder
from evalkit.errors import SandboxError
from evalkit.sandbox.engine import labels, owner_alive

UNKNOWN_S = 24 * 3600.0  # as leftovers: an owner who cannot be asked after counts as alive for so long
_numbers = itertools.count()

Entries = dict[str, dict[str, Any]]


class PullRecords:
    """The records of one engine, as one user of its images sees them. All methods block, shortly."""

    def __init__(self, folder: Path, engine: str, run: str = "") -> None:
        self._path = folder / "pulled" / f"{re.sub(r'[^0-9A-Za-z]+', '-', engine) or 'engine'}.json"
        self._me = f"{labels('pull')['evalkit.owner']}/{next(_numbers)}"
        self._run = run

    def take(self, reference: str, missing: bool) -> bool:
        """Say that this process uses the image. True where evalkit pulled it, or is about to: `missing`."""
        with self._open() as entries:
            if reference not in entries and not missing:
                return False
            entry = entries.setdefault(reference, {"users": {}})
            entry["users"][self._me] = {"run": self._run, "since": time.time()}
            return True

    @contextmanager
    def leave(self, reference: str, *, keep: bool = False) -> Iterator[bool]:
        """Use it no more. True where nobody does: it is removed now, inside, and forgotten unless that fails.

        `keep`: it stays, until somebody cleans.
        """
        with self._open() as entries:
            entry = entries.get(reference)
            if entry is None:
                yield False
                return
            entry["users"].pop(self._me, None)
            entry["kept"] = bool(entry.get("kept")) or keep
            last = not entry["kept"] and not any(map(_alive, entry["users"].items()))
            yield last
            if last:
                del entries[reference]

    def all(self) -> dict[str, bool]:
        """Every image that evalkit pulled: whether somebody uses it."""
        with self._open() as entries:
            return {name: any(map(_alive, entry["users"].items())) for name, entry in entries.items()}

    def run_of(self, reference: str) -> str:
        with self._open() as entries:
            users = entries.get(reference, {}).get("users", {})
            return str(next((user["run"] for user in users.values()), ""))

    def kept(self) -> set[str]:
        """Those that --keep-images keeps."""
        with self._open() as entries:
            return {name for name, entry in entries.items() if entry.get("kept")}

    def forget(self, reference: str) -> None:
        with self._open() as entries:
            entries.pop(reference, None)

    @contextmanager
    def _open(self) -> Iterator[Entries]:
        """The entries, locked; written where they were changed, even if what was done inside failed."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.with_suffix(".lock").open("w")
        except OSError as e:
            raise SandboxError(
                f"no record of pulled images can be kept: {e}", "EVALKIT_CACHE=DIR names another folder"
            ) from None
        with file as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entries = _read(self._path)
            before = json.dumps(entries, sort_keys=True)
            try:
                yield entries
            finally:
                after = json.dumps(entries, sort_keys=True)
                if after != before:
                    partial = self._path.with_suffix(".new")
                    partial.write_text(after, encoding="utf-8")
                    partial.replace(self._path)


def records_of(client: Any, run: str = "") -> PullRecords:
    """Those of the engine that this client talks to."""
    return PullRecords(cache_folder(), str(client.info().get("ID", "")), run)


def _read(path: Path) -> Entries:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet; or damaged: such images stay until the user removes them
        return {}
    if not isinstance(raw, dict):
        return {}
    return {name: entry for name, entry in raw.items() if isinstance(entry.get("users"), dict)}


def _alive(user: tuple[str, dict[str, Any]]) -> bool:
    owner, facts = user
    alive = owner_alive(owner)
    return time.time() - facts["since"] < UNKNOWN_S if alive is None else alive
