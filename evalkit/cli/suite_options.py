"""A suite's own options as flags, from the fields of its `Options` dataclass.

Which flags there are depends on which suites are named, and the names stand among the flags: so the
command line is read twice, first for the names alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import typing
from collections.abc import Sequence
from typing import Any

from evalkit.cli.parser import Parser
from evalkit.errors import UsageError
from evalkit.registry import find_suite, flag_of
from evalkit.suite import Part, Suite

PREFIX = "suite_option_"  # of the parser's own names, so that no option meets a flag of ours


def add_suite_options(parser: Parser, suites: Sequence[str], parts: Sequence[Part] = ()) -> None:
    """A group of flags for each of `suites`; `parts` limits them to options of these parts."""
    seen: set[str] = set()
    for name in dict.fromkeys(suites):
        cls, info = find_suite(name)
        fields = [f for f in fields_of(cls, parts) if f.name not in seen]
        if not fields:
            continue
        group = parser.add_argument_group(f"options of {info.name} ({info.title})")
        for field in fields:
            seen.add(field.name)
            _add(group, field, typing.get_type_hints(cls.Options)[field.name], info.name)


def fields_of(cls: type[Suite], parts: Sequence[Part] = ()) -> list[dataclasses.Field[Any]]:
    return [f for f in dataclasses.fields(cls.Options) if not parts or f.metadata.get("part", "run") in parts]


def _add(group: Any, field: dataclasses.Field[Any], kind: Any, suite: str) -> None:
    flag = flag_of(field.name)
    help, choices = describe(field)
    common = {"dest": PREFIX + field.name, "default": argparse.SUPPRESS, "help": help.replace("%", "%%")}
    try:
        if kind is bool:
            group.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
        else:
            # values stay texts here: registry.make_options converts and checks them
            group.add_argument(flag, metavar="NAME" if choices else _metavar(kind), **common)
    except argparse.ArgumentError:
        raise UsageError(
            f"suite {suite} has an option {flag}, which is evalkit's own", "rename the field of its Options"
        ) from None


def _metavar(kind: Any) -> str:
    accepted = [t for t in (typing.get_args(kind) or (kind,)) if t is not type(None)]
    return {int: "N", float: "NUMBER"}.get(accepted[0], "TEXT")


def describe(field: dataclasses.Field[Any]) -> tuple[str, tuple[str, ...]]:
    """What help says of an option, and its choices."""
    choices = tuple(field.metadata.get("choices", ()))
    default = field.default_factory() if callable(field.default_factory) else field.default
    said = [f"one of {', '.join(choices)}"] if choices else []
    if default not in (None, ""):
        said.append(f"default: {default}")
    text = str(field.metadata.get("help", ""))
    return f"{text} ({'; '.join(said)})" if said else text, choices


def given_options(args: argparse.Namespace, suite: str) -> dict[str, Any]:
    """The options on the command line that this suite has."""
    names = {f.name for f in fields_of(find_suite(suite)[0])}
    given = {k[len(PREFIX) :]: v for k, v in vars(args).items() if k.startswith(PREFIX)}
    return {k: v for k, v in given.items() if k in names}


def names_among(parser: Parser, words: Sequence[str]) -> list[str]:
    """The names (suites, a run) among `words`, before a suite's options are known.

    A word after an unknown flag may be the flag's value or a name (`--protocol lm-eval mini`): it
    is taken for a value, unless there is no other name; the second reading finds out.
    """
    takes_value = {flag: action.nargs != 0 for action in parser._actions for flag in action.option_strings}
    sure: list[str] = []
    unsure: list[str] = []
    value_next = unknown_next = False
    for position, word in enumerate(words):
        if word == "--":
            sure += words[position + 1 :]
            break
        if word.startswith("-") and len(word) > 1:
            known = word in takes_value
            value_next = known and takes_value[word]
            unknown_next = not known and word.startswith("--") and "=" not in word
        elif value_next or unknown_next:
            unsure += [word] if unknown_next else []
            value_next = unknown_next = False
        else:
            sure.append(word)
    return sure or unsure[-1:]
