"""Writing down what somebody says of an alarm or of a task: a small TOML file a note, for people to read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from evalkit.errors import UsageError
from evalkit.nightly.disk import write_whole
from evalkit.nightly.standing import Event, Note, Quarantined
from evalkit.nightly.states import Ack, Expectation, Kind, Put, States

Fields = Mapping[str, str | date | None]


def put_ack(folder: Path, states: States, series: str, event: Event, note: Note) -> Path:
    """Of this alarm, in the place of what was said of it before: git keeps that."""
    fields: Fields = {
        "series": series,
        "direction": event.direction,
        "first": min(event.low, event.first),
        "raised": event.raised,
        **_said(note),
        "until": note.until,
    }
    known = states.ack_of(event, series)
    path = known.path if known else _place(folder, "acks", event.id)
    return _write(path, fields)


def put_expectation(folder: Path, states: States, series: str, begin: date, note: Note) -> Path:
    known = next((one for one in states.expectations(series) if one.begin == begin), None)
    path = known.path if known else _place(folder, "expected", f"{series}--{begin}")
    return _write(path, {"series": series, "from": begin, **_said(note)})


def put_quarantine(folder: Path, states: States, task: Quarantined) -> Path:
    known = [put for put in states.quarantined if (put.task.suite, put.task.task) == (task.suite, task.task)]
    path = known[0].path if known else _place(folder, "quarantine", f"{task.suite}--{task.task}")
    return _write(path, vars(task))


def remove(note: Ack | Expectation | Put) -> None:
    try:
        note.path.unlink()
    except OSError as e:
        raise UsageError(f"cannot remove {note.path}: {e.strerror}") from None


def _said(note: Note) -> Fields:
    return {"who": note.who, "why": note.why, "on": note.on, "issue": note.issue}


def _place(folder: Path, kind: Kind, name: str) -> Path:
    """A file of this name, as far as it can be one; names that differ have files that do."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:120].lstrip(".-")
    if readable != name:
        readable += f"--{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    return folder / kind / f"{readable}.toml"


def _write(path: Path, fields: Fields) -> Path:
    text = "".join(f"{name} = {_value(name, value)}\n" for name, value in fields.items() if value)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    except OSError as e:
        raise UsageError(f"cannot write {path}: {e.strerror}") from None
    return path


def _value(name: str, value: str | date | None) -> str:
    """JSON's texts are TOML's, but for one character; TOML has days of its own."""
    if isinstance(value, date):
        return value.isoformat()
    try:
        return json.dumps(str(value).encode().decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
    except UnicodeError:
        raise UsageError(f"{name} is no text: {value!r}") from None
