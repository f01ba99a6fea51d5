"""A terminal that a model drives by keys: a tmux session in a workspace, and the world around it.

docs/terminal.md says how it is made, what ends it, and what is recorded.
"""

from evalkit.scaffolds.terminal.bundle import terminal_bundle, terminal_bundles
from evalkit.scaffolds.terminal.control import Ended, NoTerminal
from evalkit.scaffolds.terminal.recording import Recording
from evalkit.scaffolds.terminal.terminal import Terminal
from evalkit.scaffolds.terminal.world import CAST, TerminalWorld

__all__ = [
    "CAST",
    "Ended",
    "NoTerminal",
    "Recording",
    "Terminal",
    "TerminalWorld",
    "terminal_bundle",
    "terminal_bundles",
]
