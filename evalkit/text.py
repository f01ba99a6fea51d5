"""Text that others wrote, made safe to show; numbers and times as people write them."""

from __future__ import annotations

import unicodedata

# control, format (all bidi marks, zero-width, tags), surrogate, line and paragraph separators
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


class _Escapes(dict[int, str | int]):
    """A table for str.translate that decides about each character when it first sees it."""

    def __missing__(self, code: int) -> str | int:
        if unicodedata.category(chr(code)) not in _UNSAFE:
            self[code] = code
        elif code < 0x100:
            self[code] = f"\\x{code:02x}"
        else:
            self[code] = f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        return self[code]


_ESCAPES = _Escapes({ord("\n"): "\n", ord("\t"): "\t"})
_ONE_LINE = _Escapes({ord("\n"): "\\n", ord("\t"): "\\t", ord("\r"): "\\r"})


class _Codes(dict[int, str | int]):
    """The same with codes that people look up."""

    def __missing__(self, code: int) -> str | int:
        self[code] = f"‹U+{code:04X}›" if unicodedata.category(chr(code)) in _UNSAFE else code
        return self[code]


_CODES = _Codes({ord("\n"): "\n", ord("\t"): "\t"})


def shown(text: str) -> str:
    """`text` for pages and files: what could reverse, hide or end something is there as a code (‹U+202E›)."""
    return text.translate(_CODES)


def visible(text: str) -> str:
    """`text` that moves no cursor, sets no title and reverses nothing: such characters as escapes.

    Line feeds and tabs stay. Everything that a model, a program or a data set wrote goes through
    here on its way to a terminal.
    """
    return text.translate(_ESCAPES)


def one_line(text: str, width: int = 0) -> str:
    """`visible`, on one line of at most `width` characters (0: as long as it is)."""
    line = text.translate(_ONE_LINE)
    return line[: width - 1] + "…" if width and len(line) > width else line


def percent(fraction: float | None) -> str:
    return "none" if fraction is None else f"{100 * fraction:.1f}%"


OWN_TIME = "none but this machine's time"  # what calls cost that a server on this machine answers


def money(dollars: float | None) -> str:
    if dollars is None:
        return "unknown"
    if 0 < dollars < 0.00005:
        return "under $0.0001"  # not $0.0000, which says that it was free
    return f"${dollars:.4f}" if dollars < 1 else f"${dollars:,.2f}"


def count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def duration(seconds: float) -> str:
    """0.8 s, 12 s, 3m 20s, 2h 05m."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    return f"{minutes // 60}h {minutes % 60:02d}m"


def size(bytes_: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if bytes_ < 1000:
            return f"{bytes_:.0f} {unit}" if unit == "B" else f"{bytes_:.1f} {unit}"
        bytes_ /= 1000
    return f"{bytes_:.1f} TB"
