"""What a task's test script installs before it runs: read from its text, so that an image can hold it.

Only what is written out is found; what a script computes stays unknown, and is fetched when it runs.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from itertools import pairwise

# options of uv and pip that take a value which is no requirement
VALUED = {
    *("-p", "--python", "--index", "--index-url", "--extra-index-url", "--index-strategy", "-i", "-r", "-c"),
    *("--find-links", "-f", "--target", "-t", "--directory", "--project", "--resolution", "--group"),
}
WITH = ("-w", "--with", "--from")
_UV = re.compile(r"astral\.sh/uv/([0-9][0-9.]*)/install\.sh")
_REQUIREMENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?([<>=!~]=?[A-Za-z0-9.*+!-]+)?$")
_PACKAGE = re.compile(r"^[a-z0-9][a-z0-9+.-]+(=\S+)?$")


@dataclass
class Wanted:
    """`uv`: the release of it, "" where none is named. `tools`: requirements by uv, for `pythons` ("3.13")
    or, where there are none, its own choice. `pip`: those for the image's Python. `apt`: packages."""

    uv: str = ""
    pythons: dict[str, None] = field(default_factory=dict)
    tools: dict[str, None] = field(default_factory=dict)
    pip: dict[str, None] = field(default_factory=dict)
    apt: dict[str, None] = field(default_factory=dict)


def wanted(*scripts: str) -> Wanted:
    found = Wanted()
    for script in scripts:
        if release := _UV.search(script):
            found.uv = release[1]
        for words in commands(script):
            _read(words, found)
    return found


def commands(script: str) -> list[list[str]]:
    """Its commands as words. Lines that are no plain words are left out."""
    found = []
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()<>")
        lexer.whitespace_split, lexer.commenters = True, "#"
        words: list[str] = []
        try:
            for word in lexer:
                if word and set(word) <= set(";&|()"):
                    found.append(words)
                    words = []
                else:
                    words.append(word)
        except ValueError:
            continue
        found.append(words)
    return [words for words in found if words]


def _read(words: list[str], found: Wanted) -> None:
    while words and ("=" in words[0] or words[0] in ("sudo", "then", "do", "exec", "env", "!")):
        words = words[1:]
    match words:
        case ["uvx", *rest] | ["uv", "tool", "run", *rest]:
            _uvx(rest, found)
        case ["uv", "run", *rest]:
            _uvx([word for word in rest if word != "run"], found, runs=True)
        case ["uv", "python", ("pin" | "install"), version, *_]:
            found.pythons[version] = None
        case ["uv", ("add" | "venv"), *rest] | ["uv", "pip", "install", *rest]:
            _pythons(rest, found)
            if words[1] != "venv":
                found.tools |= dict.fromkeys(_requirements(rest))
        case [("pip" | "pip3"), "install", *rest] | [_, "-m", "pip", "install", *rest]:
            found.pip |= dict.fromkeys(_requirements(rest))
        case [("apt-get" | "apt"), *rest] if "install" in rest:
            after = rest[rest.index("install") + 1 :]
            found.apt |= {word: None for word in after if _PACKAGE.match(word)}


def _uvx(words: list[str], found: Wanted, *, runs: bool = False) -> None:
    """Options up to the program; the program is a requirement, too, unless uv runs it in a project."""
    _pythons(words, found)
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option in WITH:
            wish = value if equals else next(rest, "")
            found.tools |= dict.fromkeys(_requirements(wish.split(",")))
        elif word in VALUED:
            next(rest, "")
        elif not word.startswith("-"):
            if not runs:
                found.tools |= dict.fromkeys(_requirements([word]))
            return


def _pythons(words: list[str], found: Wanted) -> None:
    for option, value in pairwise(words):
        if option in ("-p", "--python") and re.fullmatch(r"3\.[0-9]+(\.[0-9]+)?", value):
            found.pythons[value] = None


def _requirements(words: list[str]) -> list[str]:
    found, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in VALUED:
            skip = True
        elif word.startswith((">", "<")):
            break
        elif _REQUIREMENT.match(word) and not word.isdigit():  # of 2>/dev/null
            found.append(word)
    return found
