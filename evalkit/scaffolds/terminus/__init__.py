"""Terminus: agents that work in a terminal by keystrokes, after the protocols of Terminal-Bench's own.

Terminus 1 (terminal-bench 0.2.18) and 2 (0.2.18, harbor 0.25.0) are partners in the interactive loop; rules,
numbers and the shape of replies are theirs, all words are ours. docs/terminus.md says what differs.
"""

from evalkit.scaffolds.terminus.terminus_1 import Terminus1
from evalkit.scaffolds.terminus.terminus_2 import TEMPERATURE, Terminus2, Terminus2Xml

__all__ = ["TEMPERATURE", "Terminus1", "Terminus2", "Terminus2Xml"]
