"""What a model is told by Terminus 1, in our own words."""

from __future__ import annotations

import json

from evalkit.scaffolds.terminus.schema import SCHEMA

FIRST = """\
You solve a task on a Linux machine by typing into its terminal, a few commands at a time. Before each reply,
look at what the terminal shows, think of what brings the task forward, and decide whether you have to see
what comes of a command before you go on.

The task:
{task}

Reply with one JSON object of this schema, with nothing around it and no fence of Markdown:

{schema}

You type into a session of tmux. A command runs only when a newline follows it: `ls -la\\n`. Keys such as C-x
or Escape go by their names in tmux. Take care with programs that fill the screen (less, vim, what git shows
by a pager): do not wait for their end, send them the keys that they are used by.

The terminal now:
{terminal}"""

LATE = """\
The last command:
{keys}

It had not ended after {seconds:g} seconds.

Where it needs longer, do nothing and look again. Where a program now waits for keys, go on with these.

The terminal now:
{terminal}"""


def first(task: str, terminal: str) -> str:
    return FIRST.format(task=task, schema=json.dumps(SCHEMA, indent=2), terminal=terminal)


def late(keys: str, seconds: float, terminal: str) -> str:
    return LATE.format(keys=keys, seconds=seconds, terminal=terminal)
