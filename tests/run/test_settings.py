"""What is part of a run's identity, and how a difference is said."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from evalkit.model import Sampling
from evalkit.run.settings import Settings, differences, digest

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def test_settings_survive_the_manifest() -> None:
    settings = Settings(
        suite="mini",
        model="qwen3-coder",
        options={"protocol": "mini"},
        sampling=Sampling(temperature=0.7, stop=("\n\n",), extra_body={"min_p": 0.1}),
        tasks=("mini/1",),
        samples=3,
    )
    assert Settings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


@given(json_values, json_values)
def test_digest_tells_values_apart_and_ignores_key_order(a: object, b: object) -> None:
    if json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True):
        assert digest(a) == digest(b)
    else:
        assert digest(a) != digest(b)
    assert digest({"x": a, "y": b}) == digest({"y": b, "x": a})


def test_differences_name_the_setting_and_both_values() -> None:
    old = {"sampling": {"temperature": 0.2}, "samples": 1, "gone": True}
    new = {"sampling": {"temperature": 0.7}, "samples": 1, "model": {"id": "x"}}
    assert differences(old, new) == [
        "gone: true -> (absent)",
        'model.id: (absent) -> "x"',
        "sampling.temperature: 0.2 -> 0.7",
    ]
    assert differences(old, old) == []
