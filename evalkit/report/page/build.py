"""The page: one HTML text from a report. The same report gives the same bytes."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import evalkit
from evalkit.report.content import Report
from evalkit.report.drill import Drill
from evalkit.report.drill.scripts import source
from evalkit.report.labels import Labels
from evalkit.report.page.links import address
from evalkit.report.page.looks import looks
from evalkit.report.page.marks.strip import scale
from evalkit.report.page.marks.svg import mark, svg
from evalkit.report.page.notes import notes
from evalkit.report.page.sections import sections
from evalkit.report.palette import ACCOUNT_COLOURS, COLOURS, Mark
from evalkit.text import shown


def page(report: Report, *, labels: Labels, drill: Drill | None = None) -> str:
    """The whole file. Without `drill` it has no script; with one the policy allows exactly that script."""
    seen, lettered = looks(report), notes(report.tables)
    script = drill.script if drill else ""
    return (
        environment(labels)
        .get_template("page.html.j2")
        .render(
            report=report,
            title=report.title,
            looks=seen,
            sections=list(sections(report, seen, lettered, labels, drill=drill is not None)),
            policy=policy(script),
            style=style(sheet("style.css"), drill.style if drill else ""),
            script=Markup(script),
            blocks=drill.blocks if drill else {},
            drill=drill,
            scale=scale(),
            version=evalkit.__version__,
        )
    )


def environment(labels: Labels, *packages: str) -> Environment:
    """Everything that a template prints is made visible, then escaped. There is no way around that but markup
    that our own code made. `packages`: whose templates come before the report's."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "evalkit.report.page")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=plain,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.globals.update(say=labels, labels=labels, address=address, language=labels.language.code)
    made.globals.update(seen=seen, pads=lambda digits: f"{digits:g}ch", large=large)
    return made


def plain(value: Any) -> Any:
    """What may be printed: text, markup of ours, whole numbers. Anything else is a template's mistake."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError(f"a template prints {value!r}")


def policy(script: str) -> str:
    """Nothing may be loaded, sent or framed; only our one script may run, known by its hash."""
    allowed = ["default-src 'none'", "style-src 'unsafe-inline'", "img-src data:"]
    if script:
        allowed.append(f"script-src {source(script)}")
    return "; ".join([*allowed, "base-uri 'none'", "form-action 'none'"])


def seen(look: Mark) -> Markup:
    """A model's mark, to stand before its name."""
    return svg(13, 13, [mark(look, 6.5, 6.5, 4, filled=False)])


def large(figure: str) -> Markup:
    """ "14 of 14": the number large, the rest beside it."""
    number, _, rest = shown(figure).partition(" ")
    return Markup("{} <small>{}</small>").format(number, rest) if rest else Markup("{}").format(number)


def colours() -> str:
    """The palette as CSS variables and classes, so that the page and the figures beside it agree."""
    models = {f"c{i}": colour for i, colour in enumerate(COLOURS)}
    classes = {f"out-{name}": colour for name, colour in ACCOUNT_COLOURS.items()}
    both = {**models, **classes}.items()
    variables = "".join(f"--{name}:light-dark({one.light},{one.dark});" for name, one in both)
    drawn = [
        *(f".m{i}{{fill:var(--c{i});stroke:var(--c{i})}}" for i in range(len(COLOURS))),
        *(f".c{i}{{stroke:var(--c{i})}}.f{i}{{fill:var(--c{i})}}" for i in range(len(COLOURS))),
        *(f".{name}{{fill:var(--{name})}}" for name in classes),
    ]
    return f":root{{{variables}}}{''.join(drawn)}"


def style(own: str, more: str = "") -> Markup:
    """A page's whole style: the ground, its own, what holds for other widths and on paper, and the rest."""
    return Markup(compact(colours() + sheet("ground.css") + own + sheet("media.css") + more))


def sheet(name: str) -> str:
    return resources.files(__name__.rpartition(".")[0]).joinpath(name).read_text(encoding="utf-8")


def compact(style: str) -> str:
    """Without comments, indents and line ends: they are for us."""
    bare = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", bare)).strip()
