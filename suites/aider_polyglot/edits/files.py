"""The workspace's files while a reply's edits are made, in memory, as they would be on Aider's disk."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from .patience import Broke, Malformed

TOP = "/\0"  # stands for the workspace's folder: no name in a reply can spell it
OUTSIDE = "/"  # what paths begin with that lead out of it
NAME_BYTES, PATH_BYTES = 255, 4096  # Linux: NAME_MAX, PATH_MAX


def common_folder(paths: Iterable[str]) -> str:
    """The folder that the chat's names are relative to: the file's own for a single one. "" is the top."""
    known = list(paths)
    if len(known) == 1:
        return posixpath.dirname(known[0])
    return posixpath.commonpath(known) if known else ""


def shown_name(path: str, folder: str) -> str:
    """A workspace path as it is written in the chat."""
    return posixpath.relpath(f"/{path}", f"/{folder}")


class Files:
    """What is there, what is in the chat, and what Aider would have asked and complained about on the way.

    `chat` and `others` hold texts by path in the workspace; None is what exists and is no text. Names in
    replies are relative to `folder`. A path that leads out of the workspace begins with "/": nothing is
    there, and what is written there is dropped with this object. All else goes as it would for Aider.
    """

    def __init__(self, chat: Mapping[str, str], others: Mapping[str, str | None], folder: str) -> None:
        self.folder = folder
        self.chat = set(chat)
        self.written: dict[str, str] = {}
        self._read: dict[str, str] = {}  # with newlines only
        self.added: list[str] = []
        self.refused: list[str] = []
        self.asks = 0
        self.errors = 0
        self._before: tuple[Mapping[str, str | None], ...] = (chat, others)
        paths = [folder + "/", *chat, *others]
        self._folders = {"", OUTSIDE + "/", *(above for path in paths for above in _above(path))}

    def path(self, name: str) -> str:
        """Where a name of the chat leads. Malformed where it is no name at all."""
        try:
            name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise Malformed("A file's name holds characters that no name can hold.") from None
        if "\0" in name:
            raise Malformed("A file's name holds a NUL character.")
        path = posixpath.normpath(posixpath.join(TOP, self.folder, name))
        inside = path == TOP or path.startswith(TOP + "/")
        path = path[len(TOP) + 1 :] if inside else OUTSIDE + path
        sizes = [len(part) for part in path.encode("utf-8", "surrogateescape").split(b"/")]
        if path not in self.chat and (max(sizes) > NAME_BYTES or sum(sizes) + len(sizes) > PATH_BYTES):
            raise Broke("a file's name is too long")
        return path

    def shown(self, path: str) -> str:
        return shown_name(path, self.folder)

    def names(self) -> list[str]:
        """The chat's files as they are shown."""
        return sorted(self.shown(path) for path in self.chat)

    def exists(self, path: str) -> bool:
        return path in self.written or path in self._folders or any(path in texts for texts in self._before)

    def read(self, path: str) -> str | None:
        """The text with all line ends as newlines, as Aider reads. None where there is none to read."""
        if path not in self._read:
            text = self.written[path] if path in self.written else self.before(path)
            if text is None:
                self.errors += 1
                return None
            self._read[path] = text.replace("\r\n", "\n").replace("\r", "\n")
        return self._read[path]

    def before(self, path: str) -> str | None:
        """The text that was there when the reply came."""
        return next((texts[path] for texts in self._before if path in texts), None)

    def kept(self, path: str) -> bool:
        """Whether it is a text in the workspace."""
        return not path.startswith(OUTSIDE) and (path in self.written or self.before(path) is not None)

    def changed(self) -> dict[str, str]:
        """All texts that are new or another than before."""
        texts = {path: text for path, text in self.written.items() if self.kept(path)}
        return {path: text for path, text in texts.items() if self.before(path) != text}

    def write(self, path: str, text: str) -> None:
        if path in self._folders:
            self.errors += 1
            raise Broke(f"{self.shown(path)} is a folder")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Malformed("The new text holds characters that cannot be written as UTF-8.") from None
        self.written[path] = text
        self._read.pop(path, None)

    def admit(self, name: str) -> bool:
        """Whether that file may be edited. One that is not in the chat comes into it: Aider asks, the
        benchmark says yes, and an empty file is made where there is none."""
        path = self.path(name)
        if path in self.chat:
            return True
        self.asks += 1
        if path.startswith(OUTSIDE):
            self.refused.append(name)
        if not self.exists(path) and not self._made(path):
            self.errors += 1
            self.refused.append(name)
            return False
        self.chat.add(path)
        self.added.append(path)
        return True

    def _made(self, path: str) -> bool:
        if any(up not in self._folders and self.exists(up) for up in _above(path)):
            return False
        self._folders.update(_above(path))
        self.written[path] = ""
        return True


def _above(path: str) -> list[str]:
    """The folders that a path lies in, without the top."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
