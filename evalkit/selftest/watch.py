"""What a self-test tells whoever is watching."""

from __future__ import annotations


class Watch:
    """The base says nothing; the command line draws a bar."""

    def begin(self, what: str, total: int) -> None:
        """A part begins, of so many steps."""

    def step(self) -> None:
        """One more is done."""

    def end(self) -> None:
        """The part is over."""
