"""evalkit selftest: hostile programs and the sandbox's promises, tried on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from evalkit.cli.parser import Parser
from evalkit.cli.progress import bar
from evalkit.cli.text import Style, duration, one_line, table
from evalkit.run.settings import ISOLATIONS
from evalkit.selftest import Report, Watch, selftest
from evalkit.selftest.findings import PROMISE

ABOUT = """\
Judges a corpus of hostile and honest programs here, each in every form of test that it applies to, and looks
at the containers from inside and outside: docs/security.md says what is promised. Ends with the embedded
suite, whose right answers must pass and whose empty ones must not. A few minutes on two cores; no model
is asked, nothing is kept. Exit code 1 where something does not hold.

CASE   only cases whose id begins so (all promises are still tried)
"""
EXAMPLES = """\
  evalkit selftest
  evalkit selftest --json > selftest.json
  evalkit selftest exit-alarm near-
"""


def main(words: Sequence[str]) -> int:
    parser = Parser("selftest", usage="[CASE ...] [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("cases", metavar="CASE", nargs="*", help="the beginning of a case's id")
    parser.add_argument(
        "--isolation", choices=ISOLATIONS, default=ISOLATIONS[0], help="as of `run` (default: shared)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress; only what does not hold")
    args = parser.read(words)
    check_known(args.cases)
    watch = Bar() if sys.stderr.isatty() and not args.quiet else Watch()
    report = selftest(watch, args.cases, strict=args.isolation == "strict")
    if args.json:
        print(json.dumps(report.to_json()))
    else:
        print(as_text(report, Style(), quiet=args.quiet))
    return 0 if report.ok else 1


def check_known(beginnings: Sequence[str]) -> None:
    from evalkit.errors import UsageError
    from evalkit.registry import did_you_mean
    from evalkit.selftest.cases import cases

    ids = [case.id for case in cases()]
    for one in beginnings:
        if not any(name.startswith(one) for name in ids):
            raise UsageError(f"no case begins with {one!r}", did_you_mean(one, ids))


class Bar(Watch):
    """tqdm on stderr, one bar a part."""

    def __init__(self) -> None:
        self._bar: Any = None

    def begin(self, what: str, total: int) -> None:
        self._bar = bar(total=total, desc=what, unit="try")

    def step(self) -> None:
        self._bar.update(1)

    def end(self) -> None:
        self._bar.close()


def as_text(report: Report, style: Style, *, quiet: bool = False) -> str:
    """Classes with counts, promises, what does not hold, what is missing here."""
    lines = []
    if not quiet:
        rows = [["held", "class of programs"]]
        rows += [[f"{h} of {n}", name] for name, (h, n) in report.counts.items() if name != PROMISE]
        lines += [table(rows, right=frozenset((0,))), ""]
        lines += [_promise(f.ok, f.name, f.detail, style) for f in report.findings if f.group == PROMISE]
    broken = [f for f in report.findings if not f.ok]
    for finding in broken:
        what = style.bad("DOES NOT HOLD")
        lines.append(f"{what}  {one_line(finding.name)}: {one_line(finding.detail, 300)}")
    for lack in report.lacks:
        lines.append(f"{style.warn('lacking here')}  {one_line(lack)}")
    tried, took = len(report.findings), duration(report.wall_s)
    if broken:
        lines.append(style.bad(f"{len(broken)} of {tried} do not hold") + f" ({took})")
    else:
        lines.append(style.good(f"all {tried} hold") + f" ({took})")
    return "\n".join(lines)


def _promise(ok: bool, name: str, detail: str, style: Style) -> str:
    mark = style.good("holds ") if ok else style.bad("BROKEN")
    return f"{mark}  {one_line(name)}: {one_line(detail, 120)}"
