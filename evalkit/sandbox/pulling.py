"""One pull by the engine: its progress, its failures, which of them are worth another try; and removal."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from evalkit.errors import SandboxError
from evalkit.sandbox.pull_plan import Quota

Say = Callable[[str], None]
SAY_EVERY_S = 10.0
DELAYS_S = (1.0, 4.0, 16.0)  # before a second, third and fourth try
REMOVAL_TRIES = 20  # containers are removed in the background: half a second between tries
LONGEST_WAIT_S = 60.0  # that a registry may ask for; more than that, and the caller is told

# what the engine says of what no second try mends
FINAL = re.compile(
    r"not found|manifest unknown|invalid reference|no matching manifest|verification failed|no space left",
    re.IGNORECASE,
)
LOGIN = re.compile(r"denied|unauthorized|authentication required|no basic auth|password", re.IGNORECASE)
DOWN = "the engine does not answer"
COUNTED = re.compile(r"toomanyrequests|too many requests|rate limit", re.IGNORECASE)


def pull(
    client: Any,
    reference: str,
    *,
    say: Say = lambda line: None,
    stop: threading.Event | None = None,
    quota: Callable[[], Quota] = Quota,
    delays: tuple[float, ...] = DELAYS_S,
) -> str:
    """The id of the image, pulled. The engine checks digests.

    Blocks. SandboxError with the engine's words. `quota` asks the registry; used where it refuses.
    """
    stop = stop or threading.Event()
    for delay in (*delays, None):
        words = _try(client, reference, say, stop)
        if words is None:
            return str(client.api.inspect_image(reference)["Id"])
        if COUNTED.search(words):
            delay = _refused(reference, words, quota(), delay)
        if delay is None or FINAL.search(words) or LOGIN.search(words):
            raise SandboxError(f"{reference} cannot be pulled: {words}", hint(words))
        say(f"{reference}: {words}; again in {delay:.0f} s")
        if stop.wait(delay):
            break
    raise _stopped(reference)


def hint(words: str) -> str:
    if re.search(r"no space left", words, re.IGNORECASE):
        return "free some of the engine's disk, or give evalkit a --disk-budget"
    if words.startswith(DOWN):
        return "start it (systemctl start docker), then resume the run"
    if LOGIN.search(words):
        return "docker login, or supply the image: --image-map FILE"
    return "the sample is tried again on resume; images can be built or supplied: docs/images.md"


def _refused(reference: str, words: str, quota: Quota, delay: float | None) -> float | None:
    """How long to wait before another try, where the registry counts. SandboxError where that is too long."""
    wait = quota.retry_s
    if wait is not None and wait <= LONGEST_WAIT_S:
        return None if delay is None else max(delay, wait)
    if wait is None and quota.remaining != 0:
        return delay  # it limits requests a second, not pulls a day
    if wait is not None:
        when = f"in {_minutes(wait)}"
    elif quota.window_s:
        when = f"{_minutes(quota.window_s)} after the first of them at the latest"
    else:
        when = "at an unknown time"
    allowed = f" ({quota.limit} in {_minutes(quota.window_s)})" if quota.limit and quota.window_s else ""
    raise SandboxError(
        f"{reference} cannot be pulled: the registry allows no more pulls{allowed}: {words}",
        f"more are allowed {when}: resume then; or docker login, or --image-map FILE",
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 3600:.3g} h" if seconds >= 5400 else f"{max(1, round(seconds / 60))} min"


def _try(client: Any, reference: str, say: Say, stop: threading.Event) -> str | None:
    """None where it went well, else the engine's words."""
    import docker.errors
    import docker.utils
    import requests
    import urllib3.exceptions

    repository, tag = docker.utils.parse_repository_tag(reference)
    try:
        lines = client.api.pull(repository, tag=tag or "latest", stream=True, decode=True)
        return _follow(reference, lines, say, stop)
    except docker.errors.APIError as e:
        return _first_line(e.explanation or e)
    except (docker.errors.DockerException, docker.errors.StreamParseError) as e:
        return _first_line(e)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as e:  # it reads streams raw
        return f"{DOWN}: {_first_line(e)}"


def _follow(reference: str, lines: Iterator[Any], say: Say, stop: threading.Event) -> str | None:
    started = said = time.monotonic()
    layers: dict[str, tuple[int, int]] = {}  # bytes there, of
    for line in lines:
        if stop.is_set():
            lines.close()  # type: ignore[attr-defined]  # the engine gives up when nobody listens
            raise _stopped(reference)
        if not isinstance(line, Mapping):
            continue
        if words := line.get("error"):
            return _first_line(words)
        detail = line.get("progressDetail") or {}
        if line.get("status") == "Downloading" and detail.get("total"):
            layers[str(line.get("id"))] = int(detail.get("current") or 0), int(detail["total"])
        elif line.get("status") == "Download complete" and str(line.get("id")) in layers:
            total = layers[str(line["id"])][1]
            layers[str(line["id"])] = total, total
        if time.monotonic() - said >= SAY_EVERY_S:
            said = time.monotonic()
            here, of = (sum(part) / 1e6 for part in zip(*layers.values(), strict=True)) if layers else (0, 0)
            say(f"pulling {reference}: {here:,.0f} of {of:,.0f} MB so far")
    if time.monotonic() - started >= 1.0:
        size = sum(of for _, of in layers.values()) / 1e6
        say(
            f"pulled {reference} in {time.monotonic() - started:.0f} s"
            + (f" ({size:,.0f} MB)" if size else "")
        )
    return None


def _stopped(reference: str) -> SandboxError:
    return SandboxError(f"the pull of {reference} was stopped")


def _first_line(e: object) -> str:
    return (str(e).splitlines() or [type(e).__name__])[0][:300]


def remove_image(client: Any, reference: str, tries: int = REMOVAL_TRIES) -> None:
    """Its name, and its layers where nothing else has them. SandboxError where a container still uses it."""
    import docker.errors

    for number in range(tries):
        try:
            client.api.remove_image(reference, force=False)
            return
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as e:
            if e.status_code != 409 or number == tries - 1:
                raise SandboxError(f"{reference} cannot be removed: {e.explanation}") from None
        time.sleep(0.5)
