"""A task of Terminal-Bench as the rest of the suite sees it, whichever of the two formats it came in.

`core` is the format of terminal-bench-core (task.yaml, run-tests.sh), `harbor` that of 2.0 and later
(task.toml, tests/test.sh). Times are seconds, sizes bytes. Variables of the host are
filled in already. docs/terminal-bench.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Format = Literal["core", "harbor"]
Network = Literal["public", "no-network", "allowlist"]
State = Literal["files", "live"]


@dataclass(frozen=True)
class Phase:
    """What agent or verifier may do. `timeout_s` None: no limit. `user` "": the image's own."""

    timeout_s: float | None = None
    user: str = ""
    network: Network = "public"
    hosts: tuple[str, ...] = ()  # of an allowlist
    env: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Healthcheck:
    command: str
    interval_s: float = 5.0
    timeout_s: float = 30.0
    start_period_s: float = 0.0
    start_interval_s: float = 5.0
    retries: int = 3


@dataclass(frozen=True)
class Environment:
    """Where the work is done. Paths are relative to the task's folder.

    `image` is a prebuilt one's reference; `dockerfile` how it is built ("" where there is none), from the
    folder `context` ("" is the task's own). `compose` names the compose file, `services` what it has beside
    the main service `service`. None is no limit; `workdir` "" is the image's.
    """

    image: str = ""
    dockerfile: str = ""
    context: str = ""
    compose: str = ""
    service: str = "main"
    services: tuple[str, ...] = ()
    build_timeout_s: float = 600.0
    cpus: float | None = None
    memory_bytes: int | None = None
    storage_bytes: int | None = None
    gpus: int = 0
    workdir: str = ""
    env: tuple[tuple[str, str], ...] = ()
    healthcheck: Healthcheck | None = None
    needs: tuple[str, ...] = ()  # what cannot be had here, in words: the task is not_run


@dataclass(frozen=True)
class Typed:
    """One line of a solution.yaml: keys as tmux names them."""

    keys: str
    min_timeout_s: float = 0.0
    max_timeout_s: float = 180.0
    block: bool = True
    enter: bool = True


@dataclass(frozen=True)
class Solution:
    """The reference solution: a script in the folder `folder` (`script` is its path), or what is typed."""

    folder: str = ""
    script: str = ""
    typed: tuple[Typed, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Step:
    """One stage of the work: what is asked, and how it is verified. Tasks of one stage have one, named "".

    The contents of the folders `tests` go to /tests, one over the other; `script`, a path in the container,
    is run. `least`: rewards by name, below which no later step is begun. What lies in the folder `workdir`
    ("" is none) is put where the work is done before the step begins; a `setup.sh` of it is run.
    """

    name: str
    instruction: str
    agent: Phase
    verifier: Phase
    tests: tuple[str, ...] = ("tests",)
    script: str = "/tests/test.sh"
    solution: Solution | None = None
    healthcheck: Healthcheck | None = None
    least: tuple[tuple[str, float], ...] = ()
    workdir: str = ""


@dataclass(frozen=True)
class Trial:
    """`files`: the task's folder, by path (see evalkit.checkout, which packs them). `reward`: how the steps'
    rewards make one. `parser` reads the screen of core's tests; `same_shell`: they run in the agent's
    session. `state`: whether the work is in files alone, or in what runs as well."""

    id: str
    format: Format
    files: Mapping[str, Any] = field(repr=False, hash=False)
    environment: Environment = field(default_factory=Environment)
    steps: tuple[Step, ...] = ()
    reward: Literal["mean", "final"] = "mean"
    difficulty: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    parser: str = "pytest"
    same_shell: bool = False
    state: State = "files"
    schema: str = ""  # version of the format that the task names
    name: str = ""  # "org/name", of packages

    @property
    def instruction(self) -> str:
        return self.steps[0].instruction
