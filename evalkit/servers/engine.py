"""What an engine is: one description a file in `engines`, and everything else is the same for all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Ask = Callable[[str, Any], tuple[int, Any]]  # (path, body or None) -> status and what came: probe.ask
Body = dict[str, Any]  # of a request for a completion
Reader = tuple[str, Callable[[Any], Any]]  # a path, and what to read from its answer


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


# the flags of evalkit's own that set fields of `Wanted`
FLAGS = {
    "parallel": "--tensor-parallel",
    "quantization": "--quantization",
    "gpu_memory": "--gpu-memory",
    "tool_parser": "--tool-call-parser",
    "reasoning_parser": "--reasoning-parser",
    "chat_template": "--chat-template",
    "revision": "--revision",
    "device": "--device",
    "extra": "--server-arg",
}


def flag_of(field: str) -> str:
    return FLAGS.get(field, f"--{field.replace('_', '-')}")


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
    tells. So do `kv_tokens` (tokens that its cache holds), `slots` (requests that it works on at once) and
    `preempted` (how often it put one off for want of cache, ever). `keyed`: whether it can ask for a key.
    `unsupported`: settings of `Wanted` that it has no argument for.

    `speak` makes a request for a completion say all of the sampling, in the engine's words: what is left to
    an engine is another with each engine. `count` asks for the tokens of a request's prompt. `ignored`:
    fields that it takes and does not heed. `gpu`: whether it is of no use without one.
    """

    name: str
    program: str
    package: str
    command: Callable[[Wanted, Place], Command]
    served: Callable[[Wanted], str]
    install: str
    health: str = "/health"
    api: str = "/v1"
    context: Reader | None = None
    version: Reader | None = None
    kv_tokens: Reader | None = None
    slots: Reader | None = None
    preempted: Reader | None = None
    speak: Callable[[Body], Body] = lambda body: body
    count: Callable[[Ask, Body], int | None] | None = None
    ignored: tuple[str, ...] = ()
    gpu: bool = False
    asks_version: tuple[str, ...] = ("--version",)  # arguments to its program; () where that starts something
    keyed: bool = True
    grace_s: float = 60.0  # to end by itself when it is told to: large ones let go of GPUs meanwhile
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


def filled(body: Body, **neutral: Any) -> Body:
    """The body with what it leaves open at values that change nothing."""
    return {**neutral, **body}


def metric(text: Any, name: str) -> float | None:
    """The sum of a counter or gauge in Prometheus' text, over its labels; None where it is not there."""
    values = []
    for line in str(text).splitlines():
        if line.startswith(name) and line[len(name) : len(name) + 1] in ("{", " "):
            values.append(float(line.rpartition(" ")[2]))
    return sum(values) if values else None


def label(text: Any, name: str, key: str) -> str:
    """A label of a metric: `num_gpu_blocks` of `vllm:cache_config_info{...}`; "" where it is not there."""
    asked = re.compile(rf'{re.escape(name)}{{(?:.*,)?{re.escape(key)}="([^"]*)"')
    return next((found[1] for line in str(text).splitlines() if (found := asked.match(line))), "")
