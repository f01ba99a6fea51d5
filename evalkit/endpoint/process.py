"""The endpoint in a process of its own, from Python: for tests, the demo and benchmarks."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

from evalkit.errors import EvalkitError


@contextmanager
def running(*arguments: str, faults: Sequence[str] = ()) -> Iterator[str]:
    """Start `python -m evalkit.endpoint` with these arguments, yield its base URL, stop it at the end.

    with running("--script", "replies.jsonl", faults=["429 p=0.1 retry_after=1"]) as url: ...
    """
    command = [sys.executable, "-m", "evalkit.endpoint", *arguments]
    for fault in faults:
        command += ["--fault", fault]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise EvalkitError(f"the endpoint did not start (exit code {process.wait()})")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def stats(url: str) -> dict[str, Any]:
    """The totals of a running endpoint: requests, active, max_active, outcomes, completed_again, ..."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats", timeout=60) as response:
        totals: dict[str, Any] = json.load(response)
    return totals


def at_rest(url: str, within_s: float = 60.0) -> dict[str, Any]:
    """The totals once no request is in progress: then all of them are in the log.

    A reply has left a moment before its line is written, and a client that was killed is noticed a moment
    later. TimeoutError where requests are in progress for longer than `within_s` seconds.
    """
    end, before = monotonic() + within_s, None
    while (now := stats(url))["active"] or now != before:
        if monotonic() > end:
            raise TimeoutError(f"the endpoint is not at rest: {now}")
        before = now
        sleep(0.02)
    return now
