"""One message to one channel: tried again for a while, never for long. What is said of a failure holds no
secret."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import quote, unquote

from evalkit.nightly.alerts.settings import VARIABLE, Channel, Mail, Webhook
from evalkit.text import one_line

WAITS = (1.0, 5.0, 20.0)  # seconds before the second, third and fourth try
LONGEST = 60.0  # that a server may ask us to wait
TIMEOUT, WHOLE = 15.0, 45.0  # seconds of one wait for a server, and of one try in all


class Failed(Exception):
    """It was not told. `again`: another try may help; `after`: seconds that the server asked for."""

    def __init__(self, why: str, *, again: bool, after: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.again, self.after = why, again, after


def value(text: str, env: Mapping[str, str]) -> str:
    """What the plan says, or what the variable that it names holds. Failed where that is not set."""
    named = VARIABLE.fullmatch(text)
    if not named:
        return text
    found = env.get(named[1], "").strip()
    if not found:
        raise Failed(f"the variable {named[1]} is not set", again=False)
    return found


def send(action: Callable[[], None], waits: Sequence[float] = WAITS) -> None:
    """Failed where no try succeeded, as the last one did."""
    left = list(waits)
    while True:
        try:
            within(WHOLE, action)
            return
        except Failed as failed:
            if not failed.again or not left or failed.after > LONGEST:
                raise
            time.sleep(max(left.pop(0), failed.after))


def within(seconds: float, action: Callable[[], None]) -> None:
    """A server that sends a byte now and then keeps to every timeout of a socket: the whole has one, too."""
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            action()
            ended.append(None)
        except BaseException as e:
            ended.append(e)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not ended:
        raise Failed(f"no answer within {seconds:.0f} s", again=True)
    if ended[0] is not None:
        raise ended[0]


def secrets(channel: Channel, env: Mapping[str, str]) -> tuple[str, ...]:
    """Values that must not be seen, in the forms in which libraries and servers repeat them."""
    said = (channel.url, *channel.headers.values()) if isinstance(channel, Webhook) else _login(channel)
    named = [match for text in said if (match := VARIABLE.fullmatch(text))]
    values = {env.get(match[1], "").strip() for match in named}
    found = {form for one in values if one for form in _forms(one)}
    return tuple(sorted((one for one in found if len(one) > 3), key=lambda one: (-len(one), one)))


def _login(mail: Mail) -> tuple[str, str]:
    return mail.user, mail.password


def _forms(secret: str) -> Iterable[str]:
    yield from (secret, quote(secret), quote(secret, safe=""), unquote(secret), repr(secret)[1:-1])
    yield base64.b64encode(secret.encode(errors="replace")).decode()
    host, slash, path = secret.partition("://")[2].partition("/")
    if slash:  # of an address, which may be none: any part of it
        yield from (f"/{path}", host, *(part for part in re.split(r"[/?&=]", path) if len(part) > 7))


def without(text: str, hidden: Iterable[str], width: int = 200) -> str:
    """On one line, cut, and with no secret in it."""
    for secret in hidden:
        text = text.replace(secret, "***")
    return one_line(text, width)
