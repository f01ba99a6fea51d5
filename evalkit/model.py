"""What a model is to the rest of evalkit: something that completes a request.

An API, a local server, the oracle, the null model and a replay file all look like this; nothing in
the pipeline knows the difference.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from evalkit.task import Form, Task


@dataclass(frozen=True)
class Tool:
    """A function that the model may call; `parameters` is the JSON schema of its arguments object."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ToolCall:
    """One call as the model wrote it: `arguments` is its text, which need not be JSON."""

    id: str
    name: str
    arguments: str = "{}"


@dataclass(frozen=True)
class Message:
    """`tool_calls` of an assistant's message; `tool_call_id` of a tool's, which answers one of them.

    `reasoning`: what an assistant thought before; sent back only to servers that ask for it.
    """

    role: str  # system, user, assistant, tool
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    reasoning: str = ""


@dataclass(frozen=True)
class Sampling:
    """Sampling parameters; None is "not sent", so that the server's default holds.

    `extra_body` goes into the request as it is (top_k, repetition_penalty, chat_template_kwargs...).
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    reasoning_effort: str | None = None
    extra_body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """One model call: either chat `messages` (the last may be an assistant prefill) or a `prompt`.

    `number`: which call of its rollout this is, from 0. It is no part of what is asked.
    """

    task: Task
    sample: int
    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    tools: tuple[Tool, ...] = ()
    number: int = 0


@dataclass(frozen=True)
class Usage:
    """Tokens of one call and its price in US dollars; None is unknown, never zero."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True)
class CallAttempt:
    """One HTTP request of a call. `started` is Unix time, `wall_s` seconds, `status` HTTP or None."""

    started: float
    wall_s: float
    status: int | None = None
    error: str = ""
    waited_s: float = 0.0  # back-off that followed
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class Reply:
    """A complete reply. `reasoning` is stored apart and never part of `text`.

    `tool_calls` each have an id of their own. `finish_reason` is "tool_calls" where there are some and
    nothing cut the reply, whatever the server says.
    """

    text: str
    form: Form = "reply"
    reasoning: str = ""
    finish_reason: str = "stop"  # stop, length, content_filter, tool_calls
    usage: Usage = field(default_factory=Usage)
    raw_usage: Mapping[str, Any] = field(default_factory=dict)
    served_model: str = ""
    fingerprint: str = ""
    request_id: str = ""
    wall_s: float = 0.0
    first_token_s: float | None = None
    attempts: tuple[CallAttempt, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()


OnAttempt = Callable[[CallAttempt], None]


Note = Callable[[str, Mapping[str, Any]], Awaitable[Any]]


@runtime_checkable
class Hosted(Protocol):
    """What a model has, too, that a server on this machine answers for."""

    def facts(self) -> dict[str, Any]:
        """Engine, versions, GPUs, arguments, files: known before it is started, for the manifest."""
        ...

    def attend(self, say: Callable[[str], None], note: Note) -> None:
        """Who is told how it goes, and where is kept what is known once it runs (kind, facts)."""
        ...

    def account(self) -> dict[str, Any]:
        """What became of it so far; `remarks`: what has to stand beside the score."""
        ...


class Model(Protocol):
    """A backend, a model id and sampling parameters."""

    name: str  # what the user typed, the column of a table
    sampling: Sampling

    async def complete(self, request: Request, on_attempt: OnAttempt | None = None) -> Reply:
        """One reply, or ModelError. `on_attempt` hears of every attempt as it ends, also failed ones."""
        ...

    def describe(self) -> dict[str, Any]:
        """What identifies the model in a manifest: backend, id, base URL. Never a key."""
        ...

    async def close(self) -> None: ...
