"""evalkit sandbox images SUITE: the images that its tasks name, and what pulling them would cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.given import absolute, knobs_from
from evalkit.cli.options import add_data, add_images, add_selection
from evalkit.cli.parser import Parser, whole
from evalkit.cli.suite_options import add_suite_options, given_options, names_among
from evalkit.cli.text import count, one_line, size, table
from evalkit.run.settings import Knobs, Settings

if TYPE_CHECKING:
    from evalkit.sandbox.pull_plan import Image, PullPlan

ABOUT = """\
images SUITE: the images that its tasks name, in the order in which a run uses them, and what pulling them
costs: sizes as the registry has them, layers counted once, pulls that it still allows. Pulls nothing.
"""
EXAMPLES = """\
  evalkit sandbox images my-suite
  evalkit sandbox images my-suite --tasks a,b --disk-budget 40GB --json
"""


def main(words: Sequence[str]) -> int:
    parser = Parser("sandbox", usage="images SUITE [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("action", metavar="images")
    parser.add_argument("suite", metavar="SUITE", help="a name, or a folder with suite.toml and suite.py")
    group = add_selection(parser)
    add_data(group)
    group.add_argument(
        "--workspaces", type=whole(1), default=Knobs().workspaces, metavar="N", help="as of a run: at once"
    )
    add_images(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object: the plan and its images")
    add_suite_options(parser, names_among(parser, words)[1:2])
    args = parser.read(words)

    plan = look(
        args.suite, given_options(args, args.suite), args.limit, args.tasks, args.data, knobs_from(args)
    )
    if args.json:
        rows = [] if plan is None else [image_json(image, plan) for image in plan.images]
        print(json.dumps({**(plan.to_json() if plan else {"count": 0}), "images": rows}))
    elif plan is None:
        print(f"{args.suite}: its tasks name no image: none, or one that evalkit builds")
    else:
        print(plan_table(plan))
    return 0


def look(
    name: str,
    options: dict[str, object],
    limit: int | None,
    ids: tuple[str, ...],
    data: str | None,
    knobs: Knobs,
) -> PullPlan | None:
    """The plan of these tasks' images; None where there is nothing to pull or supply."""
    from evalkit.data import load_data, tasks_of
    from evalkit.registry import from_anywhere, open_suite
    from evalkit.run.images import image_plan
    from evalkit.run.plan import select

    suite = open_suite(name, options)
    place = absolute(data)
    tasks = tasks_of(suite, load_data(suite, Path(place) if place else None))
    wanted = Settings(suite=from_anywhere(name), model="null", limit=limit, tasks=ids)
    return image_plan(suite, select(tasks, wanted), knobs)


def plan_table(plan: PullPlan) -> str:
    """One row an image, then what they come to."""
    rows = [["image", "tasks", "packed", "state"]]
    for image in plan.images:
        packed = size(image.manifest.size) if image.manifest else ""
        rows.append([one_line(image.reference), count(len(image.tasks)), packed, state(image, plan)])
    lines = [table(rows, right=frozenset((1, 2))), "", one_line(plan.sentence())]
    for name, quota in plan.quotas.items():
        needed = plan.pulls_from(name)
        if quota.remaining is None:
            lines.append(f"{one_line(name)}: {needed} pulls needed; says nothing of a limit")
        else:
            span = f" in {quota.window_s / 3600:g} h" if quota.window_s else ""
            left = f"{quota.remaining} of {count(quota.limit)}{span}"
            lines.append(f"{one_line(name)}: {needed} pulls needed, {left} left")
    if plan.budget is not None:
        at_once = f"{plan.at_once} at a time fit" if plan.at_once else "none fits"
        lines.append(f"disk budget {size(plan.budget)}: {at_once}")
    return "\n".join(lines)


def state(image: Image, plan: PullPlan) -> str:
    if image.supplied:
        return one_line(f"supplied: {image.supplied}", 60)
    if image.here:
        return "here"
    if image.reference in plan.too_large:
        return "larger than the disk budget"
    return "to pull" if image.manifest else one_line(f"to pull; size unknown: {image.unknown}", 90)


def image_json(image: Image, plan: PullPlan) -> dict[str, object]:
    return {
        "reference": image.reference,
        "tasks": list(image.tasks),
        "digest": image.manifest.digest if image.manifest else None,
        "packed_bytes": image.manifest.size if image.manifest else None,
        "state": state(image, plan),
    }
