"""The gold answer: a patch from an exercise's start files to its reference.

evalkit.patch would make it too, with three runs of git for each of 225 exercises, whenever tasks are read.
This one needs none: it replaces whole files.
"""

from __future__ import annotations

import hashlib

from evalkit.task import Answer
from evalkit.workspace import File

from .exercises import Exercise

NO_FILE = File()
NO_BLOB = "0" * 40


def gold(exercise: Exercise) -> Answer | None:
    """None where the data has no reference."""
    start = exercise.start.files
    changed = {path: file for path, file in sorted(exercise.reference.items()) if start.get(path) != file}
    patch = "".join(replaced(path, start.get(path), file) for path, file in changed.items())
    return Answer(patch, "patch") if patch else None


def replaced(path: str, old: File | None, new: File) -> str:
    """The part of a patch that replaces a text file, or makes it."""
    before = old or NO_FILE
    mode = "100755" if new.executable else "100644"
    head = [f"diff --git a/{path} b/{path}"]
    if old is None:
        head.append(f"new file mode {mode}")
    elif before.executable != new.executable:
        head += [f"old mode {'100755' if before.executable else '100644'}", f"new mode {mode}"]
    kept = f" {mode}" if old is not None and before.executable == new.executable else ""
    head.append(f"index {blob(before.data) if old else NO_BLOB}..{blob(new.data)}{kept}")
    if before.data == new.data:
        return "\n".join(head[:-1] if old else head) + "\n"
    gone, came = lines(before.data), lines(new.data)
    head += [f"--- {'a/' + path if old else '/dev/null'}", f"+++ b/{path}"]
    head.append(f"@@ -{place(gone)} +{place(came)} @@")
    body = [f"-{line}" for line in gone] + [f"+{line}" for line in came]
    return "\n".join(head) + "\n" + "".join(body)


def lines(data: bytes) -> list[str]:
    r"""With their ends; after one that has none, git says so on a line of its own."""
    parts = data.decode("utf-8", "surrogateescape").split("\n")
    last = parts.pop()
    return [f"{part}\n" for part in parts] + ([f"{last}\n\\ No newline at end of file\n"] if last else [])


def place(found: list[str]) -> str:
    return f"{1 if found else 0},{len(found)}"


def blob(data: bytes) -> str:
    """Its name as an object of git."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
