"""argparse with our manners: one clear line, did-you-mean, flags and names in any order."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from evalkit.cli import VERBS
from evalkit.errors import UsageError


class Parser(argparse.ArgumentParser):
    """The parser of one verb. Raises UsageError where argparse would exit."""

    def __init__(self, verb: str, *, usage: str = "", about: str = "", examples: str = "") -> None:
        first = VERBS[verb][0].upper() + VERBS[verb][1:] + "."
        super().__init__(
            prog=f"evalkit {verb}",
            usage=f"evalkit {verb} {usage}" if usage else None,
            description=f"{first}\n\n{about.strip()}" if about else first,
            epilog=f"examples:\n{examples.rstrip()}" if examples else None,
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=30),
            allow_abbrev=False,
        )

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments, names and flags in any order."""
        args, extra = self.parse_known_intermixed_args(list(words))
        if extra:
            self.refuse(extra)
        return args

    def refuse(self, extra: Sequence[str]) -> NoReturn:
        flag = next((word for word in extra if word.startswith("-")), "")
        if not flag:
            raise UsageError(f"unexpected argument {extra[0]!r}", f"{self.prog} --help")
        from evalkit.registry import did_you_mean

        name = flag.split("=")[0]
        known = [flag[2:] for flag in self._option_string_actions if flag.startswith("--")]
        hint = did_you_mean(name.lstrip("-"), known)  # without the dashes, which make all flags alike
        if hint.startswith("did"):
            hint = hint.replace("mean ", "mean --").replace(" or ", " or --")
        else:
            hint = f"`{self.prog} --help` lists them"
        raise UsageError(f"unknown option {name} of `{self.prog}`", hint)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message.replace("argument ", "", 1), f"`{self.prog} --help` says more")


# -- values ----------------------------------------------------------------------------------------


def whole(least: int, most: float = float("inf")) -> Callable[[str], int]:
    """A whole number from `least` to `most`."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        if value > most:
            raise argparse.ArgumentTypeError(f"{value} is more than {most}")
        return value

    return convert


def number(least: float, most: float = float("inf")) -> Callable[[str], float]:
    """A number from `least` to `most`."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not least <= value <= most or value == float("inf"):  # nan is refused here too
            span = f"at least {least:g}" if most == float("inf") else f"from {least:g} to {most:g}"
            raise argparse.ArgumentTypeError(f"{text} is not {span}")
        return value

    return convert


def seconds(text: str) -> float:
    """90, 90s, 10m, 2h, 1h30m: seconds."""
    figure = r"(\d+(?:\.\d+)?)"
    match = re.fullmatch(rf"(?:{figure}h)?(?:{figure}m)?(?:{figure}s?)?", text.strip().lower())
    if match is None or not text.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: 90, 90s, 10m, 2h or 1h30m")
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    total = 3600 * hours + 60 * minutes + rest
    if total <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time at all")
    return total


def byte_size(text: str) -> int:
    """40GB, 1.5TB, 500MB, 40GiB, 4000000000: bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b?|b)?", text.strip().lower())
    if match is None or not float(match.group(1)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: 40GB, 500MB or 40GiB")
    figure, unit, binary = match.groups()
    power = " kmgt".index(unit) if unit else 0
    return int(float(figure) * float(1024 if binary else 1000) ** power)


def choice(*names: str) -> Callable[[str], str]:
    """One of `names`, with did-you-mean."""

    def convert(text: str) -> str:
        if text not in names:
            from evalkit.registry import did_you_mean

            raise argparse.ArgumentTypeError(
                f"{text!r} is none of {', '.join(names)}; {did_you_mean(text, names)}"
            )
        return text

    return convert


def json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"not valid JSON: {e}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"must be a JSON object, got {type(value).__name__}")
    return value


def task_list(text: str) -> tuple[str, ...]:
    """`A,B,C`, or `@FILE` with ids separated by commas or lines (a line that begins with `#` is none)."""
    if text.startswith("@"):
        try:
            lines = Path(text[1:]).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as e:
            raise argparse.ArgumentTypeError(f"cannot read {text[1:]}: {e}") from None
        text = ",".join(line for line in lines if not line.lstrip().startswith("#"))
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise argparse.ArgumentTypeError("names no task")
    return names
