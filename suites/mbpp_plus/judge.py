"""What MBPP+ has of its own in EvalPlus' judging: its inputs, and its tasks with many right answers.

Not a judge by itself: the suite puts this text behind that of humaneval_plus/judge.py, whose last three
functions it replaces. Task ids and rules are those of evalplus/evalplus at 26d6d00b.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

SETS = {  # judged as sets
    "similar_elements",
    "find_char_long",
    "common_in_nested_lists",
    "extract_singly",
    "larg_nnum",
    "intersection_array",
    "find_dissimilar",
    "Diff",
}
NOT_NONE = {"check_str", "text_match_three", "text_starta_endb"}  # a match object or nothing
MOST_VALUES = 2_000_000  # in one result
MOST_ITEMS = 1_000_000  # of one iterator


# -- inputs: JSON has no tuples, sets or complex numbers -------------------------------------------------


def tuples(items: Sequence[Any]) -> list[Any]:
    return [tuple(item) for item in items]


def frozen(value: Any) -> Any:
    """Every list, however deep, as a tuple."""
    return tuple(frozen(item) for item in value) if isinstance(value, list) else value


def _first(change: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Any]:
    return lambda arguments: [change(arguments[0]), *arguments[1:]]


def _every(change: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Any]:
    return lambda arguments: [change(argument) for argument in arguments]


Restore = Callable[[Sequence[Any]], Any]
RULES: list[tuple[str, Restore]] = [
    ("2 116 132 143 222 261 273 394 399 421 424 429 470 560 579 596 616 630 726 740 744 809", _every(tuple)),
    ("63 64 70 94 120 237 272 299 400 409 417 438 473 614 780", _every(tuples)),
    ("75 413 444 753", _first(tuples)),
    ("106 750", lambda arguments: [arguments[0], tuple(arguments[1])]),
    ("250 307 405 446 617 720 763 808", _first(tuple)),
    ("259 401 445", _every(lambda rows: tuple(tuples(rows)))),
    ("580 615 791", lambda arguments: frozen(list(arguments))),
    ("115", _first(lambda items: [set(i) if isinstance(i, list) and i else {} for i in items])),
    ("124", lambda arguments: [float(arguments[0]), complex(arguments[1])]),
    ("252", _first(complex)),
    ("278", _first(lambda items: tuple(tuple(i) if isinstance(i, list) else i for i in items))),
    ("722", _first(lambda table: {key: tuple(value) for key, value in table.items()})),
]
RESTORE: dict[str, Restore] = {number: rule for numbers, rule in RULES for number in numbers.split()}


def restored(task_id: str, inputs: Any) -> Sequence[Sequence[Any]]:
    """Inputs as Python values, by task id. One task (793) has an empty object for "no inputs"."""
    rule = RESTORE.get(task_id.rpartition("/")[2], list)
    return [rule(arguments) for arguments in inputs if not beyond_reach(task_id, arguments)]


def beyond_reach(task_id: str, arguments: Sequence[Any]) -> bool:
    """255: combinations with repetition. Five of its inputs have 6 to 128 million values in the result,
    too many to send from one process to another within 4 s: they are left out (docs/parity.md)."""
    if task_id != "Mbpp/255":
        return False
    items, chosen = arguments
    return bool(items) and math.comb(len(items) + chosen - 1, chosen) * chosen > MOST_VALUES


# -- special oracles -------------------------------------------------------------------------------------


def as_expected(task: dict[str, Any], result: Any) -> Any:
    """What is kept of the reference's result: of a match object, that there is one."""
    return result is not None if task["entry_point"] in NOT_NONE else result


def matches_specially(
    task: dict[str, Any], arguments: Sequence[Any], result: Any, expected: Any, equal: Any
) -> Any:
    """Another verdict than equality where the task has many right answers; None where it has not."""
    name = task["entry_point"]
    if name == "are_equivalent":
        return True  # 164: the reference itself is doubtful
    if name == "sum_div":
        return equal or result == 0  # 295: the divisors of 1
    if name == "surface_Area":
        return equal or abs(result - area_by_true_height(*arguments)) <= task["atol"]
    if name == "digit_distance_nums":
        return equal or result == padded_digit_distance(*arguments)
    if name in SETS:
        return as_set(result) == set(expected)
    if name in NOT_NONE:
        return result == expected if isinstance(result, bool) else expected == (result is not None)
    return None


def as_set(result: Any) -> set[Any]:
    """The items of whatever can be walked, an iterator of the answer's too, but not of one without end."""
    items: set[Any] = set()
    for number, item in enumerate(result):
        if number >= MOST_ITEMS:
            raise ValueError("an iterator without end")
        items.add(item)
    return items


def area_by_true_height(edge: float, height: float) -> int:
    """581: the surface of a square pyramid whose `height` is that of the apex over the base."""
    slant = math.sqrt((edge / 2) ** 2 + height**2)
    return round(edge**2 + 4 * (edge * slant) / 2)


def padded_digit_distance(a: int, b: int) -> int:
    """558: the sum of the differences of digits, the shorter number padded with zeros."""
    width = max(len(str(a)), len(str(b)))
    return sum(abs(int(x) - int(y)) for x, y in zip(str(a).zfill(width), str(b).zfill(width), strict=True))
