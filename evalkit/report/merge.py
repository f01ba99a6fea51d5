"""Measured values beside published ones: rows under the printed row of the same benchmark, in one table.

A measured row never mixes with a printed one: its setting is its own, and a note says what the document
leaves open. A benchmark that the table does not have gets rows of its own, under its suite's heading.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from evalkit.report.published import note_id
from evalkit.report.repeats import Shown, value_of
from evalkit.report.setting import bare, differing, label_of, parts_of, unstated
from evalkit.report.values import Model, Row, Setting, Table, Value

EMPTY = Table("measured", "Scores by benchmark", (), (), {})
FURTHER = "Other models"  # heading of columns that no document's heading fits


def merged(table: Table, cells: Sequence[Shown], elsewhere: Mapping[str, str]) -> Table:
    """`table` with the measured `cells`; `elsewhere` says which further table prints a benchmark."""
    rows, notes, values = list(table.rows), dict(table.notes), dict(table.cells)
    by_suite: dict[str, list[Setting]] = {}
    for cell in cells:
        settings = by_suite.setdefault(cell.setting.suite, [])
        if cell.setting not in settings:
            settings.append(cell.setting)
    for suite, settings in by_suite.items():
        own = [cell for cell in cells if cell.setting.suite == suite]
        labels = labels_of(settings)
        settings = sorted(settings, key=lambda setting: labels[setting])
        printed = [row for row in table.rows if row.setting.suite == suite and not row.heading]
        added = under(rows, printed, settings, labels, own) if printed else apart(rows, settings, labels, own)
        for row, said in added:
            said = said or (f"printed in: {elsewhere[suite]}" if suite in elsewhere else "")
            for cell in own:
                if cell.setting == row.setting:
                    texts = [*filter(None, [said]), *cell.remarks]
                    values[row.id, cell.model.id] = value_of(cell, [note_id(text, notes) for text in texts])
    models, columns = with_columns(table, [cell.model for cell in cells])
    return dataclasses.replace(
        table, models=models, rows=tuple(rows), cells=values, notes=notes, columns_by=columns
    )


def labels_of(settings: Sequence[Setting]) -> dict[Setting, str]:
    """A label for each, and all different: what tells two apart is said, also where it is seldom."""
    short = {setting: label_of(setting) for setting in settings}
    full = {}
    for setting in settings:
        twins = [other for other in settings if short[other] == short[setting]]
        parts = parts_of(setting)
        apart = [name for name in parts if len({parts_of(twin).get(name) for twin in twins}) > 1]
        full[setting] = ", ".join([short[setting], *(f"{name} {parts[name]}" for name in apart)])
    return full


# -- rows ------------------------------------------------------------------------------------------


def under(
    rows: list[Row],
    printed: Sequence[Row],
    settings: Sequence[Setting],
    labels: Mapping[Setting, str],
    cells: Sequence[Shown],
) -> list[tuple[Row, str]]:
    """Rows for these settings, put under the printed row that is nearest; each with its note."""
    added = []
    for number, setting in enumerate(settings, 1):
        near, fits = nearest(printed, setting)
        level = near.level + 1 if fits else near.level or 1
        row = measured_row(number, setting, labels[setting], near.group, level, cells)
        rows.insert(after(rows, near), row)
        added.append((row, beside(near.setting, setting)))
    return added


def nearest(printed: Sequence[Row], setting: Setting) -> tuple[Row, bool]:
    """The printed row of the same scaffold and turns, as far as it states them; the last one, and False,
    where all state others."""

    def fit(row: Row) -> int:
        stated = row.setting
        if stated.scaffold and stated.scaffold.casefold() != bare(setting.scaffold).casefold():
            return -1
        if stated.turns and stated.turns != setting.turns:
            return 1 if stated.scaffold else -1
        return 2 * bool(stated.scaffold) + bool(stated.turns)

    best = max(map(fit, printed))
    if best < 0:
        return printed[-1], False
    return next(row for row in printed if fit(row) == best), True


def after(rows: Sequence[Row], near: Row) -> int:
    """Where a row goes that stands under `near`: behind the measured ones that do already."""
    place = rows.index(near) + 1
    while place < len(rows) and rows[place].origin == "measured":
        place += 1
    return place


def beside(printed: Setting, own: Setting) -> str:
    """Why a measured row is not to be held against the printed one above it."""
    if printed.comparable(own):
        return ""
    bare_own = dataclasses.replace(own, scaffold=bare(own.scaffold), protocol=bare(own.protocol))
    stated = [
        words
        for words in differing(printed, bare_own)
        if not words.partition(": ")[2].startswith("not stated / ")
    ]
    open_ = unstated(printed)
    missing = [f"it does not state its {', '.join(open_)}"] if open_ else []
    return f"beside the printed row, not comparable with it: {'; '.join([*stated, *missing])}"


def apart(
    rows: list[Row], settings: Sequence[Setting], labels: Mapping[Setting, str], cells: Sequence[Shown]
) -> list[tuple[Row, str]]:
    """Rows of a benchmark that the table does not have: one with its title, or several under a heading."""
    title, group = cells[-1].title, cells[-1].newest.group
    named = [row.group for row in rows if row.group.casefold() == group.casefold()]
    group = named[0] if named else group  # spelt as the document does
    new = []
    for number, setting in enumerate(settings, 1):
        alone = len(settings) == 1
        part = [setting.limits.get("scope", ""), setting.limits.get("tasks", "").partition(" (")[0]]
        label = ", ".join(filter(None, [title, *part])) if alone else labels[setting]
        new.append(measured_row(number, setting, label, group, 0 if alone else 1, cells))
    if len(new) > 1:
        suite = Setting(settings[0].suite)
        new.insert(0, Row(f"measured-{suite.suite}", title, suite, group, heading=True, origin="measured"))
    last = max((n for n, row in enumerate(rows, 1) if row.group == group), default=len(rows))
    rows[last:last] = new
    return [(row, "") for row in new if not row.heading]


def measured_row(
    number: int, setting: Setting, label: str, group: str, level: int, cells: Sequence[Shown]
) -> Row:
    tasks = max(cell.newest.facts.summary.tasks for cell in cells if cell.setting == setting)
    name = f"measured-{setting.suite}-{number}"
    return Row(name, label, setting, group, level, origin="measured", n=tasks)


# -- columns ---------------------------------------------------------------------------------------


def with_columns(
    table: Table, models: Sequence[Model]
) -> tuple[tuple[Model, ...], dict[str, tuple[str, ...]]]:
    """Models and headings with the new ones: under the heading of models that are as open, else FURTHER."""
    known = {model.id: model for model in table.models}
    new = {model.id: model for model in models if model.id not in known}
    every = {**known, **new}
    if not table.columns_by:
        return tuple(every.values()), {}
    headings = {heading: list(ids) for heading, ids in table.columns_by.items()}
    for model in new.values():
        fitting = (
            heading
            for heading, ids in table.columns_by.items()
            if model.access and all(known[i].access == model.access for i in ids)
        )
        headings.setdefault(next(fitting, FURTHER), []).append(model.id)
    order = [every[model] for ids in headings.values() for model in ids]
    return tuple(order), {heading: tuple(ids) for heading, ids in headings.items()}


def values_of(table: Table, origin: str) -> list[Value]:
    return [value for value in table.cells.values() if value.origin == origin]
