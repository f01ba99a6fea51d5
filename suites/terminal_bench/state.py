"""The answer of a rollout here: what the verification of its live container gave, as JSON.

An answer may also be an order, given to `score` where no agent worked: the reference solution is to be run
(GOLD), or nothing (NULL), and the container verified after that.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from evalkit.errors import DataError
from evalkit.outcome import Outcome, check_reason
from evalkit.task import Answer, TestResult

VERSION = 1
SOLUTION = {"do": "solution"}
GOLD = Answer(json.dumps(SOLUTION), "state")
NULL = Answer("", "state")
LOG, CHANGES, CAST = "verifier.log", "changes.tar.gz", "session.cast"  # files beside the answer

# how a step's verification ended that gave no reward
LATE, UNREAD, NO_REWARD, FORGED, BROKEN = "test_timeout", "parse_error", "no_reward", "forged", "crashed"
ENDS = ("", LATE, UNREAD, NO_REWARD, FORGED, BROKEN)


@dataclass(frozen=True)
class Verified:
    """One step's verification. `rewards` None where there is none: `end` says why, in a word of ENDS, and
    `detail` in more. `official` is the official word for it, `seconds` what the tests took."""

    step: str = ""
    rewards: Mapping[str, float] | None = None
    end: str = ""
    detail: str = ""
    official: str = ""
    tests: tuple[TestResult, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class State:
    """`rewards` of all steps as the task combines them. `stopped`: why later steps were not begun. `lost`:
    the workspace ended with its own programs before anything was verified, as a reason of `failed`. `strict`:
    what a strict verification in the same container gave, plain JSON."""

    steps: tuple[Verified, ...] = ()
    rewards: Mapping[str, float] | None = None
    stopped: str = ""
    lost: str = ""
    strict: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, files: Mapping[str, bytes] | None = None) -> Answer:
        text = json.dumps({"version": VERSION, **asdict(self)}, allow_nan=False, sort_keys=True)
        return Answer(text, "state", dict(files or {}))


def lost(why: str) -> Answer:
    return State(lost=why).answer()


def is_order(text: str) -> bool:
    """Whether nothing was done yet."""
    return not text.strip() or read_json(text) == SOLUTION


def read_state(text: str) -> State:
    """DataError where it is none."""
    try:
        document = read_json(text)
        if not isinstance(document, dict) or document.get("version") != VERSION:
            raise ValueError(f"no state of version {VERSION}")
        steps = tuple(read_step(step) for step in document["steps"])
        rewards = read_rewards(document["rewards"])
        strict = document.get("strict") or {}
        if document["lost"]:
            check_reason(Outcome.FAILED, document["lost"])
        return State(steps, rewards, str(document["stopped"]), str(document["lost"]), dict(strict))
    except (ValueError, TypeError, KeyError, AttributeError) as e:
        raise DataError(f"the answer is no state of a Terminal-Bench task: {str(e)[:200]}") from None


def read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def read_step(document: Mapping[str, Any]) -> Verified:
    if document["end"] not in ENDS:
        raise ValueError(f"no end of a verification: {document['end']!r:.80}")
    return Verified(
        str(document["step"]),
        read_rewards(document["rewards"]),
        document["end"],
        str(document["detail"]),
        str(document["official"]),
        tuple(TestResult(**test) for test in document["tests"]),
        float(document["seconds"]),
    )


def read_rewards(document: Mapping[str, Any] | None) -> dict[str, float] | None:
    if document is None:
        return None
    found = {str(key): float(value) for key, value in document.items()}
    if not all(map(math.isfinite, found.values())):
        raise ValueError("a reward that is no finite number")
    return found
