"""Recordings to play: of real programs, and such as a hostile program might leave."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("recordings")
Event = tuple[float, str, str]


def cast(happened: Iterable[Any], **header: Any) -> bytes:
    head = {"version": 2, "width": 80, "height": 24, "timestamp": 1764000000, **header}
    return b"".join(json.dumps(line).encode() + b"\n" for line in (head, *happened))


def recorded(name: str, pause: float = 0.5) -> bytes:
    """What tests/report/recordings has, a piece each `pause` seconds."""
    found = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    pieces = ((round(at * pause, 3), "o", piece[0]) for at, piece in enumerate(found["pieces"]))
    return cast(pieces, width=found["columns"], height=found["rows"])


SESSION: tuple[Event, ...] = (
    (0.2, "o", "$ "),
    (1.0, "i", "ls -la\r"),
    (1.1, "o", "ls -la\r\n\x1b[1;34mfolder\x1b[0m  notes.txt  \x1b[32mrun.sh\x1b[0m\r\n$ "),
    (301.1, "i", "echo 漢字 | tee \x03"),  # five minutes of thought
    (301.3, "o", "echo 漢字\r\n\x1b[38;2;255;128;0m漢字\x1b[0m \x1b[7mturned\x1b[0m\r\n$ "),
    (303.3, "o", "\x1b[?1049h\x1b[2J\x1b[1;1Ha full screen\x1b[24;1Hits last line"),
    (306.0, "o", "\x1b[?1049l"),
    (306.2, "m", "the terminal was made anew"),
    (306.5, "o", "echo done\r\ndone\r\n$ "),
)
MARKUP = "</script><script>window.__x=1</script><img src=x onerror=window.__x=1>"
HEADER = b'{"version": 2, "width": 80, "height": 24}\n'
LINK = "\x1b]8;;javascript:window.__x=1\x07click"
HOSTILE: Mapping[str, bytes] = {
    "markup": cast([(0, "o", MARKUP), (1, "i", MARKUP)], title=MARKUP),
    "titles": cast([(0, "o", f"\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07{LINK}")]),
    "bidi": cast([(0, "o", "a\u202egnp.exe\u2066\u200b\u2028 \u05e9\u05dc\u05d5\u05dd"), (0, "i", "\u202e")]),
    "bytes": HEADER + b'[0, "o", "\xff\xfe\x80 ok"]\n\xff\xff\n[1, "o", "cut',
    "surrogates": HEADER + b'[0, "o", "\\ud800 \\udfff ok"]\n',
    "times": HEADER
    + b"".join(
        f'[{at}, "o", "."]\n'.encode()
        for at in ("-5", "1e308", "1e999", "-1e999", "NaN", "Infinity", "9" * 400, "9" * 5000, "true", "3")
    ),
    "shapes": HEADER
    + b'[]\n{}\n[1]\n[1, "o"]\n["1", "o", "x"]\n[1, 2, 3]\n[1, "o", "x", "y"]\nnull\n0\n"o"\n'
    + b"[" * 100_000
    + b'\n[2, "m", "marker"]\n[2, "r", "9999999x9999999"]\n[2, "r", "x"]\n[3, "r", "99999x1"]\n'
    + b'[4, "o", "ok"]\n',
    "line": cast([(0, "o", "x" * 4_000_000), (1, "o", "\r\nok")]),
    "colours": cast(
        (n / 50, "o", "".join(f"\x1b[38;2;{n % 256};{i};{i % 7}m█" for i in range(400))) for n in range(200)
    ),
    "escapes": cast((n, "o", "\x1b[9999999L\x1b[9999S\x1b[H\x1b[999999999@\x1b[9b" * 2000) for n in range(3)),
    "redrawn": cast(((n / 9, "o", "\x1b[H" + "x" * 48_000) for n in range(300)), width=400, height=120),
    "events": HEADER + b'[0,"o",""]\n' * 100_000,
    "lines": HEADER + b"\n" * 300_000,
    "huge": cast([(0, "o", "漢" * 5000)], width=10**9, height=10**9),
    "small": cast([(0, "o", "漢a\tb\x1b[5;5H")], width=1, height=1),
    "none": b"",
    "text": b"not a recording\n",
    "third": b'{"version": 3, "term": {"cols": 80, "rows": 24}}\n',
    "sizes": b'{"version": 2, "width": "80", "height": -1}\n',
    "empty": cast([]),
}
