"""The shell: a workspace in which a model runs commands and edits files, by function calls or in text.

A suite gives a task's words, a workspace and what is taken from it in the end; docs/shell.md has the rest.
"""

from evalkit.scaffolds.shell.git_work import GitWork
from evalkit.scaffolds.shell.partners import TextShell, ToolShell
from evalkit.scaffolds.shell.rules import Rules
from evalkit.scaffolds.shell.tools import BASH, EDITOR, SUBMIT
from evalkit.scaffolds.shell.world import ShellWorld

__all__ = ["BASH", "EDITOR", "SUBMIT", "GitWork", "Rules", "ShellWorld", "TextShell", "ToolShell"]
