"""How scripted models work on the set of our own: what they reply, and what their work comes to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.run.talk import call, calls
from tests.suites.swebench_set import gold, row

SUBMIT = calls(call("submit"))
WRONG = "echo nothing >NOTHING"


def priced(replies: Sequence[Any], dollars: float = 0.01) -> list[dict[str, Any]]:
    """What a budget in money needs to know."""
    whole = [{"text": reply} if isinstance(reply, str) else reply for reply in replies]
    return [
        {**reply, "usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": dollars}} for reply in whole
    ]


@dataclass(frozen=True)
class Story:
    """One rollout: the endpoint's replies in order, the last again and again; how it ends, and after how many
    calls of the model (None: the replies do not settle it)."""

    name: str
    replies: Sequence[Any]
    end: str
    turns: int | None = None

    @property
    def task(self) -> str:
        return str(row(self.name)["instance_id"])

    def rule(self) -> dict[str, Any]:
        """For the endpoint: the issue's first line tells which task is asked for."""
        title = row(self.name)["problem_statement"].partition("\n")[0]
        return {"task": title, "replies": list(self.replies)}


def applied(name: str) -> str:
    """A command that does all of the solution."""
    return f"git apply - <<'THE PATCH'\n{gold(name)}THE PATCH"


def bash(command: str, **more: Any) -> dict[str, Any]:
    return call("bash", command=command, **more)


def edit(path: str, old: str, new: str) -> dict[str, Any]:
    return call("str_replace_editor", command="str_replace", path=path, old_str=old, new_str=new)


def block(command: str) -> str:
    return f"Next:\n\n````bash\n{command}\n````\n"


# -- by function calls -----------------------------------------------------------------------------
BY_HAND = Story(
    "tally",
    [
        calls(bash("cat tally.py"), bash("pytest -q; echo status $?")),
        calls(edit("tally.py", "key=counts.get)", "key=counts.get, reverse=True)")),
        calls(bash("python -c \"import tally; print(tally.most('b a a c a c', 2))\"")),
        SUBMIT,
    ],
    "passed",
    4,
)
COMMITTED = Story(
    "dates",
    [calls(bash(f"{applied('dates')}\ngit -c user.name=a -c user.email=a@b commit -qam done")), SUBMIT],
    "passed",
    2,
)
WITH_TOOLS = [
    BY_HAND,
    COMMITTED,
    Story("prices", [calls(bash(WRONG)), SUBMIT], "failed/wrong", 2),
    Story("shelf", [SUBMIT], "failed/empty_patch", 1),
    Story("sums", [calls(bash("echo 'def broken(' >sums/series.py")), SUBMIT], "failed/wrong", 2),
    Story("pages", [calls(bash(applied("pages")), call("submit"))], "passed", 1),
    # the model ran the build itself: what it made is ignored, and made again at grading
    Story("units", [calls(bash(f"{applied('units')}\npython build.py")), SUBMIT], "passed", 2),
    Story("notes", [calls(bash(applied("notes"))), "It is done.", SUBMIT], "passed", 3),
]
# with --turns 12 --rollout-cost 0.9
INTO_LIMITS = [
    Story("tally", priced([calls(bash("echo $RANDOM$RANDOM"))]), "failed/turns", 12),
    Story("prices", priced([calls(bash("echo $RANDOM$RANDOM"))], 0.25), "failed/money", 4),
    Story("shelf", priced([calls({"name": "bash", "arguments": '{"command": "ls'})]), "failed/malformed", 3),
    Story("sums", priced(["", {"text": None}, ""]), "failed/malformed", 3),
    Story(
        "pages", priced(["I would make lists.", "And escape text.", "That is all."]), "failed/malformed", 3
    ),
    Story("units", priced([calls(call("python", code="1"))]), "failed/malformed", 3),
    Story("notes", priced([{"text": "I thi", "finish_reason": "length"}]), "failed/truncated", 3),
    # it runs out of turns, but the work is done by then
    Story("dates", priced([calls(bash(applied("dates"))), calls(bash("echo $RANDOM$RANDOM"))]), "passed", 12),
]
# with --context 6000 at the endpoint
FULL = [
    Story("tally", [calls(bash("seq 1 2000; echo $RANDOM"))], "failed/context"),
    Story("prices", [calls(bash(applied("prices"))), calls(bash("seq 1 2000; echo $RANDOM"))], "passed"),
    # the same call with the same outcome, 20 times
    Story("shelf", [calls(bash("true"))], "failed/turns", 20),
    # its workspace is ended by what it does
    Story("sums", [calls(bash("kill -9 -1"))], "failed/crashed", 1),
    Story(
        "units",
        [calls(bash("sleep 1234", timeout_s=1)), calls(bash(applied("units"))), SUBMIT],
        "passed",
        3,
    ),
]

# -- in text ---------------------------------------------------------------------------------------
IN_TEXT = [
    Story("tally", [block("cat tally.py"), block(applied("tally")), block("submit")], "passed", 3),
    Story("prices", [block(WRONG), block("submit")], "failed/wrong", 2),
    Story("shelf", [block("ls") + block("ls"), block(applied("shelf")), block("submit")], "passed", 3),
    Story("sums", ["", "", ""], "failed/malformed", 3),
    Story("pages", ["I would make lists.", "And escape text.", "That is all."], "failed/malformed", 3),
    Story("units", [block("true")], "failed/turns", 20),
    Story("notes", [calls(bash("ls")), block(applied("notes")), block("submit")], "passed", 3),
    Story("dates", [block(f"{applied('dates')}\nrm -rf .git/hooks"), block("submit")], "passed", 2),
]


def script(stories: Sequence[Story]) -> str:
    return "".join(json.dumps(story.rule()) + "\n" for story in stories)
