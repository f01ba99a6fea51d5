"""A run's samples as columns: what the page's list shows, sorts and filters.

Texts are a list of different ones and, for each row, which: as the step from the row before, so that what
counts up compresses to nothing. Numbers are whole: in units of 1/scale, None where unknown. A column that
says the same of every row is left out where it says nothing (no strict verdicts, one sample a task).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evalkit.run.passages import cut
from evalkit.run.result import ended_sessions, explain_missing
from evalkit.run.summary import STEPS
from evalkit.store import Reader
from evalkit.text import shown

DATE = re.compile(r"\d{4}-\d\d-\d\d")
DIGITS = re.compile(r"\d+")
KEPT = ("outcome", "reason", "strict", "suspect", "finish_reason")  # texts of a row of `samples`
NUMBERS = {  # of a row of `samples`: scale, and the unit that the page prints
    "calls": (1, ""),
    "tries": (1, ""),
    "prompt_tokens": (1, ""),
    "completion_tokens": (1, ""),
    "reasoning_tokens": (1, ""),
    "cost": (1_000_000, "$"),
    "model_s": (100, "s"),
    "rollout_s": (100, "s"),
}
OURS = ("task", "sample", *KEPT, *NUMBERS, "a", "b", "passes_more")  # names that no tag takes
LONGEST = 300  # characters of a text: of what is longer, the beginning names it
ONES = ("calls", "tries")  # of no interest where they are 1 everywhere

Column = dict[str, Any]


def columns(store: Reader, samples: Iterable[dict[str, Any]] | None = None) -> dict[str, Any]:
    """{"n": rows, "columns": [...]}, in planned order; `samples` are the store's, which is asked where None.

    A text column is {"name", "kind": "text" or "date", "values", "steps"}, with "order" of the values where
    they are not sorted; a number is {"name", "kind": "number", "scale", "unit", "values"}. "tag" marks what
    is a task's."""
    end, tags = ended_sessions(store)[-1]["end"], store.manifest.get("tags", {})
    texts: dict[str, list[str]] = {name: [] for name in KEPT}
    numbers: dict[str, list[float | None]] = {name: [] for name in NUMBERS}
    for raw in store.samples() if samples is None else samples:
        row = explain_missing(raw, end)
        for name, kept in texts.items():
            kept.append(row[name] or "")
        for name, values in numbers.items():
            values.append(row[name])
    texts["suspect"] = ["suspect" if text else "" for text in texts["suspect"]]
    tasks = [task for task, _ in store.plan]
    found = [text_column("task", tasks), *sample_column(store.plan)]
    found += [text_column("outcome", texts["outcome"]), text_column("reason", texts["reason"])]
    names = dict.fromkeys(tag for task in tags.values() for tag in task)
    found += [tag_column(name, tasks, tags) for name in names]
    found += [text_column(name, texts[name]) for name in KEPT[2:] if any(texts[name])]
    for name, (scale, unit) in NUMBERS.items():
        if said(numbers[name], ones=name in ONES):
            found.append(number_column(name, numbers[name], scale, unit))
    return {"n": len(tasks), "columns": found}


def said(values: Sequence[float | None], *, ones: bool) -> bool:
    """Whether a column of numbers says anything."""
    return any(value is not None and not (ones and value <= 1) for value in values)


def sample_column(plan: Sequence[tuple[str, int]]) -> list[Column]:
    numbers = [sample for _, sample in plan]
    return [number_column("sample", numbers, 1, "")] if any(numbers) else []


def tag_column(name: str, tasks: Iterable[str], tags: Mapping[str, Mapping[str, str]]) -> Column:
    column = text_column(name, [str(tags.get(task, {}).get(name, "")) for task in tasks])
    return {**column, "name": f"tag {column['name']}" if name in OURS else column["name"], "tag": True}


def text_column(name: str, texts: Sequence[str]) -> Column:
    ids: dict[str, int] = {}
    at = [ids.setdefault(text, len(ids)) for text in texts]
    steps = [after - before for before, after in zip([0, *at], at, strict=False)]
    dates = any(ids) and all(DATE.match(text) for text in ids if text)
    values = list(ids)
    order = sorted(range(len(values)), key=lambda at: natural(values[at]))
    return {
        "name": label(name),
        "kind": "date" if dates else "text",
        "values": [label(text) for text in values],
        "steps": steps,
        **({"order": order} if order != sorted(order) else {}),
    }


def label(text: str) -> str:
    return shown(cut(text, LONGEST))


def natural(text: str) -> tuple[int, str]:
    """Before 10 comes 9, and before hard comes easy."""
    return STEPS.get(text, 0), DIGITS.sub(lambda number: number[0].rjust(20, "0"), text.casefold())


def number_column(name: str, values: Sequence[float | None], scale: int, unit: str) -> Column:
    whole = [None if value is None else round(value * scale) for value in values]
    return {"name": name, "kind": "number", "scale": scale, "unit": unit, "values": whole}
