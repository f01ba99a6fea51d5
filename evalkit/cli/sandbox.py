"""evalkit sandbox: the images that code is judged in, and what of ours is in the engine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.cli.checks import checks_text, image_checks
from evalkit.cli.clean import things_table
from evalkit.cli.parser import Parser, choice
from evalkit.cli.text import Style, visible
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.recipe import Recipe

ABOUT = """\
build   make sure that the engine holds the judge image: from the cache, the registry, or Debian packages;
        build SUITE: the image of that suite's workspaces, where it has one of its own
status  engine, image and isolation, as evalkit finds them
images  the images that a suite's tasks name, and what pulling them would cost: images SUITE --help
list    every container, volume and image of evalkit's in the engine (evalkit clean removes them)
"""
EXAMPLES = """\
  evalkit sandbox build
  evalkit sandbox build aider-polyglot
  evalkit sandbox build --force        anew, also where there is one
  evalkit sandbox images my-suite --disk-budget 40GB
  evalkit sandbox status
"""
ACTIONS = ("build", "images", "status", "list")


def main(words: Sequence[str]) -> int:
    if "images" in words[:1]:
        from evalkit.cli import sandbox_images

        return sandbox_images.main(words)
    parser = Parser("sandbox", usage="ACTION [SUITE] [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("action", metavar="ACTION", type=choice(*ACTIONS), help=", ".join(ACTIONS))
    parser.add_argument("suite", metavar="SUITE", nargs="?", default="", help="build: whose image")
    parser.add_argument("--force", action="store_true", help="build: make the image anew")
    parser.add_argument("-q", "--quiet", action="store_true", help="build: print the image's id only")
    args = parser.read(words)
    if args.action == "build":
        return build(args.suite, force=args.force, quiet=args.quiet)
    if args.suite:
        parser.refuse([args.suite])
    if args.action == "status":
        return status()
    return list_things()


def build(suite: str, *, force: bool, quiet: bool) -> int:
    from evalkit.sandbox import build_image, build_recipe

    def say(line: str) -> None:
        if not quiet:
            print(visible(line), file=sys.stderr, flush=True)

    if suite:
        print(build_recipe(recipe_of(suite), say, force=force))
    else:
        print(build_image(force=force, progress=say))
    return 0


def recipe_of(name: str) -> Recipe:
    """How the suite's own image is built. UsageError where it has none."""
    from evalkit.registry import open_suite

    suite = open_suite(name)
    recipe = suite.recipe()
    if recipe is None:
        way_out = "it may name images to be pulled" if suite.workspaces else "evalkit sandbox build"
        raise UsageError(f"suite {suite.info.name} builds no image of its own", way_out)
    return recipe


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
