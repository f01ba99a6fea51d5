"""What a table holds: values with where they come from, and what they may be compared with.

A published value is kept as it was printed. A measured one carries its run. Both know the setting under
which they hold, and only values of one setting are ever compared: across, they stand side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MISSING = 0.01  # share of the planned samples that may lack a verdict: above, a score has no rank

Origin = Literal["published", "measured"]
Kind = Literal["number", "range", "missing", "not_disclosed", "qualitative", "text"]
Access = Literal["open", "proprietary", ""]


@dataclass(frozen=True)
class Model:
    """A column. `id` is the same for published and measured values; `display` as it is printed, `detail` a
    second line (size, version). `access` "" is unknown. `reference`: no model, but gold answers or none, that
    try the benchmark itself: never ranked, never compared with."""

    id: str
    display: str
    detail: str = ""
    organisation: str = ""
    access: Access = ""
    reference: bool = False


@dataclass(frozen=True)
class Setting:
    """What a score was made under: the key of comparability. "" and None are "not stated".

    `suite` is the benchmark's id, `revision` its data (a release, a commit, a fingerprint), `scaffold` with
    its version, `turns` the limit of a rollout, `protocol` how the model is asked, `limits` further ones.
    """

    suite: str
    revision: str = ""
    scaffold: str = ""
    turns: int | None = None
    protocol: str = ""
    limits: Mapping[str, str] = field(default_factory=dict, hash=False)

    def comparable(self, other: Setting) -> bool:
        """Whether two values may be compared: every part is the same, also where it is not stated."""
        return self == other


@dataclass(frozen=True)
class Interval:
    """In points of 0..100. `implied`: derived from a printed score and an assumed number of tasks."""

    low: float
    high: float
    implied: bool = False


@dataclass(frozen=True)
class Value:
    """One score in points of 0..100.

    `printed` is what a document prints, or what a measured score looks like; `value` None where there is no
    number; `low` and `high` are a printed range, which is no interval. `n`: tasks, None where not stated.
    `scored` of `planned` samples where measured; `bounds` where the score must lie once all is scored;
    `finished` unless its run goes on, or was cut off; `reference` as the model's.
    `notes` are ids of the table's notes, `source` the document or the run's folder, `id` the cell's in its
    file (conflicts name it) or the run's in the report.
    """

    model: str
    setting: Setting
    origin: Origin
    kind: Kind
    printed: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    approximate: bool = False
    interval: Interval | None = None
    n: int | None = None
    scored: int | None = None
    planned: int | None = None
    bounds: tuple[float, float] | None = None
    finished: bool = True
    reference: bool = False
    notes: tuple[str, ...] = ()
    source: str = ""
    id: str = ""

    @property
    def complete(self) -> bool:
        """Whether it may be ranked: not while its run goes on, or lacks more than MISSING of its samples."""
        if not self.finished:
            return False
        if self.scored is None or self.planned is None:
            return True
        return self.planned - self.scored <= MISSING * self.planned


@dataclass(frozen=True)
class Row:
    """One line: a benchmark, or one setting of it. `level` 1 stands under the row above that has no cells of
    its own; `group` is the heading that it stands under."""

    id: str
    label: str
    setting: Setting
    group: str = ""
    level: int = 0
    heading: bool = False
    origin: Origin = "published"
    n: int | None = None


@dataclass(frozen=True)
class Table:
    """Rows and columns in order; `cells` by (row id, model id), all that are not there are not reported.

    `notes`: text by id, in order of first use. `columns_by`: model ids by heading, for column groups.
    """

    id: str
    title: str
    models: tuple[Model, ...]
    rows: tuple[Row, ...]
    cells: Mapping[tuple[str, str], Value]
    notes: Mapping[str, str] = field(default_factory=dict)
    columns_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    caption: str = ""
