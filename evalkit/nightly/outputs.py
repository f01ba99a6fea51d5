"""What a night leaves for people and programs, in one folder:

index.html              the dashboard
feed.json               all series for programs, and SERIES.json each
SERIES.svg              a badge each
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from evalkit.nightly.disk import read_whole, write_whole
from evalkit.nightly.plan import Plan
from evalkit.nightly.standing import Outlook

PAGE = "index.html"


def folder_of(plan: Plan) -> Path:
    """Where outputs go unless -o says another place."""
    return Path("reports") / "nightly" / plan.name


def write_outputs(outlook: Outlook, folder: Path, file: str, nights: Path) -> Path:
    """The page's path. `file`: the plan, `nights`: the folder of its nights, as commands on the page name
    them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in outputs(outlook, file, nights):
        put(folder / name, text)
    return folder / PAGE


def outputs(outlook: Outlook, file: str, nights: Path) -> Iterator[tuple[str, str]]:
    """Names and contents. The page last: whoever sees it can follow its links."""
    from evalkit.nightly.badge import badge
    from evalkit.nightly.feed import feed, series_feed, text
    from evalkit.nightly.page import page

    for standing in outlook.standings:
        yield f"{standing.series.id}.svg", badge(standing)
        yield f"{standing.series.id}.json", text(series_feed(standing, outlook))
    yield "feed.json", text(feed(outlook))
    yield PAGE, page(outlook, plan=file, folder=nights)


def put(path: Path, text: str) -> None:
    """All of it or nothing; a file that says the same already stays as it is."""
    with contextlib.suppress(OSError):
        if read_whole(path) == text.encode():
            return
    write_whole(path, text)
