"""From a reply to new texts of files: parse, see where each edit belongs, write what fits.

Rules of Aider (aider/coders at 5dc9490, Apache-2.0), as its benchmark runs it: no git, every question
answered yes. docs/aider-polyglot.md says them in words, and where we differ; tests/parity/aider_edits
compares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .blocks import Block, blocks
from .files import Files
from .hunk_matching import Search, applied
from .hunks import Hunk, hunks, normal
from .matching import edited
from .patience import Broke, Malformed, Patience
from .similar import COMPARISONS, similar_lines
from .whole import listings

Fence = tuple[str, str]


@dataclass(frozen=True)
class Edited:
    """What a reply's edits come to. Paths are paths in the workspace.

    files: new full texts of all files that changed or are new.
    problems: what goes back to the model, as Aider's reflection would.
    malformed: whether Aider counts the reply in num_malformed_responses.
    edited: what Aider takes for edited, and lints where there is no problem.
    outside: files that came into the chat, made or there already; they stay in it.
    refused: names that could not be made, or lead out of the workspace: what was written there is dropped.
    asks, errors: what the reply adds to user asks and error outputs.
    failed: edits that fitted nowhere.
    broke: why the rest of the reply was dropped without a word, where Aider has an exception of its own.
    """

    files: Mapping[str, str]
    problems: tuple[str, ...] = ()
    malformed: bool = False
    edited: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    asks: int = 0
    errors: int = 0
    failed: int = 0
    broke: str = ""


class Unfitting(Malformed):
    """Some edits fitted nowhere; the others were made."""

    def __init__(self, text: str, failed: int) -> None:
        super().__init__(text)
        self.failed = failed


def apply_edits(
    format: str,
    reply: str,
    chat: Mapping[str, str],
    others: Mapping[str, str | None] | None = None,
    *,
    fence: Fence,
    folder: str,
) -> Edited:
    """Make a reply's edits.

    `chat`: the texts of the files in the chat by path, `others`: those of all other files that exist (None:
    no text). `folder`: what the names in the chat are relative to, `common_folder` of the chat's first files.
    """
    files = Files(chat, others or {}, folder)
    names: list[str] = []  # of the files that Aider takes for edited
    problem, broke, malformed, failed = "", "", False, 0
    try:
        MAKERS[format](reply, fence, files, names)
    except Malformed as error:
        problem, malformed = str(error), True
        failed = error.failed if isinstance(error, Unfitting) else 0
        files.errors += 1
    except Broke as error:
        broke = str(error)
        if error.told:
            problem = f"The edits could not be made: {broke}."
        files.errors += 1 + error.told
    return Edited(
        files=files.changed(),
        problems=(problem,) if problem else (),
        malformed=malformed,
        edited=tuple(path for path in dict.fromkeys(files.path(name) for name in names) if files.kept(path)),
        outside=tuple(path for path in files.added if files.kept(path)),
        refused=tuple(files.refused),
        asks=files.asks,
        errors=files.errors,
        failed=failed,
        broke=broke,
    )


def _admitted(files: Files, names: list[str]) -> dict[str, bool]:
    """Which of the names may be edited. All are asked for before the first edit is made."""
    return {name: files.admit(name) for name in dict.fromkeys(names)}


def _whole(reply: str, fence: Fence, files: Files, names: list[str]) -> None:
    found = listings(reply, fence, files.names())
    admitted = _admitted(files, [listing.name for listing in found])
    found = [listing for listing in found if admitted[listing.name]]
    names += [listing.name for listing in found]
    for listing in found:
        files.write(files.path(listing.name), listing.text)


def _diff(reply: str, fence: Fence, files: Files, names: list[str]) -> None:
    patience = Patience()
    found = blocks(reply, fence, files.names())
    # first on the files as they are: a block that fits another file of the chat belongs there
    found = [Block(_place(block, fence, files, patience)[0], block.search, block.replace) for block in found]
    admitted = _admitted(files, [block.name for block in found])
    found = [block for block in found if admitted[block.name]]
    names += [block.name for block in found]
    failed: list[Block] = []
    for block in found:
        name, text = _place(block, fence, files, patience)
        if text:
            files.write(files.path(name), text)
        else:
            failed.append(block)
    if failed:
        raise Unfitting(_unfitting(failed, len(found), fence, files, patience), len(failed))


def _place(block: Block, fence: Fence, files: Files, patience: Patience) -> tuple[str, str]:
    """The file that a block fits, its own or else any other of the chat, and that file's new text; the text
    is empty where it fits none. A block that would leave a file empty fits none, as in Aider."""
    path = files.path(block.name)
    text = None
    if files.exists(path):
        text = edited(path, files.read(path), block.search, block.replace, fence, patience)
    if text or not block.search.strip():
        return block.name, text or ""
    for other in [] if patience.over else sorted(files.chat):
        if text := edited(other, files.read(other), block.search, block.replace, fence, patience):
            return files.shown(other), text
    return block.name, ""


def _unfitting(failed: list[Block], tried: int, fence: Fence, files: Files, patience: Patience) -> str:
    """What the model is told of blocks that fitted nowhere."""
    hints = Patience(COMPARISONS)
    parts = [f"# SEARCH/REPLACE blocks that match nothing: {len(failed)}\n\n"]
    for block in failed:
        text = files.read(files.path(block.name))
        if text is None:
            raise Broke(f"{block.name} is no text file")
        parts.append(
            f"## No exact match: the lines of this SEARCH part are not in {block.name}\n"
            f"<<<<<<< SEARCH\n{block.search}=======\n{block.replace}>>>>>>> REPLACE\n\n"
        )
        if hint := similar_lines(block.search, text, hints):
            parts.append(f"These lines of {block.name} come near. Were they meant?\n\n")
            parts.append(f"{fence[0]}\n{hint}\n{fence[1]}\n\n")
        if block.replace and not hints.over and block.replace in text:
            parts.append(f"Is this block needed? {block.name} already has the lines of its REPLACE part.\n\n")
    if patience.over:
        parts.append("There was too much to search: the last blocks were passed over. Send fewer blocks.\n\n")
    parts.append(
        "A SEARCH part has to be equal to lines that follow one another in the file: every space, indent,"
        " comment and docstring.\n"
    )
    if done := tried - len(failed):
        parts.append(
            f"\n# The other blocks ({done}) matched and have been applied. Leave them out now, and send"
            " only the blocks above again, corrected.\n"
        )
    return "".join(parts)


def _udiff(reply: str, fence: Fence, files: Files, names: list[str]) -> None:
    found = hunks(reply)
    admitted = _admitted(files, [hunk.name for hunk in found if hunk.name])
    found = [hunk for hunk in found if admitted.get(hunk.name or "", True)]
    names += [hunk.name for hunk in found if hunk.name]
    search = Search()
    errors = []
    for name, hunk in _distinct(found, search):
        path = files.path(name)
        text = files.read(path)
        result = None if text is None or hunk is None else applied(hunk, text, search)
        if result:
            files.write(path, result)
        else:
            errors.append(_no_match(name, hunk))
    if failed := len(errors):
        if search.over:
            errors.append("There was too much to search: the last hunks were passed over. Send fewer.\n")
        raise Unfitting("\n\n".join(errors), failed)


def _distinct(found: list[Hunk], search: Search) -> list[tuple[str, Hunk | None]]:
    """The hunks that change anything, made normal, each once. None stands for one that takes too long."""
    distinct: dict[tuple[str, Hunk | None], None] = {}
    for hunk in found:
        clean = normal(hunk, search.pairs)
        if clean is not None and not clean.lines:
            continue
        if not hunk.name:
            raise Broke("a diff names no file")
        distinct[hunk.name, clean] = None
    return list(distinct)


def _no_match(name: str, hunk: Hunk | None) -> str:
    before = hunk.before if hunk else ""
    return (
        f"This hunk could not be applied: {name} has no such lines.\n\n"
        f"Write it again, to fit {name} exactly. Leave out no blank lines, comments or docstrings.\n\n"
        f"These lines ({len(before.splitlines())}) do not follow one another in {name}:\n"
        f"```\n{before}```\n"
    )


MAKERS: dict[str, Callable[[str, Fence, Files, list[str]], None]] = {
    "whole": _whole,
    "diff": _diff,
    "diff-fenced": _diff,  # asked for otherwise (the name within the fence), read alike
    "udiff": _udiff,
}
FORMATS = tuple(MAKERS)
