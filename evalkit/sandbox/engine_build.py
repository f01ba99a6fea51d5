"""One build by the engine's own builder: what it says, how long it may take, what is told where it fails."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from evalkit.errors import BuildFailed
from evalkit.sandbox.image import first_line

LOG_LINES = 4000  # that are kept of what a build prints
TOLD = 3  # last lines that are told with a failure
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
NEEDS_BUILDKIT = re.compile(
    r"requires? BuildKit|unknown flag: (mount|chmod|link|parents)|Unknown flag", re.IGNORECASE
)


@dataclass(frozen=True)
class Made:
    id: str
    log: str


def build(
    client: Any, context: IO[bytes], dockerfile: str, *, timeout_s: float, args: Mapping[str, str]
) -> Made:
    """The id of the image that the archive `context` makes. Containers of steps do not stay, whatever
    happens. BuildFailed says at which step, with the last lines that it printed.

    `timeout_s` is looked at whenever something is printed: a step that prints nothing may take as long again.
    """
    import docker.errors
    import requests
    import urllib3.exceptions

    log: deque[str] = deque(maxlen=LOG_LINES)
    made, failure = "", ""
    end = time.monotonic() + timeout_s
    try:
        events = client.api.build(
            fileobj=context,
            custom_context=True,
            dockerfile=dockerfile,
            buildargs=dict(args),
            rm=True,
            forcerm=True,
            decode=True,
            timeout=max(1, int(timeout_s)),
        )
        for event in events:
            if not isinstance(event, dict):
                continue
            log.extend(_COLOURS.sub("", str(event.get("stream", ""))).splitlines())
            made = str((event.get("aux") or {}).get("ID") or made)
            failure = str(event.get("error") or failure)
            if time.monotonic() > end:
                events.close()  # nobody listens: the engine gives the build up
                raise _too_long(timeout_s, log)
    except (requests.Timeout, urllib3.exceptions.ReadTimeoutError):
        raise _too_long(timeout_s, log) from None
    except (docker.errors.DockerException, requests.RequestException, urllib3.exceptions.HTTPError) as e:
        if "timed out" in str(e).lower():
            raise _too_long(timeout_s, log) from None
        failure = first_line(getattr(e, "explanation", None) or e)
    if failure or not made:
        raise _failed(failure or "the engine names no image", log)
    return Made(made, "\n".join(log))


def _too_long(timeout_s: float, log: deque[str]) -> BuildFailed:
    return BuildFailed(f"not done after {timeout_s:.0f} s{_last(log)}", log="\n".join(log))


def _failed(failure: str, log: deque[str]) -> BuildFailed:
    if NEEDS_BUILDKIT.search(failure):
        return BuildFailed(f"its Dockerfile needs BuildKit: {failure}", log="\n".join(log))
    step = next((line for line in reversed(log) if line.startswith("Step ")), "")
    words = " ".join(failure.split())
    return BuildFailed(f"{step + ': ' if step else ''}{words[:300]}{_last(log)}", log="\n".join(log))


def _last(log: deque[str]) -> str:
    lines = [
        line.strip() for line in log if line.strip() and not line.startswith((" --->", "Removing inter"))
    ]
    return f" ({' / '.join(line[:200] for line in lines[-TOLD:])})" if lines else ""
