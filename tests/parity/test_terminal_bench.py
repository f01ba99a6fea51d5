"""Our reading of screens and rewards against the authors' packages: every test named, every number.

Their words are recorded (terminal_bench/record.py) on screens and files of our own, and twelve mutations of
each screen of pytest's. None may differ but those that docs/parity.md admits.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from evalkit_suites.terminal_bench.rewards import NoReward, read_rewards
from evalkit_suites.terminal_bench.screen import Unreadable, read_screen, resolved

from evalkit.workspace import File

from .recorded import VERDICTS
from .terminal_bench.cases import REWARDS, Left, screens

ABOUT, *ROWS = [json.loads(line) for line in (VERDICTS / "terminal_bench.jsonl").read_text().splitlines()]
SCREENS = [row for row in ROWS if row[0] != "reward"]
REWARD = {row[1]: row[2] for row in ROWS if row[0] == "reward"}
# an object without rewards is one to harbor, which then has nothing to count; what is no object breaks its
# model; a value that no file can hold for it (too deep) ends its process's stack
ADMITTED = {
    json.dumps({}): "VerifierOutputParseError",
    json.dumps({"raises": "ValidationError"}): "VerifierOutputParseError",
    json.dumps({"raises": "RecursionError"}): "VerifierOutputParseError",
}


def ours_of_screen(parser: str, text: str) -> Any:
    try:
        found = read_screen(parser, text)
    except Unreadable:
        return {"raises": "ValueError"}
    return [found, resolved(found)]


def ours_of_reward(left: Left) -> Any:
    given = {"reward.json": left.json, "reward.txt": left.text}
    try:
        return read_rewards({name: File(data) for name, data in given.items() if data is not None}, [0])
    except NoReward as e:
        return {"raises": e.official}


def test_the_authors_versions_are_those_that_are_named() -> None:
    assert (ABOUT["terminal-bench"], ABOUT["harbor"]) == ("0.2.18", "0.25.0")


def test_screens_are_read_as_officially() -> None:
    cases = list(screens())
    assert [row[:2] for row in SCREENS] == [
        [parser, hashlib.sha256(text.encode()).hexdigest()[:16]] for parser, text in cases
    ], "other cases than the recorded ones: python -m tests.parity.terminal_bench.record"
    wrong = [
        f"{row[0]} {text!r}: officially {row[2]}, here {ours}"
        for row, (parser, text) in zip(SCREENS, cases, strict=True)
        if (ours := ours_of_screen(parser, text)) != row[2]
    ]
    assert not wrong, "\n".join(wrong)
    said = [row[2] for row in SCREENS]
    assert len(said) > 300
    assert any(isinstance(word, list) and word[1] and not word[0] for word in said)  # nothing named: resolved
    assert sum(isinstance(word, dict) for word in said) > 20


def test_screens_that_are_made_to_take_long() -> None:
    """Seconds for an expression, and longer; the verdict is the same."""
    blank = "\n" * 50_000
    for text in ("=" * 8_000_000, f"{'=' * 160}{blank}" * 20, f"short test summary info{blank}" * 40):
        assert ours_of_screen("pytest", text) == {"raises": "ValueError"}
        whole = f"{text}\n={blank}Short Test Summary Info{blank}==\nPASSED a::b"
        assert ours_of_screen("pytest", whole) == [{"b": True}, True]


def test_rewards_are_read_as_officially() -> None:
    wrong = []
    for number, left in enumerate(REWARDS):
        official, ours = REWARD[number], ours_of_reward(left)
        admitted = {"raises": ADMITTED.get(json.dumps(official))}
        if ours != official and ours != admitted:
            wrong.append(f"{left}: officially {official}, here {ours}"[:400])
    assert not wrong, "\n".join(wrong)
