"""What an engine is: one description a file in `engines`, and everything else is the same for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Wanted:
    """What is asked of a server. None and "" leave it to the engine.

    `model` is a folder, a file or an id of the hub; `context` in tokens; `gpu_memory` the share of a GPU's
    memory that it may take; `parallel` over how many GPUs it is spread; `extra` are arguments as they are.
    """

    model: str
    served_name: str = ""
    revision: str = ""
    context: int | None = None
    parallel: int | None = None
    quantization: str = ""
    gpu_memory: float | None = None
    tool_parser: str = ""
    reasoning_parser: str = ""
    chat_template: str = ""
    seed: int | None = None
    device: str = ""
    extra: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where it listens, and the key that it asks for; "" where the engine knows none."""

    host: str
    port: int
    key: str = ""

    @property
    def root(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Command:
    """How it is started. What `env` holds is not seen by other users' `ps`: keys belong there."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    """One engine. `program` is what has to be installed, `package` whose version is asked where the server
    tells none. `health` answers 200 once it serves. `served` gives the name that requests have to use.

    `context` and `version` read them from what a path answers: (path, reader of its JSON); None where no path
    tells. `keyed`: whether it can ask for a key. `unsupported`: settings of `Wanted` that it has no argument
    for.
    """

    name: str
    program: str
    package: str
    command: Callable[[Wanted, Place], Command]
    served: Callable[[Wanted], str]
    install: str
    health: str = "/health"
    api: str = "/v1"
    context: tuple[str, Callable[[Any], int | None]] | None = None
    version: tuple[str, Callable[[Any], str]] | None = None
    keyed: bool = True
    unsupported: tuple[str, ...] = ()
    source: str = ""  # where its arguments and probes were looked up, and when


def flags(**values: object) -> tuple[str, ...]:
    """`--max-model-len 32000` of max_model_len=32000; what is None, "" or False is left out."""
    words: list[str] = []
    for name, value in values.items():
        if value is None or value == "" or value is False:
            continue
        words.append(f"--{name.replace('_', '-')}")
        if value is not True:
            words.append(str(value))
    return tuple(words)
