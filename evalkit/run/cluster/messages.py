"""What crosses between the head and its nodes: plain values, pickled by Ray.

An attempt runs on a node and wants things of the head: a model call, an act's place in the record. Each
`Wish` has a number of its attempt, and gets one `Given` under it. The last wish of an attempt is its `End`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.interaction import Budget, Observation
from evalkit.model import Message, Sampling, Tool, ToolCall
from evalkit.run.settings import Knobs, Settings
from evalkit.scaffold import Attempt
from evalkit.task import Task, Verdict


@dataclass(frozen=True)
class Job:
    """What a node has to know of the run, once. `options`: of the suite, as the run has them. `code`: digest
    of the evalkit that the head runs. `tasks`: those that have workspaces, whose images a node prepares;
    `samples`: how many samples will want each image."""

    run: str
    settings: Settings
    options: Mapping[str, Any]
    as_given: bool  # answers are there already: no scaffold drives a model
    knobs: Knobs
    trusted: bool
    code: str
    tasks: tuple[Task, ...] = ()
    samples: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """A node that is ready. `order`: of images, as its supply has it; `here`: those that it has already.
    `judgings`: how many are worth giving it at once."""

    judgings: int
    sandbox: Mapping[str, Any]
    order: tuple[str, ...] = ()
    here: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Start:
    """One attempt: what its rollout has from the beginning."""

    task: Task
    sample: int
    sampling: Sampling
    budget: Budget
    context: int | None


# -- what an attempt wants -------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A model call: evalkit.scaffold.Rollout.call."""

    messages: tuple[Message, ...]
    prompt: str | None
    role: str
    stop: tuple[str, ...]
    tools: tuple[Tool, ...]
    alike: bool


@dataclass(frozen=True)
class ActBegins:
    """Given: the act's number, and whether it is recorded already."""

    call: ToolCall


@dataclass(frozen=True)
class ActEnds:
    """What came of the act of that number, or how the workspace died of it. Given: what counts."""

    number: int
    seen: Observation | None
    died: str = ""


@dataclass(frozen=True)
class Note:
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Never:
    """The wish of that number is of no interest any more: its caller was cut short."""

    number: int


@dataclass(frozen=True)
class End:
    """What it came to: an attempt, an error of evalkit's, or a bug of a suite or scaffold in words."""

    attempt: Attempt | None = None
    error: EvalkitError | None = None
    bug: str = ""


@dataclass(frozen=True)
class Wish:
    number: int
    what: Call | ActBegins | ActEnds | Note | Never | End


@dataclass(frozen=True)
class Given:
    value: Any = None
    error: BaseException | None = None


@dataclass(frozen=True)
class Judged:
    """A verdict, an error of evalkit's, or a bug of a suite in words."""

    verdict: Verdict | None = None
    error: EvalkitError | None = None
    bug: str = ""
