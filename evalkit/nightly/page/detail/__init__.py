"""What a series' section of the page holds below its charts: every task of every night.

grid.py     verdicts, tasks x nights
change.py   each task before and after, how often it flips
behind.py   the tasks that changed most, a mark a night
flips.py    what is other than the night before
ends.py     how samples ended, night by night
used.py     cost, tokens and time, night by night
block.py    the grid as data for the heat map's script
build.py    all of it, for one series
"""

from evalkit.nightly.page.detail.build import Detail, detail, script, style

__all__ = ["Detail", "detail", "script", "style"]
