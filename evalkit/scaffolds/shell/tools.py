"""The tools that a model is offered: a shell, an editor, and the end.

Names and shapes of `bash` and `str_replace_editor` are what agents' training data has (SWE-agent, OpenHands,
mini-swe-agent; read 2026-08); the words are ours.
"""

from __future__ import annotations

from typing import Any

from evalkit.model import Tool

TEXT = {"type": "string"}
LINE = {"type": "integer"}


def _about(about: str, **shape: Any) -> dict[str, Any]:
    return {**(shape or TEXT), "description": about}


BASH = Tool(
    "bash",
    "Runs a command in bash and shows its exit status and what it prints. Each call is a new shell in the "
    "work's folder: no variable and no change of folder lasts, files and programs in the background do. "
    "There is no keyboard: what asks for input gets none.",
    {
        "type": "object",
        "properties": {
            "command": _about("What to run; several lines are fine."),
            "timeout_s": _about("Seconds after which it is killed, if not the usual limit.", type="number"),
        },
        "required": ["command"],
    },
)

EDITOR = Tool(
    "str_replace_editor",
    "Shows and edits text files. view: a file with numbered lines (of `view_range` only, if given), or a "
    "folder's names. create: writes a whole file. str_replace: puts `new_str` in the place of `old_str`, "
    "which has to be in the file exactly once, blanks included. insert: puts `new_str` behind line "
    "`insert_line`.",
    {
        "type": "object",
        "properties": {
            "command": _about("What to do.", type="string", enum=["view", "create", "str_replace", "insert"]),
            "path": _about("The file or folder, absolute or from the work's folder."),
            "file_text": _about("create: the file's whole text."),
            "view_range": _about(
                "view: first and last line, from 1; -1 is the file's last.", type="array", items=LINE
            ),
            "old_str": _about("str_replace: the text to be replaced."),
            "new_str": _about("str_replace, insert: the new text."),
            "insert_line": _about("insert: the line before it; 0 is the file's beginning.", **LINE),
        },
        "required": ["command", "path"],
    },
)

SUBMIT = Tool(
    "submit",
    "Ends the work and hands it in as the files stand now.",
    {"type": "object", "properties": {}},
)
