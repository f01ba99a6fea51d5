"""A sheet of paper: text, marks and lines at inches from its upper left corner, in the same type everywhere.

matplotlib draws; nothing of it that is global changes. Text is taken literally (no TeX), what others wrote is
made safe first, and the only typeface is the one that matplotlib brings, so that every machine gets the same
bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evalkit.report.palette import HAIR, INK, MUTED, PAPER, Mark, Theme
from evalkit.text import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Format = Literal["svg", "pdf", "png"]
Side = Literal["left", "center", "right"]
Fill = Literal["full", "pale", "none"]  # measured, measured in part, published

ONE_COLUMN, TWO_COLUMNS = 3.4, 7.0  # inches, of most journals and conferences
FACE = "DejaVu Sans"
SMALLEST, SMALL, PLAIN = 5.8, 6.4, 7.2  # points
RADIUS = 2.5  # of marks, points
STYLE: dict[Any, Any] = {
    "font.family": [FACE],
    "font.size": PLAIN,
    "text.usetex": False,
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "svg.fonttype": "none",  # text stays text, which can be searched and edited
    "svg.hashsalt": "evalkit",
    "pdf.fonttype": 42,
    "savefig.dpi": 300,
}
DATELESS: Mapping[str, Mapping[str, str | None]] = {
    "svg": {"Date": None, "Creator": "evalkit"},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": "evalkit", "Producer": None},
    "png": {"Software": None},
}


@contextmanager
def typeset() -> Iterator[None]:
    """Our settings instead of the user's, who has his own back afterwards."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


@cache
def glyphs() -> frozenset[int]:
    """The characters of the typeface."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family=[FACE]))).get_charmap())


def plain(text: str) -> str:
    """One safe line; what the typeface lacks is there as a code (‹U+4E2D›)."""
    line = shown(text.replace("\n", " ").replace("\t", " "))
    return "".join(c if ord(c) in glyphs() else f"‹U+{ord(c):04X}›" for c in line)


def shortened(line: str, kept: int) -> str:
    """`kept` characters of a line, two thirds of them from its beginning."""
    if kept >= len(line):
        return line
    tail = kept // 3
    return f"{line[: kept - tail].rstrip()}…{line[len(line) - tail :].lstrip()}"


class Sheet:
    """One figure of `width` x `height` inches, until it is written. Use within `typeset`."""

    def __init__(self, width: float, height: float, theme: Theme) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width, self.height, self.theme = width, height, theme
        self.ink, self.muted, self.hair, self.paper = (c.on(theme) for c in (INK, MUTED, HAIR, PAPER))
        self.figure = Figure(figsize=(width, height), facecolor=self.paper)
        self._canvas = FigureCanvasAgg(self.figure)
        self._whole = self.axes(0, 0, width, height)
        self._whole.set_axis_off()
        self._whole.set_gid("text")
        self._whole.set_zorder(2)  # text and rules lie over the grids of plots

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Bare axes with a transparent ground; (x, y) is their upper left corner. Until told otherwise their
        own units are inches from there."""
        box = (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(box, facecolor="none")
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_gid("plot")
        axes.tick_params(length=0, labelsize=SMALL, labelcolor=self.muted, pad=2)
        axes.set_xticks([])
        axes.set_yticks([])
        return axes

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = PLAIN,
        colour: str = "",
        side: Side = "left",
        bold: bool = False,
        fit: float = 0.0,
    ) -> float:
        """`text` in the middle of the line `y`, made smaller and cut to fit into `fit` inches (0: as it is).
        How wide it is, in inches."""
        line = plain(text)
        if fit:
            size = max(min(size, SMALLEST), min(size, size * fit / max(self.wide(line, size, bold), 1e-6)))
            line = self.cut(line, fit, size, bold)
        self._whole.text(
            x,
            y,
            line,
            size=size,
            color=colour or self.ink,
            ha=side,
            va="center_baseline",
            weight="bold" if bold else "normal",
        )
        return self.wide(line, size, bold)

    def wide(self, line: str, size: float = PLAIN, bold: bool = False) -> float:
        """Inches that a line takes."""
        from matplotlib.font_manager import FontProperties

        face = FontProperties(family=[FACE], size=size, weight="bold" if bold else "normal")
        renderer = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        width: float = renderer.get_text_width_height_descent(line, face, False)[0]
        return width / float(self.figure.dpi)

    def cut(self, line: str, fit: float, size: float = PLAIN, bold: bool = False) -> str:
        """The line, or its beginning and its end as far as they fit: names often differ in either."""
        low, high = 0, len(line)
        while low < high:  # the most characters that fit
            kept = (low + high + 1) // 2
            if self.wide(shortened(line, kept), size, bold) <= fit:
                low = kept
            else:
                high = kept - 1
        return shortened(line, low)

    def rule(self, x: float, y: float, width: float, *, heavy: bool = False) -> None:
        colour, thick = (self.ink, 0.8) if heavy else (self.hair, 0.5)
        self._whole.plot([x, x + width], [y, y], color=colour, lw=thick, solid_capstyle="butt")

    def line(self, x: float, y: float, width: float, colour: str, **how: Any) -> None:
        self._whole.plot([x, x + width], [y, y], color=colour, **how)

    def box(self, x: float, y: float, width: float, height: float, **how: Any) -> None:
        from matplotlib.patches import Rectangle

        self._whole.add_patch(Rectangle((x, y), width, height, **how))

    def mark(
        self,
        mark: Mark,
        x: float,
        y: float,
        *,
        fill: Fill,
        axes: Axes | None = None,
        colour: str = "",
        radius: float = RADIUS,
    ) -> None:
        """A model's mark, in inches, or in the units of `axes`."""
        points = mark.points
        reach = max(abs(part) for point in points for part in point) if points else 1.0
        colour = colour or mark.colour_on(self.theme)
        (axes or self._whole).plot(
            [x],
            [y],
            ls="none",
            # y points down in the palette, up in a marker
            marker=[(a, -b) for a, b in (*points, points[0])] if points else "o",
            markersize=2 * radius * reach,  # of the furthest point: matplotlib scales it to this
            markerfacecolor={"full": colour, "pale": self.blend(colour), "none": self.paper}[fill],
            markeredgecolor=colour,
            markeredgewidth=0.9,
            zorder=5,
            clip_on=False,
        )

    def blend(self, colour: str) -> str:
        """A third of the colour on the paper."""
        parts = [
            round((int(colour[i : i + 2], 16) + 2 * int(self.paper[i : i + 2], 16)) / 3) for i in (1, 3, 5)
        ]
        return "#" + "".join(f"{part:02x}" for part in parts)

    def write(self, folder: Path, name: str, formats: tuple[Format, ...], title: str) -> Iterator[Path]:
        for format in formats:
            path = folder / f"{name}.{format}"
            named = {} if format == "png" else {"Title": plain(title)}
            self.figure.savefig(
                path, format=format, metadata={**DATELESS[format], **named}, facecolor=self.paper
            )
            yield path
