"""Of which shape a task's test script is: whether all that it does is to run pytest once, and with what.

Such a script is run unchanged for a strict verdict, by programs that stand in for those it calls. What else
scripts do nobody but the script could prove.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from evalkit.workspace import File

INSTALLERS = ("apt-get", "apt", "pip", "pip3", "uv", "uvx", "curl")
PLAIN = (  # do nothing to tests but put them where they look
    *(
        "source",
        ".",
        "bash",
        "sh",
        "echo",
        "exit",
        "cd",
        "cp",
        "mkdir",
        "rm",
        "set",
        "export",
        "true",
        "test",
    ),
    *("[", "[[", "pytest", "python", "python3", "RUN"),
)
KEYWORDS = ("if", "then", "else", "elif", "fi", "!", "do", "done", "{", "}")
SEPARATORS = re.compile(r"[;&|()<>]+")
ASSIGNMENT = re.compile(r"\w+=")
HUGE = ("torch", "torchvision", "torchaudio", "tensorflow", "mteb")  # gigabytes of wheels
OWN = ("pytest", "pytest-json-ctrf", "py.test")
VALUED = ("-w", "--with", "-p", "--python", "--index", "--index-url", "--extra-index-url", "-i", "-f")


@dataclass(frozen=True)
class Shape:
    """`why`: what there can be no strict verdict for, "" where there can. `packages`: requirements that the
    tests need beside pytest. `files`: names of the files of tests that pytest is given."""

    why: str = ""
    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def shape_of(script: str, tests: Mapping[str, File]) -> Shape:
    """`script`: its path among the files `tests`, which are what /tests will hold."""
    packages: list[str] = []
    files: list[str] = []
    runs = 0
    for words in _commands(script, tests, seen=()):
        name = words[0]
        if name not in (*INSTALLERS, *PLAIN):
            return Shape(f"its test script does more than to run pytest: `{name[:40]}`")
        if (given := _pytest(words)) is not None:
            runs += 1
            files += [PurePosixPath(word).name for word in given if word.endswith(".py")]
        packages += _packages(words)
    if runs != 1:
        return Shape(f"its test script runs pytest {runs} times, not once")
    if not files:
        return Shape("its test script does not name the files of its tests")
    if wrong := next((word for word in packages if "/" in word or ":" in word), ""):
        return Shape(f"its tests need a package that is not on the index: {wrong[:80]}")
    if wrong := next((word for word in packages if name_of(word) in HUGE), ""):
        return Shape(f"its tests need {wrong}, which is gigabytes of packages")
    return Shape(packages=tuple(dict.fromkeys(packages)), files=tuple(dict.fromkeys(files)))


def _commands(script: str, tests: Mapping[str, File], seen: tuple[str, ...]) -> Iterator[Sequence[str]]:
    """The words of each command, those of scripts of the task's own that are called included."""
    if script not in tests or script in seen:
        yield (f"no {script}",)
        return
    text = tests[script].data.decode("utf-8", "replace").replace("\\\n", " ")
    for line in text.splitlines():
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            tokens = list(lexer)
        except ValueError:
            yield (line.strip(),)  # a quote that goes on: no shape of ours
            continue
        for words in _parted(tokens):
            if not words:
                continue
            yield words
            if words[0] in ("source", ".", "bash", "sh") and len(words) > 1 and words[1].endswith(".sh"):
                yield from _commands(PurePosixPath(words[1]).name, tests, (*seen, script))


def _parted(tokens: Sequence[str]) -> Iterator[list[str]]:
    words: list[str] = []
    for token in tokens:
        if SEPARATORS.fullmatch(token) and not token.startswith((">", "<")):
            yield _bare(words)
            words = []
        else:
            words.append(token)
    yield _bare(words)


def _bare(words: list[str]) -> list[str]:
    """Without keywords and variables before it, and what comes after a redirection."""
    while words and (words[0] in KEYWORDS or ASSIGNMENT.match(words[0])):
        words = words[1:]
    for n, word in enumerate(words):
        if word.startswith((">", "<")):
            return words[:n]
    return words


def _pytest(words: Sequence[str]) -> Sequence[str] | None:
    """pytest's arguments, where the command runs it."""
    name, rest = words[0], list(words[1:])
    if name in ("pytest", "py.test"):
        return rest
    if name in ("python", "python3"):
        return rest[2:] if rest[:2] == ["-m", "pytest"] else None
    if name == "uv" and rest[:1] == ["run"]:
        rest = rest[1:]
    elif name != "uvx":
        return None
    while rest and rest[0].startswith("-"):
        rest = rest[2 if rest[0] in VALUED else 1 :]
    return _pytest(rest) if rest else None


def _packages(words: Sequence[str]) -> list[str]:
    name, rest = words[0], list(words[1:])
    if name in ("python", "python3") and rest[:2] == ["-m", "pip"]:
        name, rest = "pip", rest[2:]
    if name == "uvx" or (name == "uv" and rest[:1] == ["run"]):
        named = [after for option, after in pairwise(rest) if option in ("-w", "--with")]
    elif (name, rest[:1]) in (("pip", ["install"]), ("pip3", ["install"]), ("uv", ["add"])):
        named = _operands(rest[1:])
    elif (name, rest[:2]) == ("uv", ["pip", "install"]):
        named = _operands(rest[2:])
    else:
        return []
    return [word for word in named if name_of(word) not in OWN]


def name_of(requirement: str) -> str:
    return re.split(r"[\[=<>!~ ]", requirement)[0].lower()


def _operands(words: Sequence[str]) -> list[str]:
    found: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in VALUED
        else:
            found.append(word)
    return found
