"""Nights of the same runs, and what got worse in them.

history.py    what a night gave, and which nights belong together
watch.py      a series watched: its band, its sums, its alarms
dating.py     what is said of an alarm: since when, by how much, which tasks, what else changed
"""
