"""The cases: small programs, hostile and honest, and what must come out when they are judged.

Each TOML file beside this one is a class of attack: `class`, its name, and a list of `case`:

    id          a name of its own, its first word the class
    title       what it does, in a line
    task        the task of tasks.toml that it pretends to solve (default: steps)
    code        the program: the whole answer
    kind        "function", "stdio" (reads input, prints), or "pair": `other` is a second program...
    when        ... of a pair: judged "before" `code` (default), or "during" it
    expect      "failed" (default) or "passed": the outcome of `code`
    reasons     of a failure, where not every reason is right
    guarded     the outcome where a scorer takes names like os.fork away, if it is another
    limit_s     seconds of wall clock for the program (default 2; 10 for programs that must pass)
    fools       the naive scorers that it bites: tests/attacks/naive.py has them, and proves it

A program that looks for something it must not find solves its task only if it finds it: so every leak is a
false pass, and nothing has to be read between the lines.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Task:
    """`io`: for functions [arguments, expected result], for programs [input, expected output]."""

    name: str
    kind: str
    prompt: str
    solution: str
    io: Sequence[Sequence[Any]]

    @property
    def asserts(self) -> list[str]:
        """The tests as MBPP has them."""
        calls = (f"{self.name}({', '.join(map(repr, args))}) == {expected!r}" for args, expected in self.io)
        return [f"assert {call}" for call in calls]

    @property
    def check(self) -> str:
        """The tests as HumanEval has them."""
        lines = (f"    {text.replace(self.name + '(', 'candidate(', 1)}\n" for text in self.asserts)
        return "def check(candidate):\n" + "".join(lines)


@dataclass(frozen=True)
class Case:
    """See the top of this file."""

    id: str
    group: str
    title: str
    task: Task
    code: str
    kind: str = "function"
    other: str = ""
    when: str = "before"
    expect: str = "failed"
    reasons: tuple[str, ...] = ()
    guarded: str = ""
    limit_s: float = 2.0
    fools: tuple[str, ...] = ()

    @property
    def hostile(self) -> bool:
        """Whether some part of it does what it must not."""
        return self.expect == "failed" or self.kind == "pair"

    def holds(self, outcome: str, reason: str) -> bool:
        return outcome == self.expect and (not self.reasons or outcome == "passed" or reason in self.reasons)


@functools.cache
def tasks() -> Mapping[str, Task]:
    with (HERE / "tasks.toml").open("rb") as file:
        return {name: Task(name, **table) for name, table in tomllib.load(file).items()}


@functools.cache
def cases() -> tuple[Case, ...]:
    """All of them, class by class."""
    found = []
    for path in sorted(HERE.glob("*.toml")):
        if path.name == "tasks.toml":
            continue
        with path.open("rb") as file:
            whole = tomllib.load(file)
        found += [_case(whole["class"], table) for table in whole["case"]]
    return tuple(found)


def _case(group: str, table: Mapping[str, Any]) -> Case:
    task = tasks()[table.get("task", "steps")]
    lists = {name: tuple(table[name]) for name in ("reasons", "fools") if name in table}
    limit = {"limit_s": 10.0} if table.get("expect") == "passed" else {}
    return Case(**{"group": group, "kind": task.kind, **limit, **table, **lists, "task": task})
