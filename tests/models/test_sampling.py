"""Merging sampling by precedence."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import UsageError
from evalkit.model import Sampling
from evalkit.models.sampling import FIELDS, check_extra_body, merge

values = st.fixed_dictionaries({}, optional={name: st.integers(0, 3) for name in FIELDS})
samplings = st.builds(
    lambda kw, stop, extra: Sampling(**kw, stop=stop, extra_body=extra),
    values,
    st.sampled_from([(), ("a",), ("b", "c")]),
    st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3)),
)


@given(samplings, samplings)
def test_the_first_wins_field_by_field(first: Sampling, second: Sampling) -> None:
    merged = merge(first, second)
    for name in FIELDS:
        own = getattr(first, name)
        assert getattr(merged, name) == (own if own is not None else getattr(second, name))
    assert merged.stop == (first.stop or second.stop)
    assert merged.extra_body == {**second.extra_body, **first.extra_body}


@given(samplings)
def test_merging_again_changes_nothing(sampling: Sampling) -> None:
    assert merge(sampling, sampling) == sampling
    assert merge(sampling, Sampling()) == sampling
    assert merge(Sampling(), sampling) == sampling


def test_every_field_is_merged() -> None:
    assert {*FIELDS, "stop", "extra_body"} == {f.name for f in fields(Sampling)}


@pytest.mark.parametrize("name", ["messages", "prompt", "n", "stream", "stream_options"])
def test_what_an_extra_body_may_not_set(name: str) -> None:
    check_extra_body({"top_k": 1})
    with pytest.raises(UsageError, match=name):
        check_extra_body({"top_k": 1, name: 1})
