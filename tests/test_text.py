"""What pages show of hostile text: the characters are there, as codes, and do nothing."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from evalkit.text import shown


@given(st.text(st.characters(exclude_categories=())))
def test_shown_leaves_nothing_that_acts(text: str) -> None:
    kept = shown(text).replace("\n", "").replace("\t", "")
    assert not {unicodedata.category(c) for c in kept} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    kept.encode("utf-8")


def test_codes_are_those_of_the_standard() -> None:
    assert shown("a\u202eb\x00c\ud800\U000e0041") == "a‹U+202E›b‹U+0000›c‹U+D800›‹U+E0041›"
