"""The file editor: view, create, str_replace, insert.

Files are read from outside, where nothing in the workspace can make a fool of the reader (pipes, links,
sizes), and written inside, by the workspace's user: rights, modes and owners are as a shell would have them.
What cannot be done is an observation.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from evalkit.interaction import Observation
from evalkit.scaffolds.shell.arguments import Mistake, line_of, lines_of, text_of
from evalkit.scaffolds.shell.output import observed, shown
from evalkit.scaffolds.shell.rules import Rules
from evalkit.workspace import Executed, NotAFile, Workspace

PATH_BYTES = 4000  # Linux: 4,095 in all (PATH_MAX)
AROUND = 4  # lines shown before and after an edit, as in SWE-agent's editor
WRITE = ("/bin/sh", "-c", 'exec 2>&1; case $1 in */*) mkdir -p -- "${1%/*}/";; esac; cat >"$1"', "sh")
LIST = ("/bin/sh", "-c", 'exec 2>&1; exec ls -Ap -- "$1"', "sh")
REFUSED = "[not done] "


class Editor:
    def __init__(self, workspace: Workspace, rules: Rules) -> None:
        self._workspace = workspace
        self._rules = rules
        self._verbs = {
            "view": self._view,
            "create": self._create,
            "str_replace": self._replace,
            "insert": self._insert,
        }

    async def edit(self, given: Mapping[str, Any]) -> Observation:
        """Mistake where the arguments cannot be read."""
        command = text_of(given, "command")
        if command not in self._verbs:
            raise Mistake(f"there is no command {command[:40]!r}: {', '.join(self._verbs)}")
        path = text_of(given, "path")
        if not path.strip():
            raise Mistake("'path' is empty")
        if len(path.encode()) > PATH_BYTES:
            raise Mistake(f"'path' is longer than {PATH_BYTES:,} bytes")
        try:
            return await self._verbs[command](self._absolute(path), given)
        except NotAFile as e:
            return _refused(str(e))

    def _absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self._workspace.spec.root, path))

    # -- verbs -------------------------------------------------------------------------------------
    async def _view(self, path: str, given: Mapping[str, Any]) -> Observation:
        span = lines_of(given, "view_range")
        try:
            text = await self._text(path)
        except NotAFile:
            if (listed := await self._listed(path)) is None:
                raise
            return Observation(f"[folder {path}]\n{shown(listed, self._rules.shown)}")
        lines = _lines(text)
        first, last = span or (1, -1)
        last = len(lines) if last == -1 else min(last, len(lines))
        if span and not 1 <= first <= max(1, last):
            return _refused(f"{path} has {len(lines)} lines: {list(span)} are none of them")
        part = shown(_numbered(lines, first, last), self._rules.shown)
        return Observation(f"[{path}, {len(lines)} lines]\n{part}")

    async def _create(self, path: str, given: Mapping[str, Any]) -> Observation:
        text = text_of(given, "file_text")
        return await self._write(path, text, f"[{path} written, {len(_lines(text))} lines]")

    async def _replace(self, path: str, given: Mapping[str, Any]) -> Observation:
        old, new = text_of(given, "old_str"), text_of(given, "new_str", "")
        if not old:
            raise Mistake("'old_str' is empty: use insert or create")
        if old == new:
            raise Mistake("'new_str' is the same as 'old_str'")
        text = await self._text(path)
        if (count := text.count(old)) != 1:
            return _refused(_not_once(path, text, old, count))
        before, _, after = text.partition(old)
        return await self._write(path, before + new + after, f"[{path} edited]", before.count("\n"), new)

    async def _insert(self, path: str, given: Mapping[str, Any]) -> Observation:
        after, new = line_of(given, "insert_line"), text_of(given, "new_str")
        lines = _with_ends(await self._text(path))
        if not 0 <= after <= len(lines):
            return _refused(f"{path} has {len(lines)} lines: there is no line {after}")
        if after and not lines[after - 1].endswith("\n"):
            lines[after - 1] += "\n"
        whole = new if new.endswith("\n") or after == len(lines) else new + "\n"
        text = "".join((*lines[:after], whole, *lines[after:]))
        return await self._write(path, text, f"[{path} edited]", after, whole)

    # -- files -------------------------------------------------------------------------------------
    async def _text(self, path: str) -> str:
        """NotAFile where there is none. Bytes that are no UTF-8 are kept, as lone surrogates."""
        data = await self._workspace.read(path, limit=self._rules.read_bytes)
        return data.decode("utf-8", "surrogateescape")

    async def _write(
        self, path: str, text: str, said: str, line: int | None = None, new: str = ""
    ) -> Observation:
        """`line`: the number of lines before what is new in it, which is then shown."""
        data = text.encode("utf-8", "surrogateescape")
        done = await self._run([*WRITE, path], stdin=data)
        if done.ended:
            text = observed(done, self._rules.command_s, self._rules.shown)
            return Observation(text, end="crashed", died=True)
        if done.status != 0:
            why = "it took too long" if done.timed_out else done.text.strip()[-300:]
            return _refused(f"{path} cannot be written: {why}")
        if line is None:
            return Observation(said)
        lines = _lines(text)
        first, last = line + 1 - AROUND, line + max(1, len(_lines(new))) + AROUND
        part = _numbered(lines, max(1, first), min(last, len(lines)))
        return Observation(f"{said}\n{shown(part, self._rules.shown)}")

    async def _listed(self, path: str) -> str | None:
        """The names in a folder, folders with a slash; None where it is none."""
        done = await self._run([*LIST, f"{path}/"])
        return None if done.status != 0 else done.text

    async def _run(self, command: list[str], stdin: bytes = b"") -> Executed:
        return await self._workspace.run(command, timeout_s=self._rules.command_s, stdin=stdin)


def _refused(why: str) -> Observation:
    return Observation(REFUSED + shown(why, 2_000))


def _not_once(path: str, text: str, old: str, count: int) -> str:
    if count:
        ends = [text.count("\n", 0, at) + 1 for at in _places(text, old)]
        lines = ", ".join(map(str, ends[:10])) + (", ..." if len(ends) > 10 else "")
        return f"'old_str' is in {path} {count} times (lines {lines}). Take in more of what stands around it."
    if old.replace("\n", "\r\n") in text:
        return f"'old_str' is not in {path}: its lines end with CR LF."
    return f"'old_str' is not in {path}. It has to be there to the letter, blanks and line ends included."


def _places(text: str, old: str) -> list[int]:
    """Where it begins, as `str.count` counts."""
    found, at = [], text.find(old)
    while at >= 0:
        found.append(at)
        at = text.find(old, at + len(old))
    return found


def _lines(text: str) -> list[str]:
    """As an editor counts them: a last line end begins no new line."""
    return text[: -1 if text.endswith("\n") else None].split("\n") if text else []


def _with_ends(text: str) -> list[str]:
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _numbered(lines: list[str], first: int, last: int) -> str:
    return "\n".join(f"{n:6}\t{lines[n - 1]}" for n in range(first, last + 1))
