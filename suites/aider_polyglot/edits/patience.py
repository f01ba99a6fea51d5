"""How long a reply may keep us busy, and how edits fail."""

from __future__ import annotations

CHARACTERS = 30_000_000  # looked through for one reply's edits: about a second


class Malformed(ValueError):
    """The reply breaks its edit format, or does not fit the files: Aider counts such replies."""


class Broke(Exception):
    """Here Aider's own code ends in an exception, which it takes for one of git's: the rest of the reply is
    dropped without a word to the model, and it is not counted as malformed. `told`: the one kind of exception
    that it does pass on."""

    def __init__(self, text: str, *, told: bool = False) -> None:
        super().__init__(text)
        self.told = told


class Patience:
    """Counts down while one reply's edits are looked for. Aider has no such end: its searches are quadratic,
    and a reply can be made that would keep it busy for hours."""

    def __init__(self, characters: int = CHARACTERS) -> None:
        self.left = characters

    @property
    def over(self) -> bool:
        return self.left <= 0

    def spend(self, characters: int) -> bool:
        """Whether that much may still be looked through."""
        self.left -= characters
        return self.left > 0
