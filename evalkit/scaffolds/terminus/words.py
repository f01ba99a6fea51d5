"""What a model is told, in our own words, around what the protocols show and ask."""

from __future__ import annotations

from evalkit.scaffolds.terminus.reply import MOST_S

NEW, SCREEN = "New Terminal Output:", "Current Terminal Screen:"

WORK = """\
You solve a task on a Linux machine, in a terminal that you type into. Nobody else is there: nothing is
answered, allowed or refused by a person, and what is not said you decide. In each turn you are shown what the
terminal prints, and reply with the keys that are to be typed next."""

KEYS = """\
Keys are typed exactly as you write them. A command for the shell runs only if a newline follows it. A key
that is no character is a command of its own that holds nothing but its name in tmux: C-c (Ctrl and c), C-d,
Escape, Up. Programs that fill the screen (editors, pagers) are used the same way.

The duration is how many seconds pass before the next keys, or before you are shown the terminal: 0.1 for what
is over at once (cd, ls, cat), about 1 for a short search or a compilation, more for what takes longer. Take
rather too little than too much: where a program has not ended, wait again, with no keys and a duration of
your choice. No wait is longer than {most:g} seconds."""

BY_JSON = """\
Reply with one JSON object, and nothing around it:

{{
  "analysis": "what the terminal shows, what has been reached and what is missing",
  "plan": "what you do next, why, and what you expect of it",
  "commands": [
    {{"keystrokes": "cd src\\n", "duration": 0.1}},
    {{"keystrokes": "make\\n", "duration": 20.0}}
  ],
  "task_complete": false
}}

analysis, plan and commands are needed, in this order. commands may be empty. A duration that is left out is
1 second, a task_complete that is left out is false; set it to true when all is done. Quotes, backslashes and
newlines within strings have to be escaped, as JSON has it."""

BY_XML = """\
Reply with one block of this shape, and nothing around it:

<response>
<analysis>what the terminal shows, what has been reached and what is missing</analysis>
<plan>what you do next, why, and what you expect of it</plan>
<commands>
<keystrokes duration="0.1">cd src
</keystrokes>
<keystrokes duration="20.0">make
</keystrokes>
</commands>
<task_complete>false</task_complete>
</response>

analysis, plan and commands are needed, in this order. commands may be empty. A duration that is left out is
1 second, a task_complete that is left out is false; set it to true when all is done. What stands between
<keystrokes> and </keystrokes> is typed as it is: write <, > and & as such, never as entities."""

FIRST = """\
{work}

{how}

{keys}

The task:
{task}

{terminal}"""


def first_json(task: str, terminal: str) -> str:
    return _first(BY_JSON.format(), task, terminal)


def first_xml(task: str, terminal: str) -> str:
    return _first(BY_XML, task, terminal)


def _first(how: str, task: str, terminal: str) -> str:
    return FIRST.format(work=WORK, how=how, keys=KEYS.format(most=MOST_S), task=task, terminal=terminal)


def observed(text: str, new: bool) -> str:
    return f"{NEW if new else SCREEN}\n{text}"


def with_warnings(warnings: str, terminal: str) -> str:
    return f"The last reply was carried out, with warnings:\n{warnings}\n\n{terminal}"


def errors(error: str, warnings: str, kind: str) -> str:
    more = f"\nWarnings:\n{warnings}" if warnings else ""
    return (
        f"Nothing of the last reply was done, for it could not be read.\nError: {error}{more}\n\n"
        f"Mend this, and send a whole {kind}."
    )


def cut(tokens: int | None, warnings: str) -> str:
    limit = f"the limit of {tokens:,} tokens" if tokens else "the limit of a reply's length"
    more = f"\n\nWarnings on what came of it:\n{warnings}" if warnings else ""
    return (
        f"Nothing of the last reply was done: it was cut at {limit}. Send what you want in parts, "
        f"each of them shorter than that.{more}"
    )


def sure(terminal: str, confirm: str) -> str:
    return (
        f"{terminal}\n\nYou call the task done. If it is, the work is handed in and graded as it stands, and "
        f"nothing can be changed any more. If you are sure, {confirm} once more; else go on."
    )


# -- when the conversation gets too long -----------------------------------------------------------

SUMMARY = """\
Your work goes on with somebody else, who knows nothing of this conversation. Write down all that is needed
to go on with the task:

{task}

1. What you did: each command that mattered, and what came of it.
2. What you found out: files and where they are, settings, messages, how the machine is set up.
3. What was difficult, and how you dealt with it.
4. How far the work is: what is done, what you were at, what is missing.

Be thorough: nothing but this text will be handed over."""

QUESTIONS = """\
You take over somebody's work on this task:

{task}

What they wrote for you:

{summary}

The terminal now:
{terminal}

Before you go on you may ask them, once. Ask at least five questions about how things stand which their text
does not answer, and whatever else you have to know: after this you are on your own."""

ANSWERS = """\
Whoever takes over has questions. Answer each of them, in order and in detail:

{questions}"""

GO_ON = """\
The answers to your questions:

{answers}

Go on with the task where they left off. Questions can be asked no more: from now on reply as was laid down at
the beginning, for the terminal."""

SHORT = """\
Your work on a task goes on in a new conversation. The task:

{task}

The end of what the terminal shows:
{terminal}

Say in two or three sentences what has to be done next."""

GO_ON_SHORT = """\
The conversation got too long, and begins anew. The task is still this:

{task}

{state}

Go on, and reply as was laid down at the beginning."""
