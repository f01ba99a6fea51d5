"""Nights of the same runs, and what got worse in them.

plan.py, init.py        which models over which suites, and a first plan
night.py, ledger.py, stop.py    one night: its runs, what has been done, who is told to stop
cost.py, retention.py   what a night would cost; runs of old nights
record.py, measure.py, facts.py, comparable.py, records.py    what each run gave, beside it, and read back
history.py    what a night gave, and which nights belong together
watch.py      a series watched: its band, its sums, its alarms
dating.py     what is said of an alarm: since when, by how much, which tasks, what else changed
states.py     what people say of alarms and of tasks
standing.py, look.py    how everything stands
words.py, page/, feed.py, badge.py, job.py, alerts/    the same for people and programs
outputs.py    where that is written
"""
