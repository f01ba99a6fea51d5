"""evalkit sandbox: the images that code is judged in, and what of ours is in the engine."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.cli.checks import checks_text, image_checks
from evalkit.cli.clean import things_table
from evalkit.cli.parser import Parser, choice
from evalkit.cli.text import Style

ABOUT = """\
build   make sure that the engine holds the judge image; build SUITE: the image of that suite's workspaces, or
        those of its tasks: build --help
status  engine, image and isolation, as evalkit finds them
images  the images that a suite's tasks name, and what pulling them would cost: images SUITE --help
list    every container, volume and image of evalkit's in the engine (evalkit clean removes them)
"""
EXAMPLES = """\
  evalkit sandbox build
  evalkit sandbox build aider-polyglot
  evalkit sandbox images my-suite --disk-budget 40GB
  evalkit sandbox status
"""
ACTIONS = ("build", "images", "status", "list")


def main(words: Sequence[str]) -> int:
    if "images" in words:
        from evalkit.cli import sandbox_images

        return sandbox_images.main(words)
    if "build" in words:
        from evalkit.cli import sandbox_build

        return sandbox_build.main(words)
    parser = Parser("sandbox", usage="ACTION [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("action", metavar="ACTION", type=choice(*ACTIONS), help=", ".join(ACTIONS))
    args = parser.read(words)
    if args.action == "status":
        return status()
    return list_things()


def status() -> int:
    from evalkit.sandbox import checks

    found = [*checks(), *image_checks()]
    print(checks_text(found, Style()))
    return 0 if all(check.ok or not check.needed for check in found) else 1


def list_things() -> int:
    from evalkit.sandbox import list_leftovers

    things = list_leftovers()
    print(things_table(things) if things else "nothing of evalkit's is in the engine")
    return 0
