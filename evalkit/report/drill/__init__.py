"""What a report opens to: from a score to its tasks, from a task to its rollouts, two runs side by side.

`drill` reads the runs and gives what the page holds for it: compressed data, the script that shows them, the
text that stands in where no script runs, and small pages beside it for transcripts that it has no room for.
"""

from evalkit.report.drill.build import Drill, drill
from evalkit.report.drill.fallback import Fallback

__all__ = ["Drill", "Fallback", "drill"]
