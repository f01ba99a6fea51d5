"""Progress on stderr: a bar with rolling pass@1, rate and cost where that is a terminal, else quiet."""

from __future__ import annotations

import os
import sys
from typing import Any

from evalkit.cli.text import money, percent, visible
from evalkit.outcome import Outcome
from evalkit.run.watch import Watch
from evalkit.task import Verdict

TOLD = 3  # errors said as they happen; `evalkit show` has them all


def watcher(*, quiet: bool) -> Watch:
    if quiet:
        return Watch()
    return Bar() if sys.stderr.isatty() else Lines()


class Lines(Watch):
    """For pipes and logs: what is worth knowing, nothing that repaints. Of errors the first of each kind."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def say(self, text: str) -> None:
        print(visible(text), file=sys.stderr, flush=True)

    def ended(self, outcome: Outcome, reason: str, detail: str) -> None:
        if outcome is Outcome.ERROR:
            self._tell(f"error/{reason}: {detail}")

    def verdict(self, verdict: Verdict) -> None:
        if verdict.outcome is Outcome.ERROR:
            self._tell(f"error/{verdict.reason}: {verdict.detail}")

    def _tell(self, text: str) -> None:
        if text not in self._told and len(self._told) < TOLD:
            self._told.add(text)
            self.say(text)


def bar(**how: Any) -> Any:
    """A bar on stderr that goes away when it is closed."""
    from tqdm import tqdm

    # the terminal of a serial line or of some containers says that it is 0 wide
    sized = os.get_terminal_size(sys.stderr.fileno()).columns > 0
    fixed: dict[str, Any] = {} if sized else {"ncols": 80, "nrows": 24}
    return tqdm(file=sys.stderr, leave=False, dynamic_ncols=sized, **fixed, **how)


class Bar(Lines):
    """tqdm, with what the samples judged so far amount to."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Any = None
        self._judged = self._passed = self._errors = 0
        self._cost = 0.0

    def say(self, text: str) -> None:
        if self._bar is None:
            print(visible(text), file=sys.stderr, flush=True)
        else:
            self._bar.write(visible(text), file=sys.stderr)

    def started(self, total: int, judged: int, passed: int) -> None:
        self._judged, self._passed, self._errors, self._cost = judged, passed, 0, 0.0
        self._bar = bar(total=total, initial=judged, unit="sample")
        self._show(0)

    def rollout(self, cost: float) -> None:
        self._cost += cost

    def ended(self, outcome: Outcome, reason: str, detail: str) -> None:
        super().ended(outcome, reason, detail)
        self._errors += outcome is Outcome.ERROR
        self._show(1)

    def verdict(self, verdict: Verdict) -> None:
        super().verdict(verdict)
        self._judged += verdict.scored
        self._passed += verdict.outcome is Outcome.PASSED
        self._errors += verdict.outcome is Outcome.ERROR
        self._show(1)

    def finished(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self, more: int) -> None:
        if self._bar is None:
            return
        facts = [f"pass@1 {percent(self._passed / self._judged)}"] if self._judged else []
        facts += [f"errors {self._errors}"] if self._errors else []
        facts += [money(self._cost)] if self._cost else []
        self._bar.set_postfix_str(", ".join(facts), refresh=False)
        self._bar.update(more)
