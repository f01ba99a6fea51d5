"""What a recorded terminal showed: an asciicast becomes the frames that a page plays.

cast.py             a file that anybody may have written -> events, whatever is wrong with it
screen.py           what a terminal makes of what programs print
style.py, width.py  how it looks, and how much room it takes
frames.py           events -> plain JSON: lines, and what changed when
"""

from evalkit.report.recording.frames import frames, last_screen

__all__ = ["frames", "last_screen"]
