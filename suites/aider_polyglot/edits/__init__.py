"""Edits in a reply, by Aider's edit formats, applied to files in memory. No input or output."""

from .apply import FORMATS, Edited, apply_edits
from .fences import choose_fence
from .files import common_folder, shown_name
from .lazy import lazy_comments

__all__ = [
    "FORMATS",
    "Edited",
    "apply_edits",
    "choose_fence",
    "common_folder",
    "lazy_comments",
    "shown_name",
]
