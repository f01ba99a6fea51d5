"""evalkit clean: remove what evalkit left behind, after asking."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.parser import Parser
from evalkit.cli.text import one_line, size, table
from evalkit.errors import SandboxError, UsageError

if TYPE_CHECKING:
    from evalkit.sandbox.leftovers import Leftover

ABOUT = """\
Lists containers, volumes and networks whose evalkit is gone, with --images also images, with --cache also the
cache folder, and removes them once you agree. What a running evalkit uses stays. Runs stay too: they are
yours, in the folder of --results.
"""
EXAMPLES = """\
  evalkit clean
  evalkit clean --images --cache --yes
"""


def main(words: Sequence[str]) -> int:
    parser = Parser("clean", about=ABOUT, examples=EXAMPLES)
    parser.add_argument(
        "--images", action="store_true", help="remove images that evalkit built or pulled, too"
    )
    parser.add_argument("--cache", action="store_true", help="remove the cache of images and downloads too")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    args = parser.read(words)

    things = leftovers(images=args.images, required=not args.cache)
    if args.cache:
        refuse_servers()
    cache = cache_size() if args.cache else None
    if not things and cache is None:
        print("nothing to remove")
        return 0
    if things:
        print(things_table(things))
    if cache is not None:
        print(f"cache  {one_line(str(cache[0]))}  {size(cache[1])}")
    if not args.yes and not agreed():
        print("nothing was removed")
        return 0
    return remove(things, cache)


def leftovers(*, images: bool, required: bool) -> list[Leftover]:
    """What may go. Where no engine answers: SandboxError if `required`, else none."""
    from evalkit.sandbox import list_leftovers

    try:
        found = list_leftovers()
    except SandboxError as e:
        if required:
            raise
        print(f"containers and images are not looked at: {one_line(e.message)}", file=sys.stderr)
        return []
    return [thing for thing in found if not thing.alive and (images or thing.kind != "image")]


def refuse_servers() -> None:
    """UsageError while model servers of ours run: the cache is how they are found and ended."""
    from evalkit.servers.records import records

    if found := [record.name for record in records()]:
        raise UsageError(f"model servers of ours run: {', '.join(found)}", "evalkit server stop --all")


def cache_size() -> tuple[Path, int] | None:
    """The cache folder and its bytes; None where there is none."""
    from evalkit.sandbox import cache_folder

    folder = cache_folder()
    if not folder.is_dir():
        return None
    return folder, sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir())


def agreed() -> bool:
    if not sys.stdin.isatty():
        raise UsageError("this removes things, and stdin is no terminal to ask on", "say --yes")
    return input("remove these? [y/N] ").strip().lower() in ("y", "yes")


def remove(things: list[Leftover], cache: tuple[Path, int] | None) -> int:
    from evalkit.sandbox import remove_leftovers

    failed = remove_leftovers(things) if things else []
    if things:
        print(f"removed {len(things) - len(failed)} things from the engine")
    if cache is not None:
        shutil.rmtree(cache[0])
        print(f"removed the cache ({size(cache[1])})")
    for thing in failed:
        print(f"could not remove {thing.kind} {one_line(thing.id)}: is it in use?", file=sys.stderr)
    return 1 if failed else 0


def things_table(things: Sequence[Leftover]) -> str:
    rows = [["kind", "id", "for", "run", "size", "in use"]]
    for t in things:
        short = t.id.removeprefix("sha256:")[:12] if len(t.id) >= 64 and "/" not in t.id else t.id
        used = "yes" if t.alive else "no"
        facts = (one_line(short, 60), one_line(t.purpose, 60), one_line(t.run, 60))
        rows.append([t.kind, *facts, size(t.size) if t.size else "", used])
    return table(rows, right=frozenset((4,)))
