"""A row's evaluation script taken apart, for a run in which root prepares and another user tests.

Scripts of Verified, Lite and full are lines of few kinds: the environment, git looking at the tree, an
installation, test files put in place, and between the marks the command. The installation is left out, but
where something has to be compiled: what the image has installed is the base commit, in place, and an
installer would run what the patch says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..instances import Instance
from ..logs import END, START
from ..parsers import parser, python
from ..scripts import HEAD
from ..statuses import Parser

READ_BY: dict[Parser, str] = {
    python.django: "unittest",
    python.sympy: "sympy",
}  # else, of Python's parsers, pytest
PYTEST = (python.pytest, python.pytest_options, python.pytest_v2, python.matplotlib, python.seaborn)
LOOKS = re.compile(r"git (status|show|-c core\.fileMode=false diff)\b")
INSTALLS = re.compile(r"(python\d? -m )?pip\d? install\b|python\d? setup\.py\b")
ROOTS = re.compile(r"sed -i .*locale-gen|locale-gen")
PLACES = re.compile(r"git checkout\b")
SETS = re.compile(r"(source|conda|export|cd|git config) ")
HEREDOC = re.compile(r"git apply .*<<'(\w+)'$")
TOX = re.compile(r"^tox --current-env -e\S+ -v -- ")  # of sphinx: its own command, by what tox would run


@dataclass(frozen=True)
class Parts:
    """`environment`: lines for whoever runs something; `prepare`: of root's, they put the tests in place;
    `command` runs them; `install` would install, and compile."""

    environment: tuple[str, ...]
    prepare: tuple[str, ...]
    command: str
    install: tuple[str, ...] = ()

    @property
    def builds(self) -> bool:
        """Whether there is more to be done than to install: a step of the repository's own."""
        return any(line.strip() and not INSTALLS.match(line) for line in self.install)


def unsupported(instance: Instance) -> bool:
    """Whether no witness can be put among its tests."""
    if runner(instance) is None or instance.eval_type != "pass_and_fail":
        return True
    return parts_of(instance.eval_script) is None


def runner(instance: Instance) -> str | None:
    """pytest, unittest or sympy; None for another. SymPy's lies in its repository: others have others."""
    read = parser(instance)
    if read is python.sympy and instance.repo != "sympy/sympy":
        return None
    return READ_BY.get(read) or ("pytest" if read in PYTEST else None)


def parts_of(script: str) -> Parts | None:
    """None for a script that has no command between two marks."""
    environment, prepare, install, command = [], [], [], []
    lines = iter([line for line in script.strip().split("\n") if line not in HEAD])
    place, looked = "before", False
    for line in lines:
        if START in line or END in line:
            place = "between" if START in line else "behind"
        elif place == "between":
            command.append(TOX.sub("python -m pytest -rA ", line))
        elif place == "before":
            if found := HEREDOC.match(line):
                prepare += [line, *until(lines, found[1])]
            elif PLACES.match(line) or ROOTS.match(line):
                prepare.append(line)
            elif LOOKS.match(line):
                looked = True
            elif INSTALLS.match(line) or (looked and not SETS.match(line)):
                install.append(line)
            elif line.strip():
                environment.append(line)
    if place != "behind" or not command:
        return None
    return Parts(tuple(environment), tuple(prepare), "\n".join(command), tuple(install))


def until(lines: Iterator[str], end: str) -> list[str]:
    found = []
    for line in lines:
        found.append(line)
        if line == end:
            break
    return found
