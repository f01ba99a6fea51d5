"""evalkit resume RUN: continue a run from its manifest."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.cli.find import find_run
from evalkit.cli.given import absolute, knobs_from
from evalkit.cli.options import add_endpoint, add_knobs, add_output, add_places, add_roles, add_workers
from evalkit.cli.outcome import Outputs, exit_code
from evalkit.cli.parser import Parser
from evalkit.cli.server_options import add_place
from evalkit.run.settings import ROLES

if TYPE_CHECKING:
    from evalkit.run.settings import Knobs
    from evalkit.run.summary import Summary

ABOUT = """\
RUN is a folder, its name, the beginning of its name, or `last`. Finished samples stay as they are,
errors are tried again, no completed call is paid twice. --base-url, --api-key-env and --data say
where the endpoint, the key or the data moved to (--user-base-url and so on of other roles); the data
must be the same.
"""
EXAMPLES = """\
  evalkit resume last
  evalkit resume results/humaneval--qwen3-coder--evalplus--1a2b3c4d --max-cost 10
  evalkit resume humaneval--qwen3 --base-url http://localhost:8001/v1
"""


def moved_roles(args: argparse.Namespace) -> dict[str, dict[str, str]]:
    """Where other roles' endpoints and keys moved to."""
    moved = {
        role: {name: getattr(args, f"{role}_{name}") for name in ("base_url", "api_key_env")}
        for role in ROLES
    }
    given = {role: {k: v for k, v in places.items() if v} for role, places in moved.items()}
    return {role: places for role, places in given.items() if places}


def main(words: Sequence[str]) -> int:
    parser = Parser("resume", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("run", metavar="RUN")
    add_endpoint(parser)
    add_roles(parser, moved=True)
    add_places(parser)
    group = parser.add_argument_group("local server", "Where its machine is another now.")
    add_place(group)
    group.add_argument("--keep-server", action="store_true", help="leave it running: evalkit server")
    add_knobs(parser)
    add_workers(parser)
    add_output(parser)
    args = parser.read(words)

    knobs = knobs_from(args)
    outputs = Outputs(as_json=args.json, quiet=args.quiet)
    from evalkit.serving import stop_all

    try:
        summary = continued(args, knobs, outputs)
    finally:
        stop_all()
    outputs.show(summary)
    return exit_code(summary, knobs.max_error_rate)


def continued(args: argparse.Namespace, knobs: Knobs, outputs: Outputs) -> Summary:
    from evalkit.run.session import resume

    given = {name: getattr(args, name) for name in ("parallel", "gpu_memory", "device")}
    return resume(
        find_run(args.run, args.results),
        knobs,
        outputs.watch,
        base_url=args.base_url,
        api_key_env=args.api_key_env,
        data=absolute(args.data),
        roles=moved_roles(args),
        server={name: value for name, value in given.items() if value},
    )
