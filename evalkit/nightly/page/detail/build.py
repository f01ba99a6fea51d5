"""All of a series' section below its charts: markup that stands by itself, and the data of the heat map."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from evalkit.nightly.page.days import many, short
from evalkit.nightly.page.detail import ends as ended
from evalkit.nightly.page.detail import used as usage
from evalkit.nightly.page.detail.behind import behind, of
from evalkit.nightly.page.detail.block import about, apart, block, command
from evalkit.nightly.page.detail.change import LEAST_PAIRS, Flaky, change, flakiness, order
from evalkit.nightly.page.detail.flips import Flips, flips
from evalkit.nightly.page.detail.grid import Grid, grid
from evalkit.nightly.page.seen import seen
from evalkit.nightly.standing import Standing
from evalkit.report.drill.scripts import joined, resource
from evalkit.report.labels import labels
from evalkit.report.page.build import environment
from evalkit.report.page.marks.svg import rect, svg

if TYPE_CHECKING:
    from jinja2 import Template

FLIPS, FLAKY = 10, 8  # rows of the tables
LEAST_RATE = 0.1  # of flips, for the table of the flakiest
SHARED = ("elements.js", "block.js")  # of the report's script
OWN = ("tasks.js", "map.js", "heat.js")


@dataclass(frozen=True)
class Detail:
    """`html` stands in the series' section, `behind` where the page wants it: the tasks that changed most, ""
    where nothing is open. `block` is the id and the base64 of what the heat map is drawn from."""

    html: Markup
    behind: Markup
    block: tuple[str, str]


def detail(standing: Standing, number: int, now: date, *, folder: Path = Path("results")) -> Detail | None:
    """`number`: the series' place on the page, for ids. `folder`: where the plan's nights are. None where
    there is no night."""
    found = grid(standing.watched)
    if not found.nights:
        return None
    moved = change(standing, found)
    tasks = order(found, moved)
    flaky, flipped = flakiness(found), flips(found)
    largest = behind(found, moved)
    view: dict[str, Any] = {
        "id": f"d{number}",
        "grid": found,
        "change": moved,
        "about": about(found, moved, now),
        "behind": largest,
        "flips": flipped,
        "rows": flipped.flips[:FLIPS],
        "between": _between(found, flipped, now),
        "run": _command(flipped, folder),
        "gone": flipped.night is not None and not flipped.night.simulated,
        "flaky": _flakiest(found, flaky),
        "enough": any(one.pairs >= LEAST_PAIRS for one in flaky),
        "apart": apart(standing, found, now),
        "last": short(found.nights[-1].day, now),
    }
    first = seen(standing, now).first
    view["ends"] = ended.ends(found, first, now)
    view["used"], view["unknown"] = usage.used(found, first, now)
    table = Markup(template("behind").render(view)) if moved.event and largest else Markup("")
    return Detail(
        Markup(template("detail").render(view)),
        table,
        (f"d{number}-grid", block(standing, found, moved, tasks, flaky, flipped, now, folder)),
    )


@dataclass(frozen=True)
class Row:
    """One line of the flakiest tasks."""

    task: int
    rate: str
    nights: int
    passes: str


def _flakiest(grid: Grid, flaky: list[Flaky]) -> list[Row]:
    found = [task for task, one in enumerate(flaky) if one.pairs >= LEAST_PAIRS and one.rate > LEAST_RATE]
    found.sort(key=lambda task: (-flaky[task].rate, grid.tasks[task]))
    passes = grid.sums(number for epoch in grid.counted for number in epoch)
    return [
        Row(task, f"{flaky[task].rate:.2f}", flaky[task].pairs + 1, of(passes[task]))
        for task in found[:FLAKY]
    ]


def _between(grid: Grid, found: Flips, now: date) -> str:
    """Which nights, how many, and why not the last one where it is not."""
    if found.night is None or found.before is None:
        return ""
    days = f"{short(found.night.day, now)} against {short(found.before.day, now)}"
    n, better = len(found.flips), found.better
    said = (
        f"{days}: no verdict is another one."
        if not n
        else (
            f"{days}: {many(better, 'task')} better, {many(n - better, 'task')} worse."
            + (f" These {FLIPS} were the least to be expected; the map shows all." if n > FLIPS else "")
        )
    )
    last = grid.nights[-1]
    if last is found.night:
        return said
    return f"The night of {short(last.day, now)} is not compared: {grid.hollow[-1]}. {said}"


def _command(found: Flips, folder: Path) -> str:
    night = found.night
    return command(folder, night.day, night.run, simulated=night.simulated) if night else ""


# -- what the page is given beside it --------------------------------------------------------------


def script() -> str:
    """The text of the one script, to stand after the blocks."""
    own = (_own(f"script/{name}") for name in OWN)
    return joined([*(resource(f"script/{name}") for name in SHARED), *own])


def style() -> str:
    return _own("detail.css")


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def template(name: str) -> Template:
    made = environment(labels(), __package__)
    made.globals.update(many=many, of=of, swatch=swatch)
    return made.get_template(f"{name}.html.j2")


def swatch(css: str) -> Markup:
    return svg(11, 11, [rect(0.5, 0.5, 10, 10, css)])
