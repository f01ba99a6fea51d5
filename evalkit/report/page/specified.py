"""Facts about models as one table: a line a model, a column a fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalkit.report.labels import Labels
from evalkit.report.page.looks import Looks
from evalkit.report.published import Specification


@dataclass(frozen=True)
class Facts:
    """`heads` by field. `lines`: the model's id, name, detail, and by field what is shown and whether it is
    known."""

    heads: Mapping[str, str]
    lines: Sequence[tuple[str, str, str, Mapping[str, tuple[str, bool]]]]


def specified(specifications: Sequence[Specification], looks: Looks, labels: Labels) -> Facts:
    fields = list(dict.fromkeys(s.field for s in specifications))
    models = list(dict.fromkeys(s.model for s in specifications))
    by = {(s.model, s.field): s for s in specifications}
    original = labels.language.code == "uk"

    def fact(model: str, field: str) -> tuple[str, bool]:
        found = by.get((model, field))
        if found is None:
            return "–", False
        known = labels(key) if labels.has(key := f"specifications.value.{found.english}") else found.english
        return found.printed if original else known, found.kind in ("number", "text", "range")

    heads = {f: labels(key) if labels.has(key := f"specifications.{f}") else f for f in fields}
    lines = [(m, looks.name(m), detail(m, looks), {f: fact(m, f) for f in fields}) for m in models]
    return Facts(heads, lines)


def detail(model: str, looks: Looks) -> str:
    return looks.models[model].detail if model in looks.models else ""
