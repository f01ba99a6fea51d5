"""Odd replies written by hand: (kind, format, place, reply)."""

from __future__ import annotations

from .odd_blocks import ODD_BLOCKS, block
from .odd_hunks import ODD_HUNKS, hunk


def listing(text: str, name: str = "tank.py", fence: str = "```") -> str:
    return f"{name}\n{fence}\n{text}{fence}\n"


NAMES = (
    "new.py",
    "sub/new.py",
    "./tank.py",
    "sub/../tank.py",
    "tank.py/x.py",
    ".",
    "..",
    "../tank.py",
    "../../x.py",
    "/tmp/aider-edits/x.py",
    "//tmp/aider-edits/y.py",
    "~/x.py",
    "C:\\x.py",
    "C:/x.py",
    "a\\b.py",
    "x" * 251 + ".py",
    "é" * 130 + ".py",
    "x" * 300 + "/../tank.py",
    "n\0ul.py",
    "docs",
    "docs/",
    "docs/read.md",
    "tank.py ",
    "Tank.py",
    "tank",
    "tank_test.py",
    "path/to/tank.py",
    "tanks.py",
    "tnak.py",
    "...",
    "....py",
    "a b.py",
    "<tank.py>",
    "tank.py:",
    "{tank.py}",
    "%s.py",
    "tank.py tank.py",
    "\u202etank.py",
    ".hidden",
    ".git/config",
    "sub/.",
    "sub//new.py",
    "-x.py",
    "new.py\t",
)

ODD: list[tuple[str, str, str, str]] = [
    ("nothing", form, "python", text)
    for form in ("whole", "diff", "diff-fenced", "udiff")
    for text in (
        "",
        "\n",
        "I would change nothing.\n",
        "```\n```\n",
        "```",
        "```diff",
        "```diff\n```\n",
        "x\n```\ny",
    )
]
ODD += [("name", "whole", "python", listing("x = 1\n", name)) for name in NAMES]
ODD += [("name", "diff", "python", block("", "x = 1\n", name)) for name in NAMES]
ODD += [("name-search", "diff", "python", block("LIMIT = 100\n", "LIMIT = 1\n", name)) for name in NAMES]
ODD += [("name", "udiff", "python", hunk("-LIMIT = 100\n+LIMIT = 1\n", name)) for name in NAMES]
ODD += [("name-new", "udiff", "python", hunk("+x = 1\n", name)) for name in NAMES]
ODD += [
    ("prose", "whole", "pair", text)
    for text in (
        "I change `pump.py`:\n\n```\nx\n```\n",
        "I change `pump.py`, and `tank.py`.\n\n```\nx\n```\n",
        "`tank.py` `pump.py`!\n\n```\nx\n```\n\n```\ny\n```\n",
        "`tank.py`\n```\nx\n```\n",
        "Only pump.py.\n\n```\nx\n```\n",
        "`nothing.py`.\n\n```\nx\n```\n",
        "\n```\nx\n```\n",
        "```\nx\n```\n",
        "pump.py\n```\nx\n```\nI wrote `tank.py` too:\n\n```\ny\n```\n",
        "pump.py\n```\nx\n```\n\npump.py\n```\ny\n```\n",
        "`pump.py`:\n\n```\nx\n```\n\npump.py\n```\ny\n```\n",
        "pump.py\n```\nx\n```\n`pump.py`\n\n```\ny\n```\ntank.py\n```\nz",
        "path/pump.py\n```\nx\n```\n./pump.py\n```\ny\n```\n",
        "**pump.py:**\n```\nx\n```\n",
        "# pump.py\n```\nx\n```\n",
        "`pump.py`:\n```\nx\n```\n",
        "### `pump.py`\n```\nx\n```\n",
        "```pump.py\nx\n```\n",
        "pump.py\n\n```\nx\n```\n",
    )
]
ODD += [
    ("single", "whole", "python", text)
    for text in (
        "```\nx = 1\n```\n",
        "\n```\nx = 1\n```\n",
        "```\nx = 1\n",
        "```\nx = 1",
        "tank.py\n```\nx = 1\n\n\n",
        "tank.py\n```\nx = 1   ",
        "tank.py\n```\n```\n",
        "tank.py\n```",
        "tank.py\n```\n\n```\n",
        "tank.py\n```python\nx = '''\n```\ny\n```\n'''\n```\n",
        "\u3000tank.py\u3000\n```\nx\n```\n",
        "tank.py\r\n```\r\nx\r\n```\r\n",
        "tank.py\n ```\nx\n ```\n",
        "tank.py\n````\nx\n````\n",
        "tank.py\n```\nx\u2028```\ny\n```\n",
    )
]
ODD += ODD_BLOCKS + ODD_HUNKS
