"""Variables in a compose file: $NAME and ${NAME...} as compose's own reference describes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evalkit.compose.plan import Refused

NODES = 10_000  # values in a file: aliases of aliases grow without end
DEPTH = 50
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def fill(value: Any, env: Mapping[str, str]) -> Any:
    """A value of a YAML file with all variables in its strings filled in; keys stay as they are. Refused."""
    return _Filling(env).value(value, 0)


class _Filling:
    """`left`: how many more values it takes."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.left = NODES

    def value(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if self.left < 0 or depth > DEPTH:
            raise Refused("the compose file is too large")
        if isinstance(value, dict):
            return {str(key): self.value(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, depth + 1) for inner in value]
        if isinstance(value, str):
            return filled(value, self.env)
        return value if value is None or isinstance(value, bool | int | float) else str(value)


def filled(text: str, env: Mapping[str, str], depth: int = 0) -> str:
    """One string. `$$` is a dollar; a variable that is not there is empty, unless its form says otherwise."""
    if depth > DEPTH:
        raise Refused("variables within variables without end")
    out, at = [], 0
    while (dollar := text.find("$", at)) >= 0:
        out.append(text[at:dollar])
        at = dollar + 1
        if text[at : at + 1] == "$":
            out.append("$")
            at += 1
        elif text[at : at + 1] == "{":
            end = _closing(text, at)
            out.append(_braced(text[at + 1 : end], env, depth))
            at = end + 1
        elif found := _NAME.match(text, at):
            out.append(env.get(found[0], ""))
            at = found.end()
        else:
            raise Refused(f"a lone $ in {text[:60]!r}: write $$")
    return "".join([*out, text[at:]])


def _closing(text: str, start: int) -> int:
    deep = 0
    for at in range(start, len(text)):
        if text[at] == "{":
            deep += 1
        elif text[at] == "}":
            deep -= 1
            if not deep:
                return at
    raise Refused(f"an open brace in {text[:60]!r}")


def _braced(inner: str, env: Mapping[str, str], depth: int) -> str:
    found = _NAME.match(inner)
    if not found:
        raise Refused(f"no variable is called {inner[:60]!r}")
    name, rest = found[0], inner[found.end() :]
    how = rest[:2] if rest[:1] == ":" else rest[:1]
    there = bool(env.get(name)) if how.startswith(":") else name in env
    word = rest[len(how) :]
    if not how:
        return env.get(name, "")
    if how in (":-", "-"):
        return env[name] if there else filled(word, env, depth + 1)
    if how in (":+", "+"):
        return filled(word, env, depth + 1) if there else ""
    if how in (":?", "?"):
        if there:
            return env[name]
        raise Refused(f"the compose file wants {name}: {filled(word, env, depth + 1)[:100] or 'not set'}")
    raise Refused(f"no variable is written {inner[:60]!r}")
