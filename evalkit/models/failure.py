"""One failed HTTP request of a call: what happened, and whether another try can help."""

from __future__ import annotations

import email.utils
import json
import math
import re
from collections.abc import Mapping
from time import time
from typing import Any

RETRIED = frozenset({408, 409, 425, 429})
OVER_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"})
CONTEXT_CODES = frozenset({"context_length_exceeded", "string_above_max_length", "context_window_exceeded"})
CONTEXT_WORDS = re.compile(
    r"(maximum|max|model'?s?|exceed\w*|beyond|longer than)[^.\n]{0,60}context"
    r"|context[ _-]?(length|window|size)[^.\n]{0,60}(exceed|maximum|limit|too)"
    r"|(prompt|input)[^.\n]{0,40}(is )?too long",
    re.I,
)
MAXIMUM = re.compile(r"(?:context|maximum)[^.\n]{0,40}?(\d{3,9}) tokens", re.I)
OF_PROMPT = re.compile(
    r"(\d{1,9})[^\d.,;)\n]{0,20}\b(?:in|of|from) (?:the |your )?(?:messages|prompt|input)", re.I
)
MESSAGE_CHARS = 500


class AttemptError(Exception):
    """Why an attempt gave no reply. `retry_after` is seconds; `usage` what it was billed, if known."""

    def __init__(
        self,
        text: str,
        *,
        status: int | None = None,
        retryable: bool = True,
        retry_after: float | None = None,
        context: bool = False,
        usage: Any = None,
        hint: str = "",
    ) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after
        self.context = context
        self.usage = usage
        self.hint = hint


def from_status(status: int, headers: Mapping[str, str], body: object) -> AttemptError:
    """An HTTP error status with its headers and body (JSON, or text where it is none)."""
    message, code = error_words(body)
    text = f"HTTP {status}" + (f": {message}" if message else "")
    context = status in (400, 413, 422) and is_context(message, code)
    over_quota = code in OVER_QUOTA
    retryable = (status in RETRIED or status >= 500) and not over_quota
    return AttemptError(
        text,
        status=status,
        retryable=retryable,
        retry_after=retry_after_s(headers) if retryable else None,
        context=context,
        hint="add credit with the provider, then `evalkit resume`" if over_quota else HINTS.get(status, ""),
    )


HINTS = {
    400: "the server does not accept this request: check sampling flags and --extra-body",
    401: "check the key: --api-key-env NAME names the variable that holds it",
    402: "add credit with the provider, then `evalkit resume`",
    403: "this key may not use this model: check the key and the account",
    404: "check the model's name and --base-url: `curl BASE_URL/models` lists what is served",
    413: "the server does not accept a request of this size",
    422: "the server does not accept this request: check sampling flags and --extra-body",
}


def error_words(body: object) -> tuple[str, str]:
    """The message and the code of an error body, whatever its shape: OpenAI's, FastAPI's, a text."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return one_line(str(body)), ""
    if not isinstance(body, Mapping):
        return one_line(str(body or "")), ""
    error = body.get("error", body)
    if not isinstance(error, Mapping):
        return one_line(str(error)), ""
    message = error.get("message") or error.get("detail") or error.get("msg") or ""
    code = error.get("code") or error.get("type") or ""
    return one_line(message if isinstance(message, str) else json.dumps(message, default=str)), str(code)


def is_context(message: str, code: str) -> bool:
    """Whether the messages alone are too long for the model.

    Many servers give the same error where only the asked-for `max_tokens` is too large: that is a
    wrong setting and not the model's doing. Where the text gives the numbers, they decide.
    """
    if code not in CONTEXT_CODES and not CONTEXT_WORDS.search(message):
        return False
    maximum, prompt = MAXIMUM.search(message), OF_PROMPT.search(message)
    return not (maximum and prompt and int(prompt[1]) < int(maximum[1]))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server asks: retry-after-ms, or Retry-After in seconds or as a date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    given = headers.get("retry-after")
    seconds = _number(given)
    if seconds is not None:
        return seconds
    until = _date(given)
    if until is None:
        return None
    now = _date(headers.get("date")) or time()  # the server's own clock where it tells it: ours may be off
    return max(0.0, until - now)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _date(text: str | None) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text or "").timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def one_line(text: str) -> str:
    """A server's words on one printable line of bounded length."""
    head = " ".join(text[: 4 * MESSAGE_CHARS].split())
    head = "".join(c if c.isprintable() else "?" for c in head)
    return head if len(head) <= MESSAGE_CHARS else head[: MESSAGE_CHARS - 3] + "..."
