"""Edits in replies beside Aider's own coders: recorded outcomes of 2,039 replies (aider_edits/record.py)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.aider_polyglot.edits import Edited, apply_edits, choose_fence, common_folder

from .aider_edits.cases import Case, cases

OUTCOMES = Path(__file__).parent / "aider_edits" / "outcomes.jsonl"
ABOUT, *ROWS = [json.loads(line) for line in OUTCOMES.read_text(encoding="utf-8").splitlines()]
OUTSIDE = 9  # replies of the corpus that make Aider write outside the workspace


def ours(case: Case) -> Edited:
    place = case.place
    return apply_edits(
        case.format,
        case.reply,
        place.chat,
        place.others,
        fence=choose_fence(place.chat.values()),
        folder=common_folder(place.chat),
    )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def shown(edited: Edited) -> dict[str, Any]:
    found = {
        "files": {path: digest(text) for path, text in sorted(edited.files.items())},
        "malformed": int(edited.malformed),
        "reflected": bool(edited.problems),
        "failed": edited.failed,
        "edited": sorted(edited.edited),
        "added": sorted(edited.outside),
        "asks": edited.asks,
        "errors": edited.errors,
    }
    return {key: value for key, value in found.items() if value}


def inside(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what lies outside the workspace: "/..." """
    files = {path: text for path, text in row.get("files", {}).items() if path[0] != "/"}
    names = {key: [path for path in row.get(key, []) if path[0] != "/"] for key in ("edited", "added")}
    kept = {key: value for key, value in row.items() if key not in ("id", "case")}
    return {key: value for key, value in {**kept, "files": files, **names}.items() if value}


def differences(step: int) -> list[str]:
    rows = {row["id"]: row for row in ROWS}
    found, outside = [], 0
    for number, case in enumerate(cases()):
        row = rows[case.id]
        if case.digest != row["case"]:
            found.append(f"{case.id} is another case than was recorded")
        elif number % step == 0:
            edited = ours(case)
            escapes = any(path.startswith("/") for path in row.get("files", {}))
            outside += escapes
            if shown(edited) != inside(row) or (escapes and not edited.refused):
                found.append(f"{case.id}: {shown(edited)}, Aider {inside(row)}, reply {case.reply!r}")
    if step == 1 and outside != OUTSIDE:
        found.append(f"{outside} replies lead outside, not {OUTSIDE}")
    return found


def test_a_tenth_of_the_replies_is_edited_as_by_aider() -> None:
    assert differences(10) == []


@pytest.mark.full
def test_all_replies_are_edited_as_by_aider() -> None:
    assert len(ROWS) == 2039
    assert differences(1) == []
