"""The dashboard: one HTML text from how a plan's series stand. The same outlook gives the same bytes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from markupsafe import Markup

import evalkit
from evalkit.nightly.page.days import long
from evalkit.nightly.page.detail import script
from evalkit.nightly.page.detail import style as detail_style
from evalkit.nightly.page.notes import events, quarantined, warnings
from evalkit.nightly.page.overview import grid
from evalkit.nightly.page.view import SeriesView, series
from evalkit.nightly.standing import Outlook
from evalkit.nightly.words import headline, lede
from evalkit.report.labels import labels
from evalkit.report.page.build import environment, policy, style

ORDER = ("regressed", "acknowledged", "watch", "improved")  # then the rest, and what the plan has no more
AHEAD = 2  # regressed series that stand before the overview; where there are more, it comes first
HERE = "evalkit.nightly.page"


@dataclass(frozen=True)
class Figure:
    """One number of the row under the title."""

    number: str
    words: str
    css: str = ""


def page(outlook: Outlook, *, plan: str = "PLAN.toml", folder: Path | None = None) -> str:
    """The whole file. `plan` and `folder`: how commands that it shows name the plan's file, and the folder of
    its nights."""
    views = [
        series(outlook, standing, n, folder or Path("results"))
        for n, standing in enumerate(outlook.standings)
    ]
    first = [view for view in views if view.standing.stands == "regressed"]
    ahead = first if len(first) <= AHEAD else []
    blocks = dict(view.detail.block for view in views if view.detail)
    code = script() if blocks else ""
    made = environment(labels(), HERE)
    made.filters["quoted"] = shlex.quote
    return made.get_template("nightly.html.j2").render(
        outlook=outlook,
        title=f"Nightly {outlook.name}, {long(outlook.day)}",
        day=long(outlook.day),
        headline=headline(outlook),
        lede=lede(outlook),
        figures=figures(outlook),
        warnings=warnings(outlook, views),
        ahead=ahead,
        rest=sorted([v for v in views if v not in ahead], key=urgency),
        grid=grid(outlook, [view for view in views if not view.standing.ended]),
        events=events(views, outlook.day),
        quarantine=quarantined(outlook),
        plan=shlex.quote(plan),
        policy=policy(code),
        style=style(sheet("nightly.css"), detail_style()),
        script=Markup(code),
        blocks=blocks,
        version=evalkit.__version__,
    )


def urgency(view: SeriesView) -> int:
    stands = view.standing.stands
    return ORDER.index(stands) if stands in ORDER else len(ORDER) + (stands == "ended")


def figures(outlook: Outlook) -> Sequence[Figure]:
    stands = [standing.stands for standing in outlook.standings if not standing.ended]
    total = len(stands)
    found = [
        Figure(str(total), "series watched"),
        Figure(str(stands.count("regressed")), "regressed", "bad" if "regressed" in stands else ""),
    ]
    if "acknowledged" in stands:
        found.append(Figure(str(stands.count("acknowledged")), "acknowledged"))
    found.append(Figure(str(stands.count("watch")), "to watch", "warn" if "watch" in stands else ""))
    found.append(Figure(str(stands.count("improved")), "improved", "good" if "improved" in stands else ""))
    if "learning" in stands:
        found.append(Figure(str(stands.count("learning")), "without a baseline yet"))
    rate = outlook.false_alarms
    over = f" over all {total}" if total > 1 else ""
    found.append(Figure(f"{rate:.{1 if rate >= 0.1 else 2}f}", f"false drop alarms expected a month{over}"))
    return found


def sheet(name: str) -> str:
    return resources.files(HERE).joinpath(name).read_text(encoding="utf-8")
