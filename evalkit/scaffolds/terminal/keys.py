"""Keys, as `tmux send-keys` takes them: a word that names a key ("Enter", "C-c", "Up") is that key, any other
is typed as it stands; a line feed in it is typed as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

PIECE_BYTES = 16_000  # of one command: what tmux takes from a client of its own
ENTERS = ("Enter", "KPEnter", "C-m", "C-j", "^M", "^J")
# what a terminal of the xterm family sends, for a recording
SENT = {
    **dict.fromkeys(("Enter", "KPEnter"), "\r"),
    **{"Escape": "\x1b", "Tab": "\t", "BTab": "\x1b[Z", "Space": " ", "BSpace": "\x7f"},
    **{"Up": "\x1b[A", "Down": "\x1b[B", "Right": "\x1b[C", "Left": "\x1b[D"},
    **{"Home": "\x1b[1~", "End": "\x1b[4~", "IC": "\x1b[2~", "Insert": "\x1b[2~"},
    **{"DC": "\x1b[3~", "Delete": "\x1b[3~", "NPage": "\x1b[6~", "PageDown": "\x1b[6~", "PgDn": "\x1b[6~"},
    **{"PPage": "\x1b[5~", "PageUp": "\x1b[5~", "PgUp": "\x1b[5~"},
    **{f"F{n}": f"\x1bO{'PQRS'[n - 1]}" for n in range(1, 5)},
}
CONTROL = re.compile(r"(?:C-|\^)([@-_a-z ?])")
UNQUOTED = re.compile(r"[\x01-\x1f\x7f']+")


def words(keys: str | Sequence[str]) -> list[str]:
    """ValueError where a word holds what no terminal can be sent: NUL, or half a character."""
    found = [keys] if isinstance(keys, str) else list(keys)
    for word in found:
        if "\0" in word:
            raise ValueError("keys hold a NUL character")
        try:
            word.encode()
        except UnicodeEncodeError:
            raise ValueError("keys hold half a character (a lone surrogate)") from None
    return [word for word in found if word]


def commands(keys: Sequence[str], *, literal: bool) -> Iterator[str]:
    """The lines that make tmux type words where its client looks: long ones in pieces, which name no keys
    then."""
    for word in keys:
        pieces = list(_pieces(word))
        flag = "-l " if literal or len(pieces) > 1 else ""
        for piece in pieces:
            yield f"send-keys {flag}-- {quoted(piece)}"


def before_enter(keys: Sequence[str]) -> list[str] | None:
    """Words without the Enters that they end in. None where they end in none: nothing is begun by them."""
    left = list(keys)
    if not left or not (left[-1] in ENTERS or left[-1].endswith(("\r", "\n"))):
        return None
    while left and (left[-1] in ENTERS or left[-1].endswith(("\r", "\n"))):
        last = left.pop()
        if last not in ENTERS and (rest := last.rstrip("\r\n")):
            left.append(rest)
    return left


def quoted(word: str) -> str:
    """One word of a line of tmux's own language. No line can hold a line feed: it is written in octal."""
    plain, at = [], 0
    for found in UNQUOTED.finditer(word):
        if found.start() > at:
            plain.append(f"'{word[at : found.start()]}'")
        plain.append('"' + "".join(f"\\{ord(c):03o}" for c in found[0]) + '"')
        at = found.end()
    if at < len(word) or not plain:
        plain.append(f"'{word[at:]}'")
    return "".join(plain)


def sent(word: str, *, literal: bool) -> str:
    """What a terminal gets for a word, as far as it is known here: for a recording."""
    if not literal and word in SENT:
        return SENT[word]
    if not literal and (found := CONTROL.fullmatch(word)):
        return "\x7f" if found[1] == "?" else chr(ord(found[1].upper()) & 0x1F)
    return word


def _pieces(word: str) -> Iterator[str]:
    data = word.encode()
    at = 0
    while at < len(data):
        end = min(len(data), at + PIECE_BYTES)
        while end < len(data) and data[end] & 0xC0 == 0x80:  # not within a character
            end -= 1
        yield data[at:end].decode()
        at = end
