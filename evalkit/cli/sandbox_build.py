"""evalkit sandbox build: the judge image, a suite's own image, or the images of single tasks."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.given import absolute
from evalkit.cli.options import add_data, add_selection
from evalkit.cli.parser import Parser
from evalkit.cli.suite_options import add_suite_options, given_options, names_among
from evalkit.cli.text import one_line, size, visible
from evalkit.data import find_local, load_data, tasks_of
from evalkit.errors import SandboxError, UsageError
from evalkit.recipe import Build, Context
from evalkit.registry import from_anywhere, open_suite
from evalkit.run.plan import select
from evalkit.run.settings import Settings
from evalkit.sandbox import build_context, build_image, build_image_of, build_recipe
from evalkit.sandbox.contexts import BuiltContext
from evalkit.sandbox.image_map import read_image_map
from evalkit.suite import Suite

if TYPE_CHECKING:
    from evalkit.sandbox.builds import Built
    from evalkit.task import Task

ABOUT = """\
build         make sure that the engine holds the judge image: from cache, registry, or Debian packages
build SUITE   the image of that suite's workspaces, where it has one of its own; else, where its tasks name
              images that no registry gives out here, those of the tasks: each of a repository at a commit, in
              a Python of frozen packages, or from a Dockerfile. docs/images.md says what that needs
"""
EXAMPLES = """\
  evalkit sandbox build
  evalkit sandbox build aider-polyglot
  evalkit sandbox build my-suite --tasks a,b --mirror OWNER/REPO=clones/repo.git
  evalkit sandbox build my-suite --tasks a --force     anew, also where there is one
"""


def main(words: Sequence[str]) -> int:
    parser = Parser("sandbox", usage="build [SUITE] [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("action", metavar="build")
    parser.add_argument("suite", metavar="SUITE", nargs="?", default="", help="whose images")
    group = add_selection(parser)
    add_data(group)
    parser.add_argument(
        "--mirror",
        type=mirror,
        action="append",
        default=[],
        metavar="OWNER/REPO=PLACE",
        help="clone of a repository: a folder or an address; may be repeated",
    )
    parser.add_argument(
        "--image-map",
        metavar="FILE",
        help="of Dockerfiles: local images for names in FROM lines (docs/images.md)",
    )
    parser.add_argument("--force", action="store_true", help="make the image anew")
    parser.add_argument("--json", action="store_true", help="tasks: an object for each image, one a line")
    parser.add_argument("-q", "--quiet", action="store_true", help="print what was made only")
    add_suite_options(parser, names_among(parser, words)[1:2])
    args = parser.read(words)

    def say(line: str) -> None:
        if not args.quiet:
            print(visible(line), file=sys.stderr, flush=True)

    if not args.suite:
        print(build_image(force=args.force, progress=say))
        return 0
    suite = open_suite(args.suite, given_options(args, args.suite))
    recipe = suite.recipe()
    if recipe is not None:
        print(build_recipe(recipe, say, force=args.force))
        return 0
    if type(suite).build is Suite.build:
        way_out = "it may name images to be pulled" if suite.workspaces else "evalkit sandbox build"
        raise UsageError(f"suite {suite.info.name} builds no image of its own", way_out)
    place = Path(path) if (path := absolute(args.data)) else None
    tasks = tasks_of(suite, load_data(suite, place))
    wanted = Settings(suite=from_anywhere(args.suite), model="null", limit=args.limit, tasks=args.tasks)
    table = read_image_map(Path(args.image_map)) if args.image_map else {}
    how = How(dict(args.mirror), args.force, args.json, say, table)
    return build_tasks(suite, select(tasks, wanted), data_folder(suite, place), how)


@dataclass(frozen=True)
class How:
    mirrors: Mapping[str, str]
    force: bool
    json: bool
    say: Callable[[str], None]
    image_map: Mapping[str, str] = field(default_factory=dict)


def mirror(text: str) -> tuple[str, str]:
    repository, equals, place = text.partition("=")
    if not equals or not place or repository.count("/") != 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not OWNER/REPO=PLACE")
    return repository, place if "://" in place else str(Path(place).expanduser())


def build_tasks(suite: Suite, tasks: Sequence[Task], folder: Path | None, how: How) -> int:
    """The images of these tasks, one after the other. One that fails keeps no other from being made:
    SandboxError in the end."""
    builds: dict[str, tuple[str, Build | Context]] = {}
    for task in tasks:
        if task.unavailable and suite.dockerfiles:
            how.say(f"{task.id}: {task.unavailable}: no image is made")
            continue
        build = suite.build(task, folder)
        if build is None:
            raise UsageError(f"how the image of {task.id} is built is not known")
        builds.setdefault(build.image, (task.id, build))
        for other in build.others if isinstance(build, Context) else ():
            builds.setdefault(other.image, (f"{task.id}, beside it", other))
    failed = []
    for name, build in builds.values():
        how.say(f"{name}:")
        try:
            built = build_one(build, how)
        except SandboxError as e:
            how.say(f"{name}: {e}")
            failed.append(f"{name}: {e.message}")
            continue
        print(json.dumps({"task": name, **asdict(built)}) if how.json else line_of(name, built), flush=True)
    if failed:
        raise SandboxError(f"{len(failed)} of {len(builds)} images were not made; {failed[0]}")
    return 0


def build_one(build: Build | Context, how: How) -> Built | BuiltContext:
    if isinstance(build, Context):
        made: BuiltContext = build_context(build, how.image_map, how.say, force=how.force)
        return made
    mirror = how.mirrors.get(build.repository, "")
    built: Built = build_image_of(build, mirror, how.say, force=how.force)
    return built


def line_of(task: str, built: Built | BuiltContext) -> str:
    """One line for people: what is there, and what there is to say of it."""
    took = f"{built.seconds:.0f} s" if built.seconds else "was there"
    said = [task, built.image, built.id.removeprefix("sha256:")[:12], size(built.size), took]
    if built.foreign:
        said.append("not made by evalkit: left as it is")
    if isinstance(built, BuiltContext):
        said += [f"from {name} = {taken.split()[0]}" for name, taken in built.bases.items()]
        said += [f"without {name} ({why})" for name, why in built.lacks.items()]
        return one_line("  ".join(said), 400)
    if built.lacked:
        said.append(f"without {', '.join(built.lacked)}")
    if built.again:
        said.append(f"does not build again without a network ({built.again})")
    return one_line("  ".join(said))


def data_folder(suite: Suite, path: Path | None) -> Path | None:
    """Where the data file lies; for data of the hub the suite's folder in EVALKIT_DATA."""
    if found := find_local(suite.source(), path):
        return found[0].parent
    if env := os.environ.get("EVALKIT_DATA"):
        own = Path(env) / suite.info.name
        return own if own.is_dir() else Path(env)
    return None
