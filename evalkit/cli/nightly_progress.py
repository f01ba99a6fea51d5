"""How a night goes, on stderr: a line a run; on a terminal also which one is at work, and how far it is."""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

from evalkit.cli.text import Style, one_line, visible
from evalkit.errors import EvalkitError
from evalkit.nightly.night import Hearer, Ran, name, told
from evalkit.nightly.plan import Cell
from evalkit.text import duration

EACH_S = 2.0


class Progress(Hearer):
    def close(self) -> None: ...


class Lines(Progress):
    """For logs: what came of each run."""

    def say(self, line: str) -> None:
        print(visible(line), file=sys.stderr, flush=True)

    def ends(self, ran: Ran) -> None:
        self.say(told(ran))


class Terminal(Lines):
    """The same, and below it a line that is painted again every two seconds."""

    def __init__(self) -> None:
        self._style = Style(sys.stderr)
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, line: str) -> None:
        self._wipe()
        super().say(line)

    def begins(self, cell: Cell, number: int, of: int, folder: Path, process: int) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._paint, args=(f"{number}/{of} {name(cell)}", folder, process, self._over), daemon=True
        )
        self._thread.start()

    def ends(self, ran: Ran) -> None:
        self.close()
        super().ends(ran)

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._wipe()

    def _paint(self, what: str, folder: Path, process: int, over: threading.Event) -> None:
        began = time.monotonic()
        while not over.wait(EACH_S):
            line = f"{what}  {samples(folder, process)}{duration(time.monotonic() - began)}"
            line = one_line(
                line, shutil.get_terminal_size((80, 24)).columns - 1
            )  # one that wraps stays there
            print(f"\r\x1b[2K{self._style.dim(line)}", end="", file=sys.stderr, flush=True)

    def _wipe(self) -> None:
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def progress(*, quiet: bool) -> Progress:
    if quiet:
        return Progress()
    return Terminal() if sys.stderr.isatty() else Lines()


def samples(folder: Path, process: int) -> str:
    """How many samples the run of this process has a verdict of; nothing where that cannot be told yet."""
    from evalkit.store import read_run

    run = next((lock.parent for lock in folder.glob("*/lock") if _pid(lock) == process), None)
    if run is None:
        return ""
    try:
        with read_run(run) as store:
            return f"{sum(s.judged for s in store.state().values())} of {len(store.plan)} samples, "
    except (EvalkitError, OSError):  # being made just now
        return ""


def _pid(lock: Path) -> Any:
    try:
        return json.loads(lock.read_text()).get("pid")
    except (OSError, ValueError, AttributeError):
        return None
