"""Every error that evalkit shows to a person.

    EvalkitError
    ├── UsageError      a flag, name or value that cannot be used             exit code 2
    ├── DataError       a data set or samples file that cannot be read        exit code 2
    ├── StoreError      a run folder that is damaged, locked or foreign       exit code 2
    ├── SandboxError    the engine, an image or a container is not usable     exit code 4
    │   └── BuildFailed    a task's image was not built (outcome `error/build`)
    └── ModelError      a model call that failed for good (outcome `error`)
        ├── ContextExceeded   the conversation no longer fits the model (outcome `failed/context`)
        ├── NoSample          a replay or oracle without this answer (outcome `not_run/unavailable`)
        └── ServerLost        a local server has died too often: no further call can succeed

Each says what happened and to which thing; `hint` is the way out, on a line of its own.
"""

from __future__ import annotations


class EvalkitError(Exception):
    """Base of all. `message` is one line; `hint` is what the reader can do about it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(EvalkitError):
    exit_code = 2


class DataError(EvalkitError):
    exit_code = 2


class StoreError(EvalkitError):
    exit_code = 2


class SandboxError(EvalkitError):
    """Infrastructure: never the model's doing. Scored samples are untouched by it."""

    exit_code = 4
    reason = "sandbox"  # of the outcome `error`


class BuildFailed(SandboxError):
    """An image was not built. `log`: what the builder and its commands printed, the end at least."""

    reason = "build"

    def __init__(self, message: str, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint)
        self.log = log


class ModelError(EvalkitError):
    """A call that could not be completed: the rollout's outcome is `error/api`, retried on resume.

    `retryable` is False where a second try cannot help (unknown model, bad key, rejected request).
    """

    def __init__(self, message: str, hint: str = "", *, retryable: bool = True) -> None:
        super().__init__(message, hint)
        self.retryable = retryable


class ContextExceeded(ModelError):
    """The server says that the messages alone no longer fit its context: the model's doing."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, retryable=False)


class NoSample(ModelError):
    """A replay file has no such sample, or the data no gold: nothing was tried, nothing broke."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, retryable=False)


class ServerLost(ModelError):
    """The server that was to answer is gone for good: the call is an error, and the run stops."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, retryable=False)
