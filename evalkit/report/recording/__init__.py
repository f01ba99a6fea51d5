"""What a recorded terminal showed: an asciicast becomes the frames that a page plays.

cast.py             a file that anybody may have written -> events, whatever is wrong with it
sequences.py        what programs print, parted into texts and commands
screen.py, cells.py what a terminal makes of them
style.py, width.py  how it looks, and how much room it takes
frames.py           events -> plain JSON: lines, and what changed when
"""

from evalkit.report.recording.frames import frames, last_screen

__all__ = ["frames", "last_screen"]
