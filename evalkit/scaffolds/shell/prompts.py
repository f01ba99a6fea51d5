"""What a model is told: what it is asked and how it works, and what was wrong with a reply."""

from __future__ import annotations

from evalkit.scaffolds.shell.rules import Rules

SUBMIT_WORD = "submit"  # as the whole of a command, where the model works by text

SYSTEM = "You are a software engineer who works alone, in a Linux container without screen and keyboard."

WORK = """{task}

The work lies in {root}. Nobody can be asked: decide what is not said. Look at what is there before you
change it, and try out what you changed.
"""

BY_TOOLS = """
Work with the functions that you are given; every reply has to call at least one. Several in one reply are
done in their order. A command is killed after {command_s:g} seconds unless it says otherwise (timeout_s, at
most {most_s:g}). Of long output the middle is left out. When all is done, call submit.
"""

BY_TEXT = """
Each of your replies has to hold exactly one command for bash, in one fenced block:

```bash
ls -la
```

What stands around it is for yourself. You are then shown the command's exit status and what it printed.
Each command gets a new shell in {root}: no variable and no change of folder lasts, files and programs in
the background do. A command is killed after {command_s:g} seconds. Of long output the middle is left out.
Where a command itself holds a line of three backticks, fence the block with four. When all is done, reply
with the command `{submit}` alone.
"""

NO_CALL = """\
[nothing done] The reply called no function. Go on with the functions, or call submit if all is done."""

NO_COMMAND = """\
[nothing done] {why}. Reply with exactly one block:

```bash
the command
```

If all is done, the command is `{submit}`."""


def by_tools(task: str, root: str, rules: Rules) -> str:
    how = BY_TOOLS.format(command_s=rules.command_s, most_s=rules.most_s)
    return WORK.format(task=task, root=root) + how


def by_text(task: str, root: str, rules: Rules) -> str:
    how = BY_TEXT.format(root=root, command_s=rules.command_s, submit=SUBMIT_WORD)
    return WORK.format(task=task, root=root) + how
