"""Rewards: what a verifier of the 2.x format wrote down, read as harbor 0.25.0 reads it.

reward.json counts before reward.txt. The files were removed before the tests, as root, and are read from
outside of the container as they stood when the tests had ended: a link is nobody's reward, nor is a file of a
user who is not the verifier's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping

from evalkit.workspace import File

FOLDER = "/logs/verifier"
JSON, TEXT = "reward.json", "reward.txt"
MOST_BYTES = 1 << 20
HEADLINE = "reward"  # of several rewards, the one that a task is judged by

Rewards = dict[str, float]


class NoReward(Exception):
    """None that can be read; `official` is the class of harbor's exception."""

    def __init__(self, official: str, why: str) -> None:
        super().__init__(why)
        self.official = official


class Forged(Exception):
    """One that is not the verifier's."""


def read_rewards(files: Mapping[str, File], owners: Collection[int]) -> Rewards:
    """`files`: what lies in FOLDER. `owners`: numbers of users whose rewards count."""
    name = next((name for name in (JSON, TEXT) if name in files), "")
    if not name:
        raise NoReward("RewardFileNotFoundError", f"neither {JSON} nor {TEXT} in {FOLDER}")
    file = files[name]
    if file.link is not None:
        raise Forged(f"{name} is a link to {file.link[:200]}")
    if file.owner is not None and file.owner not in owners:
        raise Forged(f"{name} belongs to user {file.owner}, who is not the verifier's")
    if not file.data:
        raise NoReward("RewardFileEmptyError", f"{name} is empty")
    if len(file.data) > MOST_BYTES:
        raise NoReward("VerifierOutputParseError", f"{name} is larger than {MOST_BYTES} bytes")
    try:
        found = (
            numbers(json.loads(file.data.decode())) if name == JSON else {HEADLINE: float(file.data.decode())}
        )
    except (ValueError, RecursionError, OverflowError) as e:
        raise NoReward("VerifierOutputParseError", f"{name}: {str(e)[:200]}") from None
    if not all(map(math.isfinite, found.values())):
        raise NoReward("VerifierOutputParseError", f"{name} holds what is no finite number")
    return found


def numbers(document: object) -> Rewards:
    """ValueError where it is no object of numbers."""
    if not isinstance(document, dict) or not document:
        raise ValueError("no object of rewards")
    for key, value in document.items():
        if not isinstance(value, int | float):
            raise ValueError(f"{key[:80]}: no number: {value!r:.80}")
    return {key: float(value) for key, value in document.items()}


def mean(steps: list[Rewards]) -> Rewards | None:
    """By key over the steps that have rewards; a key that one lacks is 0 there."""
    keys = {key: None for rewards in steps for key in rewards}
    return {key: sum(r.get(key, 0.0) for r in steps) / len(steps) for key in keys} or None


def headline(rewards: Rewards) -> float:
    """The number that a task is judged by: the one of that name, or the only one, or the least of all."""
    return rewards[HEADLINE] if HEADLINE in rewards else min(rewards.values())


def short_of(rewards: Mapping[str, float] | None, least: Collection[tuple[str, float]]) -> str:
    """Why no later step is begun; "" where one is."""
    for key, threshold in least:
        value = (rewards or {}).get(key, -math.inf)
        if value < threshold:
            return f"{key} {value:g}, at least {threshold:g} is asked"
    return ""
