"""evalkit tools: packages of others that run beside evalkit, each in an environment of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from evalkit.cli.parser import Parser, choice
from evalkit.cli.text import one_line, size, table, visible
from evalkit.errors import UsageError

ABOUT = """\
Agents and graders of others need versions that fight with evalkit's own. Each is installed, at versions that
are pinned, into a folder of its own below the cache, and runs as a child process.

install NAME ...  make the environment, or leave it if it is there
list              what there is, and what is installed
remove NAME ...   remove it, environments of earlier versions included
"""
EXAMPLES = """\
  evalkit tools list
  evalkit tools install mini-swe-agent
  evalkit tools install swebench --force      anew
"""
ACTIONS = ("install", "list", "remove")


def main(words: Sequence[str]) -> int:
    parser = Parser("tools", usage="ACTION [NAME ...] [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("action", metavar="ACTION", type=choice(*ACTIONS), help=", ".join(ACTIONS))
    parser.add_argument("names", metavar="NAME", nargs="*", help="a tool's name")
    parser.add_argument("--force", action="store_true", help="install: make it anew, also where it is there")
    parser.add_argument("--json", action="store_true", help="list: one JSON object a tool, each on a line")
    args = parser.read(words)
    if args.action == "list":
        if args.names:
            parser.refuse(args.names)
        return show(as_json=args.json)

    from evalkit.tools import tool_names, tool_package

    if not args.names:
        raise UsageError(f"{args.action} what?", f"known: {', '.join(tool_names())}")
    for name in args.names:  # all of them, before anything is done
        tool_package(name)
    for name in args.names:
        install(name, force=args.force) if args.action == "install" else remove(name)
    return 0


def install(name: str, *, force: bool) -> None:
    from evalkit.tools import install as make

    def say(line: str) -> None:
        print(visible(line), file=sys.stderr, flush=True)

    made = make(name, say, force=force)
    print(f"{made.package.requirement}  {one_line(str(made.folder))}  {size(made.size)}")


def remove(name: str) -> None:
    from evalkit.tools import remove as rid

    gone = rid(name)
    for folder in gone:
        print(f"removed {one_line(str(folder))}")
    if not gone:
        print(f"{name} is not installed")


def show(*, as_json: bool) -> int:
    from evalkit.tools import tool_names

    rows = [facts(name) for name in tool_names()]
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return 0
    header = ["tool", "version", "licence", "installed", "for"]
    lines = [
        [
            row["name"],
            row["version"],
            row["licence"],
            size(row["size"]) if row["folder"] else "no",
            row["use"],
        ]
        for row in rows
    ]
    print(table([header, *lines], frozenset((3,))))
    return 0


def facts(name: str) -> dict[str, Any]:
    """`folder` and `size` (bytes) are None where it is not installed."""
    from evalkit.tools import installed, tool_package

    package, found = tool_package(name), installed(name)
    return {
        "name": name,
        "version": package.version,
        "licence": package.licence,
        "homepage": package.homepage,
        "use": package.use,
        "folder": str(found.folder) if found else None,
        "size": found.size if found else None,
    }
