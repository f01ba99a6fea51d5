"""Flags that several verbs share. What they amount to: given.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalkit.cli.given import absolute
from evalkit.cli.parser import Parser, byte_size, choice, json_object, number, seconds, task_list, whole
from evalkit.errors import UsageError
from evalkit.run.settings import ISOLATIONS, ROLES, Knobs

SAMPLING = (
    ("--temperature", number(0.0), "T", "0 is greedy"),
    ("--top-p", number(0.0, 1.0), "P", "nucleus sampling"),
    ("--top-k", whole(-1), "K", "sent in the request's body"),
    ("--repetition-penalty", number(0.0), "R", "sent in the request's body"),
    ("--presence-penalty", number(-2.0, 2.0), "R", ""),
    ("--frequency-penalty", number(-2.0, 2.0), "R", ""),
    ("--max-tokens", whole(1), "N", "limit of one reply; reasoning counts where the server says so"),
    ("--seed", whole(0), "N", "sample k of a task is asked with seed N + k"),
)
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def add_sampling(parser: Parser) -> None:
    group = parser.add_argument_group(
        "sampling", "By precedence: these flags, the model's catalog entry, the protocol's own settings."
    )
    for flag, kind, metavar, help in SAMPLING:
        group.add_argument(flag, type=kind, metavar=metavar, help=help)
    group.add_argument(
        "--reasoning-effort", type=choice(*EFFORTS), metavar="LEVEL", help=f"one of {', '.join(EFFORTS)}"
    )
    group.add_argument(
        "--extra-body", type=json_object, metavar="JSON", help="an object merged into the request as it is"
    )


def add_endpoint(parser: Parser) -> None:
    group = parser.add_argument_group("endpoint")
    group.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible endpoint, up to and with /v1")
    group.add_argument(
        "--api-key-env", metavar="NAME", help="the environment variable that holds the key, never the key"
    )


def add_budget(parser: Parser) -> None:
    group = parser.add_argument_group(
        "limits of one rollout",
        "Of suites in which a model acts more than once. What is not given is as the suite has it; what is"
        " given is part of the run, as sampling is.",
    )
    group.add_argument("--turns", type=whole(1), metavar="N", help="model calls")
    group.add_argument("--rollout-tokens", type=whole(1), metavar="N", help="tokens of its replies")
    group.add_argument(
        "--context",
        type=whole(1),
        metavar="N",
        help="tokens that the model's context holds (default: as the catalog says)",
    )
    group.add_argument("--rollout-cost", type=number(0.0), metavar="USD", help="of all its calls")
    group.add_argument(
        "--rollout-time", type=seconds, metavar="TIME", help="of model and tools; not of tests"
    )


def add_roles(parser: Parser, *, moved: bool = False) -> None:
    """Models of other roles; `moved`: only where their endpoints are now."""
    group = parser.add_argument_group(
        "other roles", "Models that take part where a suite has a part for them."
    )
    for role in ROLES:
        if not moved:
            group.add_argument(f"--{role}-model", metavar="NAME", help=f"who plays the {role}")
        group.add_argument(f"--{role}-base-url", metavar="URL", help="its endpoint, as --base-url")
        group.add_argument(f"--{role}-api-key-env", metavar="NAME", help="as --api-key-env")


def add_places(parser: Parser, *, data: bool = True) -> None:
    group = parser.add_argument_group("places")
    add_results(group)
    if data:
        add_data(group)


def add_results(group: Any) -> None:
    group.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="where runs are (default: results)",
    )


def add_same(group: Any) -> None:
    group.add_argument(
        "--same",
        action="append",
        default=[],
        metavar="MODEL=PUBLISHED",
        help="a run's model is this published one, and has its column; may be repeated",
    )


def names_of(text: str | None) -> tuple[str, ...]:
    """`A,B` as names. UsageError where it names nothing."""
    if text is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise UsageError(f"{text!r} names nothing", "leave the option out to have all")
    return names


def add_data(group: Any) -> None:
    group.add_argument(
        "--data",
        metavar="PATH",
        help="a data file in the official format, or a folder of them (default: EVALKIT_DATA, else the hub)",
    )


def add_knobs(parser: Parser, *, calls: bool = True) -> None:
    """Limits of a session: they change speed and cost, never a number in a table."""
    standard = Knobs()
    group = parser.add_argument_group("limits of this session")
    if calls:
        group.add_argument(
            "--concurrency",
            type=whole(1),
            metavar="N",
            help=f"model calls in flight; lowered on 429, raised again (default: {standard.concurrency}; with"
            " --backend vllm or sglang as many as its cache holds)",
        )
    group.add_argument(
        "--sandboxes",
        type=whole(1),
        metavar="N",
        default=standard.sandboxes,
        help=f"sandboxes at once (default: {standard.sandboxes})",
    )
    group.add_argument(
        "--workspaces",
        type=whole(1),
        metavar="N",
        default=standard.workspaces,
        help=f"workspaces of rollouts at once (default: {standard.workspaces})",
    )
    group.add_argument(
        "--judges",
        type=whole(1),
        metavar="N",
        default=standard.judges,
        help=f"programs that compute at once; sleeping ones do not count (default: {standard.judges})",
    )
    group.add_argument(
        "--strict-limits",
        action="store_true",
        help="give every program all of its time limit to itself, however many compete (slower)",
    )
    group.add_argument(
        "--isolation",
        choices=ISOLATIONS,
        default=standard.isolation,
        help="strict: containers of their own for each program that runs, where not even that there are"
        f" others shows; a sleeping program takes a place, too (default: {standard.isolation})",
    )
    if calls:
        _add_budget(group, standard)
    add_images(parser)


def add_workers(parser: Parser) -> None:
    group = parser.add_argument_group("more than one machine", "docs/scale.md. It changes no number.")
    group.add_argument(
        "--workers",
        type=workers,
        metavar="ray[:ADDRESS]",
        help="carry out the run on the nodes of a Ray cluster that have docker (needs evalkit[ray])",
    )


def workers(text: str) -> str:
    from evalkit.run.cluster.address import address_of

    address_of(text)
    return text


def add_images(parser: Parser) -> None:
    group = parser.add_argument_group(
        "images", "Of suites whose tasks have workspaces: docs/images.md. They change no number."
    )
    group.add_argument(
        "--image-map",
        type=absolute,
        metavar="FILE",
        help="TOML or JSON: local images for those that tasks name (task id, image or pattern = image)",
    )
    group.add_argument(
        "--disk-budget", type=byte_size, metavar="SIZE", help="for images that are pulled: 40GB, 500MB"
    )
    group.add_argument("--keep-images", action="store_true", help="do not remove what was pulled")


def _add_budget(group: Any, standard: Knobs) -> None:
    group.add_argument("--max-cost", type=number(0.0), metavar="USD", help="pause at this cost; resumable")
    group.add_argument(
        "--max-time", type=seconds, metavar="TIME", help="pause after 90, 90s, 10m, 2h or 1h30m; resumable"
    )
    group.add_argument(
        "--max-error-rate",
        type=number(0.0, 1.0),
        metavar="R",
        default=standard.max_error_rate,
        help=f"exit code 3 when more than this share is missing (default: {standard.max_error_rate:g})",
    )
    group.add_argument(
        "--request-timeout",
        type=seconds,
        metavar="TIME",
        default=standard.request_timeout_s,
        help=f"of one HTTP request (default: {standard.request_timeout_s:g} s)",
    )
    group.add_argument(
        "--max-attempts",
        type=whole(1),
        metavar="N",
        default=standard.max_attempts,
        help=f"HTTP requests per model call at most (default: {standard.max_attempts})",
    )


def add_output(parser: Parser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "--json",
        action="store_true",
        help="one JSON object on stdout, as its last line (several runs: one line each); "
        "what people read goes to stderr: docs/machine-interface.md",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary, errors only")


def add_selection(parser: Parser) -> Any:
    group = parser.add_argument_group("what to run")
    group.add_argument("--limit", type=whole(1), metavar="N", help="the first N tasks only")
    group.add_argument(
        "--tasks", type=task_list, metavar="IDS", default=(), help="these tasks: A,B,C or @FILE (one a line)"
    )
    return group
