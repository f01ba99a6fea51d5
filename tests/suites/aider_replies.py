"""Replies in Aider's four edit formats, written from what a file was and what it is to be."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import PurePosixPath

FORMATS = ("whole", "diff", "diff-fenced", "udiff")


def reply(edit_format: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """One reply that makes `after` of `before`: path -> text, a file that `before` has not is new."""
    edits = [_edit(edit_format, path, before.get(path, ""), text) for path, text in after.items()]
    return "This is how I would do it.\n\n" + "\n".join(edits)


def malformed(edit_format: str, stub: Mapping[str, str]) -> str:
    """A reply that means to edit and cannot: no file's name (whole; two files in the chat), or a text to be
    replaced that is nowhere in the file."""
    if edit_format == "whole":
        assert len(stub) > 1, "with one file in the chat, a listing without a name is its"
        return "Here it is.\n\n```\nsomething\n```\n"
    path = next(iter(stub))
    return reply(edit_format, {path: "these lines\nare nowhere\nto be found\n"}, {path: "other lines\n"})


def _edit(edit_format: str, path: str, before: str, after: str) -> str:
    name = PurePosixPath(path).name  # as the chat shows it: files here are in one folder each
    if edit_format == "whole":
        return f"{name}\n```\n{after}```\n"
    if edit_format == "diff":
        return f"{name}\n```\n{_block(before, after)}```\n"
    if edit_format == "diff-fenced":
        return f"```\n{name}\n{_block(before, after)}```\n"
    old = "/dev/null" if not before else name
    hunks = list(difflib.unified_diff(before.splitlines(True), after.splitlines(True), old, name, n=99))
    return "```diff\n" + "".join(hunks) + "```\n"


def _block(before: str, after: str) -> str:
    return f"<<<<<<< SEARCH\n{before}=======\n{after}>>>>>>> REPLACE\n"
