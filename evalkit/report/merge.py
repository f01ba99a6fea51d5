"""Measured values beside published ones: rows under the printed row of the same benchmark, in one table.

A measured row never mixes with a printed one: its setting is its own, and a note says what the document
leaves open. A benchmark that the table does not have gets rows of its own, under its suite's heading.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from evalkit.report.labels import Labels
from evalkit.report.published import note_id
from evalkit.report.repeats import Shown, value_of
from evalkit.report.setting import bare, differing, driven, label_of, part_name, part_of, parts_of, unstated
from evalkit.report.values import Model, Row, Setting, Table


def empty(said: Labels) -> Table:
    """What runs stand in where there are no published values."""
    return Table("measured", said["scores.title"], (), (), {})


def merged(table: Table, cells: Sequence[Shown], elsewhere: Mapping[str, str], said: Labels) -> Table:
    """`table` with the measured `cells`; `elsewhere` says which further table prints a benchmark."""
    rows, notes, values = list(table.rows), dict(table.notes), dict(table.cells)
    by_suite: dict[str, list[Setting]] = {}
    for cell in cells:
        settings = by_suite.setdefault(cell.setting.suite, [])
        if cell.setting not in settings:
            settings.append(cell.setting)
    for suite, settings in by_suite.items():
        own = [cell for cell in cells if cell.setting.suite == suite]
        labels = labels_of(settings, said)
        settings = sorted(settings, key=lambda setting: (*weight(own, setting), labels[setting]))
        printed = [row for row in table.rows if row.setting.suite == suite and not row.heading]
        place = under if printed else apart
        for row, near in place(rows, printed, settings, labels, own, said):
            texts = [beside(near.setting, row.setting, said)] if near else []
            if not near and suite in elsewhere:
                texts = [said("note.elsewhere", table=elsewhere[suite])]
            for cell in own:
                if cell.setting == row.setting:
                    letters = [note_id(text, notes) for text in (*texts, *cell.remarks)]
                    values[row.id, cell.model.id] = value_of(cell, letters)
    models, columns = with_columns(table, [cell.model for cell in cells], said["gather.models.other"])
    return dataclasses.replace(
        table, models=models, rows=tuple(rows), cells=values, notes=notes, columns_by=columns
    )


def weight(cells: Sequence[Shown], setting: Setting) -> tuple[int, int]:
    """What many models answered, over many tasks, comes first."""
    mine = [cell for cell in cells if cell.setting == setting]
    return -max(cell.newest.facts.summary.tasks for cell in mine), -sum(
        not cell.model.reference for cell in mine
    )


def labels_of(settings: Sequence[Setting], said: Labels) -> dict[Setting, str]:
    """A label for each, and all different: what tells two apart is said, also where it is seldom."""
    short = {setting: label_of(setting, said) for setting in settings}
    full = {}
    for setting in settings:
        twins = [other for other in settings if short[other] == short[setting]]
        parts = parts_of(setting)
        apart = [name for name in parts if len({parts_of(twin).get(name) for twin in twins}) > 1]
        full[setting] = ", ".join(
            [short[setting], *(f"{part_name(name, said)} {parts[name]}" for name in apart)]
        )
    return full


# -- rows ------------------------------------------------------------------------------------------


def under(
    rows: list[Row],
    printed: Sequence[Row],
    settings: Sequence[Setting],
    labels: Mapping[Setting, str],
    cells: Sequence[Shown],
    said: Labels,
) -> list[tuple[Row, Row | None]]:
    """Rows for these settings, each put under the printed row that is nearest, and with it."""
    added: list[tuple[Row, Row | None]] = []
    for number, setting in enumerate(settings, 1):
        near, fits = nearest(printed, setting)
        level = near.level + 1 if fits else near.level or 1
        row = measured_row(number, setting, labels[setting], near.group, level, cells)
        rows.insert(after(rows, near), row)
        added.append((row, near))
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


def beside(printed: Setting, own: Setting, said: Labels) -> str:
    """Why a measured row is not to be held against the printed one above it."""
    bare_own = dataclasses.replace(own, scaffold=bare(own.scaffold), protocol=bare(own.protocol))
    silent = {name: value or parts_of(bare_own).get(name, "") for name, value in parts_of(printed).items()}
    stated = dataclasses.replace(
        printed,
        revision=silent["data"],
        scaffold=silent["scaffold"],
        protocol=silent["protocol"],
        turns=printed.turns or own.turns,
        limits=own.limits,
    )
    why = differing(stated, bare_own, said, said["gather.unstated"])
    if names := unstated(printed):
        why.append(said("note.unstated", what=", ".join(part_name(name, said) for name in names)))
    return said("note.beside", why="; ".join(why))


def apart(
    rows: list[Row],
    _: Sequence[Row],
    settings: Sequence[Setting],
    labels: Mapping[Setting, str],
    cells: Sequence[Shown],
    said: Labels,
) -> list[tuple[Row, Row | None]]:
    """Rows of a benchmark that the table does not have: one with its title, or several under a heading."""
    title, group = cells[-1].title, cells[-1].newest.group
    named = [row.group for row in rows if row.group.casefold() == group.casefold()]
    group = named[0] if named else group  # spelt as the document does
    new = []
    for number, setting in enumerate(settings, 1):
        alone = len(settings) == 1
        label = (
            ", ".join([title, *part_of(setting, said), *driven(setting, said)]) if alone else labels[setting]
        )
        new.append(measured_row(number, setting, label, group, 0 if alone else 1, cells))
    if len(new) > 1:
        suite = Setting(settings[0].suite)
        new.insert(0, Row(f"measured-{suite.suite}", title, suite, group, heading=True, origin="measured"))
    last = max((n for n, row in enumerate(rows, 1) if row.group == group), default=len(rows))
    rows[last:last] = new
    return [(row, None) for row in new if not row.heading]


def measured_row(
    number: int, setting: Setting, label: str, group: str, level: int, cells: Sequence[Shown]
) -> Row:
    tasks = max(cell.newest.facts.summary.tasks for cell in cells if cell.setting == setting)
    name = f"measured-{setting.suite}-{number}"
    return Row(name, label, setting, group, level, origin="measured", n=tasks)


# -- columns ---------------------------------------------------------------------------------------


def with_columns(
    table: Table, models: Sequence[Model], further: str
) -> tuple[tuple[Model, ...], dict[str, tuple[str, ...]]]:
    """Models and headings with the new ones: under the heading of models that are as open, else `further`."""
    known = {model.id: model for model in table.models}
    new = {model.id: model for model in models if model.id not in known}
    new = dict(sorted(new.items(), key=lambda item: item[1].reference))  # references last
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
        headings.setdefault(next(fitting, further), []).append(model.id)
    order = [every[model] for ids in headings.values() for model in ids]
    return tuple(order), {heading: tuple(ids) for heading, ids in headings.items()}
