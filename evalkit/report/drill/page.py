"""One sample as a small page of its own: no script, readable by itself, with a link back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from evalkit.report.content import RunFacts
from evalkit.report.drill.packed import packed
from evalkit.report.drill.scripts import ALONE, script, source
from evalkit.report.labels import Labels
from evalkit.report.recording import last_screen
from evalkit.text import shown

if TYPE_CHECKING:
    from jinja2 import Template

STEP = 200  # passages that are open at first, and in each fold after that


def sample_page(
    run: RunFacts,
    row: Mapping[str, Any],
    tags: Mapping[str, str],
    told: Sequence[Sequence[Any]],
    back: str,
    said: Labels,
) -> str:
    """`told` as transcript() gives it; `back` is the report's address with this sample open."""
    parts = [part for _, _, parts in told for part in parts if isinstance(part, dict)]
    casts = [part["cast"] for part in parts if "cast" in part and not part["cast"]["why"]]
    player = script(ALONE) if casts else ""
    return template().render(
        run=run,
        row=row,
        tags=tags,
        word="/".join(filter(None, (row["outcome"], row["reason"]))),
        folds=[told[at : at + STEP] for at in range(0, max(1, len(told)), STEP)],
        back=back,
        said=said,
        cast=packed({"cast": casts[0], **spoken(said)}) if casts else "",
        player=Markup(player),
        allowed=f"; script-src {source(player)}" if player else "",
    )


def spoken(said: Labels) -> dict[str, Any]:
    """The words that a script says."""
    return {
        "words": {key: text for key, text in said.texts.items() if key.startswith("drill.")},
        "language": said.language.code,
        "thousands": said.language.thousands,
    }


@cache
def template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("evalkit.report.drill", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=safe,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["last_screen"] = last_screen
    return environment.get_template("sample.html.j2")


def safe(value: Any) -> Any:
    return shown(value) if type(value) is str else value  # not of text that is escaped already
