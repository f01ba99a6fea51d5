"""How characters look: colours and the rest of SGR."""

from __future__ import annotations

import re
from typing import NamedTuple

BOLD, FAINT, ITALIC, UNDER, INVERSE, STRUCK = "bdiuvs"
ON = {1: BOLD, 2: FAINT, 3: ITALIC, 4: UNDER, 7: INVERSE, 9: STRUCK, 21: UNDER}
OFF = {22: BOLD + FAINT, 23: ITALIC, 24: UNDER, 27: INVERSE, 29: STRUCK}
LEVELS = (0, 95, 135, 175, 215, 255)  # of the cube of 216 colours
LONGEST = 64  # numbers of one sequence that are read


class Style(NamedTuple):
    """Colours: "" is the screen's own, "0" to "15" one of 16, else six hex digits. `looks`: letters."""

    fore: str = ""
    back: str = ""
    looks: str = ""

    def seen(self) -> Style:
        """With colours exchanged where they are shown so: "ink" and "paper" are the screen's own."""
        if INVERSE not in self.looks:
            return self
        return Style(self.back or "paper", self.fore or "ink", self.looks.replace(INVERSE, ""))


PLAIN = Style()


def restyled(style: Style, given: str) -> Style:
    """`given`: what stands between CSI and m."""
    fore, back, looks = style
    codes = given.split(";")[:LONGEST]
    while codes:
        first, *rest = codes.pop(0).split(":")
        code = int(first) if first.isdecimal() else 0
        if code == 0:
            fore = back = looks = ""
        elif code == 4 and rest[:1] == ["0"]:
            looks = looks.replace(UNDER, "")
        elif code in ON:
            looks = "".join(sorted({*looks, ON[code]}))
        elif code in OFF:
            looks = "".join(look for look in looks if look not in OFF[code])
        elif code in (38, 48):
            colour = mixed(rest, codes)
            fore, back = (colour, back) if code == 38 else (fore, colour)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            fore = str(code - 30 if code < 90 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            back = str(code - 40 if code < 100 else code - 92)
        elif code == 39:
            fore = ""
        elif code == 49:
            back = ""
    return Style(fore, back, looks)


def mixed(rest: list[str], codes: list[str]) -> str:
    """The colour after 38 or 48: `rest` within colons, else taken off `codes`."""
    own = rest or codes
    kind = own[0] if own else ""
    if kind == "5":
        colour = numbered(own[1] if len(own) > 1 else "")
        taken = 2
    elif kind == "2":
        parts = own[-3:] if rest else own[1:4]  # colons may name a space of colours first
        levels = [min(255, int(part)) if re.fullmatch("[0-9]{1,6}", part) else 0 for part in parts]
        colour = bytes(levels).hex()
        colour = colour if len(colour) == 6 else ""
        taken = 4
    else:
        colour, taken = "", 1
    if not rest:
        del codes[:taken]
    return colour


def numbered(text: str) -> str:
    """One of 256: 16 of the palette, a cube, and greys."""
    n = int(text) if re.fullmatch("[0-9]{1,3}", text) else 256
    if n < 16:
        return str(n)
    if n < 232:
        red, green, blue = (n - 16) // 36, (n - 16) // 6 % 6, (n - 16) % 6
        return f"{LEVELS[red]:02x}{LEVELS[green]:02x}{LEVELS[blue]:02x}"
    return f"{8 + 10 * (n - 232):02x}" * 3 if n < 256 else ""
