"""An API key that cannot be shown by accident."""

from __future__ import annotations

import re

REMOVED = "[key removed]"
LOOKS_LIKE_A_KEY = re.compile(r"\bsk-[\w*.-]{6,}")
SHORTEST = 6  # shorter ones ("none", "EMPTY") are no secrets, and removing them would damage texts


class Secret:
    """A key. `reveal()` is the only way to it: repr, str, pickling and formatting show nothing."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def remove_from(self, text: str) -> str:
        """`text` without this key. Cheap where the key is not in it: done for every reply."""
        if len(self._value) >= SHORTEST and self._value in text:
            return text.replace(self._value, REMOVED)
        return text

    def scrub(self, text: str) -> str:
        """An error text without this key, and without anything else that looks like one."""
        return LOOKS_LIKE_A_KEY.sub(REMOVED, self.remove_from(text))

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled")
