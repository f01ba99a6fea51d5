"""The FROM lines of a Dockerfile: which images it begins with, and the same text with others for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalkit.errors import SandboxError

_FROM = re.compile(
    r"(?i)^\s*FROM(?P<flags>(?:\s+--\S+)*)\s+(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?\s*$", re.DOTALL
)
_ARG = re.compile(r"(?i)^\s*ARG\s+(?P<rest>.*)$", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")
SCRATCH = "scratch"


@dataclass(frozen=True)
class From:
    """One stage. `image` as it is meant (variables filled in), `stage` its name, "" for none; `first` and
    `last`: numbers of its lines."""

    image: str
    stage: str
    first: int
    last: int


@dataclass(frozen=True)
class Instruction:
    text: str
    first: int
    last: int


def stages(text: str) -> list[From]:
    """In the order of the file. SandboxError where it has none."""
    found: list[From] = []
    args: dict[str, str] = {}
    for instruction in instructions(text):
        if not found and (arg := _ARG.match(instruction.text)):
            args |= _defaults(arg["rest"])
        if match := _FROM.match(instruction.text):
            image = _filled(match["image"], args)
            found.append(From(image, match["stage"] or "", instruction.first, instruction.last))
    if not found:
        raise SandboxError("the Dockerfile has no FROM line")
    return found


def _filled(word: str, args: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: args.get(match[1] or match[2]) or match[3] or "", word)


def outside(text: str) -> list[str]:
    """The images that it begins with, other than its own stages and `scratch`; each once."""
    known: set[str] = {SCRATCH}
    found: dict[str, None] = {}
    for stage in stages(text):
        if stage.image.lower() not in known and stage.image not in known:
            found[stage.image] = None
        known.add(stage.stage.lower())
    return list(found)


def base(text: str) -> str:
    """The image that its last stage comes from in the end."""
    found = stages(text)
    named = {stage.stage.lower(): stage.image for stage in found if stage.stage}
    image, seen = found[-1].image, set[str]()
    while image.lower() in named and image.lower() not in seen:
        seen.add(image.lower())
        image = named[image.lower()]
    return image


def rewritten(text: str, images: Mapping[str, str], args: Sequence[str] = ()) -> str:
    """The same with other images in its FROM lines, and with these build arguments known in each stage.

    Nothing else changes. A platform that is asked for goes: images are those of this machine.
    """
    lines = text.splitlines()
    for stage in reversed(stages(text)):
        name = images.get(stage.image, stage.image)
        line = f"FROM {name}" + (f" AS {stage.stage}" if stage.stage else "")
        lines[stage.first : stage.last + 1] = [line, *(f"ARG {name}" for name in args)]
    return "\n".join(lines) + "\n"


def instructions(text: str) -> list[Instruction]:
    """Its instructions, each with its continued lines as one text."""
    escape = re.match(r"(?i)\s*#\s*escape\s*=\s*(\S)", text)
    end = escape[1] if escape else "\\"
    found: list[Instruction] = []
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines()):
        bare = line.strip()
        if bare.startswith("#") or (parts and not bare):
            continue
        if not parts:
            first = number
        continued = bare.endswith(end)
        parts.append(bare[:-1] if continued else bare)
        if not continued:
            if joined := " ".join(parts).strip():
                found.append(Instruction(joined, first, number))
            parts = []
    if parts:
        found.append(Instruction(" ".join(parts).strip(), first, len(text.splitlines()) - 1))
    return found


def _defaults(rest: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in rest.split() if "=" in word)
    return {name: value.strip("\"'") for name, _, value in pairs}
