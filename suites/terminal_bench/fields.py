"""What a task's file says, read field by field. DataError names task, file, field and value."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from evalkit.checkout import unpacked
from evalkit.errors import DataError

SHOWN = 60  # characters of a wrong value
OF_HOST = re.compile(r"\$\{([^}:]+)(?::-(.*))?\}")


@dataclass(frozen=True)
class Fields:
    """A table of the file `where` ("hello: task.toml"); `path` is what leads to it ("environment")."""

    where: str
    values: Mapping[str, Any]
    path: str = ""
    lacking: list[str] = field(default_factory=list)  # variables of the host that a value needs

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, what: str) -> NoReturn:
        raise DataError(f"{self.where}: {self.name(key)} {what}")

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """None as default: it has to be there."""
        value = self.values.get(key)
        if value is None:
            if default is None:
                self.wrong(key, "is missing")
            return default
        if not isinstance(value, str):
            self.wrong(key, f"is no text: {shown(value)}")
        return value

    def user(self, key: str = "user") -> str:
        """A name or a number; "" where it is not said."""
        value = self.values.get(key)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            self.wrong(key, f"is no user: {shown(value)}")
        return str(value)

    def number(self, key: str, default: float | None = None, *, least: float = 0.0) -> float | None:
        value = self.values.get(key)
        if value is None:
            return default
        found = number_of(value)
        if found is None:
            self.wrong(key, f"is no number: {shown(value)}")
        if found < least:
            self.wrong(key, f"cannot be {found:g}: at least {least:g}")
        return found

    def seconds(self, key: str, default: float) -> float:
        found = self.number(key, default)
        assert found is not None
        return found

    def time(self, key: str, default: float | None) -> float | None:
        """Seconds in which something is to be done."""
        found = self.number(key, default)
        if found is not None and found <= 0:
            self.wrong(key, f"is no time in which anything could be done: {found:g}")
        return found

    def whole(self, key: str, default: int = 0) -> int:
        found = self.number(key, float(default))
        if found is None or not found.is_integer():
            self.wrong(key, f"is no whole number: {shown(self.values.get(key))}")
        return int(found)

    def truth(self, key: str, default: bool) -> bool:
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(key, f"is neither true nor false: {shown(value)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong(key, f"is no list of texts: {shown(value)}")
        return tuple(value)

    def table(self, key: str) -> Fields:
        """An empty one where it is not there."""
        value = self.values.get(key)
        if value is None:
            value = {}
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            self.wrong(key, f"is no table: {shown(value)}")
        return Fields(self.where, value, self.name(key), self.lacking)

    def tables(self, key: str) -> tuple[Fields, ...]:
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            self.wrong(key, f"is no list of tables: {shown(value)}")
        names = (f"{self.name(key)}[{number}]" for number in range(len(value)))
        return tuple(
            Fields(self.where, each, name, self.lacking) for each, name in zip(value, names, strict=True)
        )

    def choice(self, key: str, default: str | None, known: tuple[str, ...]) -> str:
        value = self.text(key, default)
        if value not in known:
            self.wrong(key, f"cannot be {shown(value)}: it is one of {', '.join(known)}")
        return value

    def env(self, key: str = "env") -> tuple[tuple[str, str], ...]:
        """Variables. A value `${NAME}` or `${NAME:-otherwise}` is the host's; what that lacks is noted."""
        table = self.table(key)
        for name, value in table.values.items():
            if not isinstance(value, str):
                table.wrong(name, f"is no text: {shown(value)}")
            if not name or "=" in name or "\0" in name + value:
                table.wrong(name, "is no variable's name and text")
        return tuple((name, self.of_host(value)) for name, value in table.values.items())

    def of_host(self, value: str) -> str:
        found = OF_HOST.fullmatch(value)
        if not found:
            return value
        name, otherwise = found.groups()
        if name not in os.environ and otherwise is None:
            self.lacking.append(name)
        return os.environ.get(name, otherwise or "")


def number_of(value: Any) -> float | None:
    """A finite number, also where it is written as a text, as pydantic reads one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


# -- files of a task's folder ----------------------------------------------------------------------


def text_of(files: Mapping[str, Any], path: str, task: str) -> str:
    """DataError where it is missing or no UTF-8."""
    if path not in files:
        raise DataError(f"{task}: no {path}")
    try:
        return unpacked(files[path]).decode()
    except UnicodeDecodeError:
        raise DataError(f"{task}: {path} is no UTF-8 text") from None


def below(files: Mapping[str, Any], folder: str) -> bool:
    """Whether any file lies in the folder."""
    return any(path.startswith(f"{folder}/") for path in files)


def read_yaml(files: Mapping[str, Any], path: str, task: str) -> Any:
    import yaml

    text = text_of(files, path, task)
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as e:
        said = " ".join(str(e).split())
        raise DataError(f"{task}: cannot read {path}: {said[:200]}") from None
