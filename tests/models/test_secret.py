"""A key that cannot be shown by accident."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from evalkit.models.secret import Secret

KEY = "sk-canary/0123456789"


def test_nothing_shows_a_key() -> None:
    secret = Secret(KEY)
    assert KEY not in f"{secret} {secret!r} {[secret]}"
    for way in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            way(secret)
    assert secret.reveal() == KEY


def test_texts_are_scrubbed_of_it_and_of_what_looks_like_one() -> None:
    assert (
        Secret(KEY).scrub(f"bad key {KEY}, or sk-proj-*****1234?")
        == "bad key [key removed], or [key removed]?"
    )
    assert Secret("none").scrub("none of it") == "none of it"
    assert (
        Secret(KEY).remove_from("skip the risk-free ask-me-anything") == "skip the risk-free ask-me-anything"
    )
