"""How scripted models work on the tasks of our own: what they reply, and what their work comes to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.run.talk import call, calls

# words of a task's instruction that stand in no other's; what is asked next of one with steps
ASKS = {
    "core/ask-the-lock": ("The program /app/lock opens a box",),
    "core/keep-the-shell": ("Leave this very shell as it is",),
    "core/mend-the-build": ("put the chapters together",),
    "core/tidy-the-inbox": ("The folder /app/inbox holds letters",),
    "core/two-rooms": ("In the other room",),
    "harbor/find-the-lost-commit": ("In the repository /app/recipes",),
    "harbor/serve-the-notes": ("Serve the notes in /app/notes",),
    "harbor/sum-the-ledger": ("/app/ledger.csv has the columns",),
    "harbor/wait-for-the-harvest": ("/app/harvest.sh brings the harvest in",),
    "harbor/write-and-revise": ("Write /app/list.txt: the words", "Sort /app/list.txt"),
}
FOREVER = "sleep 100000\n"


@dataclass(frozen=True)
class Story:
    """One rollout: the replies in order, the last again and again (`later`: of the next step, where
    talk begins anew); how it ends, and after how many calls of the model (None: not settled)."""

    task: str
    replies: Sequence[Any]
    end: str = "passed"
    turns: int | None = None
    later: Sequence[Any] = ()
    asks: tuple[str, ...] = ()

    def rules(self) -> list[dict[str, Any]]:
        """For the endpoint. The later step's comes first: its words stand in its conversation alone."""
        asks = self.asks or ASKS[self.task]
        told = [{"task": asks[0], "replies": list(self.replies)}]
        if self.later:
            told.insert(0, {"task": asks[1], "replies": list(self.later)})
        return told


def script(stories: Sequence[Story]) -> str:
    return "".join(json.dumps(rule) + "\n" for story in stories for rule in story.rules())


def lines(script: str) -> str:
    """A command that runs a script, as it can be typed: no shebang, whose `!` is history; its last line is
    a command, to which Terminus 1 can put its own."""
    body = "\n".join(line for line in script.splitlines() if not line.startswith("#!"))
    return f"bash <<'THE END'\n{body}\nTHE END\ntrue\n"


# -- Terminus 2 ------------------------------------------------------------------------------------
def keys(*typed: str, wait: float = 0.4, done: bool = False) -> str:
    told = {"analysis": "so", "plan": "then"}
    commands = [{"keystrokes": each, "duration": wait} for each in typed]
    return json.dumps({**told, "commands": commands, "task_complete": done})


DONE = [keys(done=True)]  # asked whether it is sure, it is
MAKEFILE = (
    r"PARTS = title chapter-1 chapter-2 chapter-3\nall: out/words.txt\nout/book.txt: $(PARTS) | out\n"
    r"\tcat $(PARTS) >$@\nout/words.txt: out/book.txt\n\twc -w <$< >$@\nout:\n\tmkdir -p out\n"
    r"clean:\n\trm -rf out\n.PHONY: all clean\n"
)
MEND = f"printf '{MAKEFILE}' >book/Makefile; make -C book\n"
TIDY = r"""cd /app/inbox
for letter in 2*; do mkdir -p ../archive/${letter%%-*}; mv "$letter" ../archive/${letter%%-*}/; done
cd ../archive && find 2* -type f | sort >index.txt
"""
ROOMS = r"""cd /app
for part in 1 2 3 4; do curl -s http://archive:8000/part/$part; done >whole.txt
curl -s --data-binary @whole.txt http://archive:8000/whole >receipt.txt
"""
SERVE = "nohup python3 -m http.server 8080 -d /app/notes >/tmp/log 2>&1 </dev/null &\n"
HARVEST = "awk '{ sum += $1 } END { print sum }' store/crate-* >sum.txt\n"
LIST, REVISE = (
    r"printf 'oil\nwick\nmatch\n' >list.txt" + "\n",
    "echo glass >>list.txt; sort -o list.txt list.txt\n",
)
LEDGER = """python3 -c "
import csv, json
sums = {}
for row in csv.DictReader(open('/app/ledger.csv', newline='')):
    sums[row['account']] = sums.get(row['account'], 0) + int(row['amount'] or 0)
json.dump({**sums, 'accounts': len(sums)}, open('/app/totals.json', 'w'))"
"""

LOCK = Story(
    "core/ask-the-lock",
    [keys("./lock\n"), keys("lretnua\n"), keys("391\n"), keys("C-g"), keys("cat box.txt\n"), *DONE],
    turns=7,
)
SERVICE = Story(
    "harbor/serve-the-notes", [keys(SERVE, wait=1.0), keys("curl -s localhost:8080/monday\n"), *DONE], turns=4
)
TWO_ROOMS = Story("core/two-rooms", [keys(lines(ROOMS), wait=1.0), *DONE], turns=3)
STEPS = Story("harbor/write-and-revise", [keys(LIST), *DONE], turns=6, later=[keys(REVISE), *DONE])
IN_A_TERMINAL = [
    LOCK,
    SERVICE,
    TWO_ROOMS,
    STEPS,
    Story("core/keep-the-shell", [keys("mkdir attic; cd attic\n", "export LAMP=lit\n"), *DONE], turns=3),
    Story("core/mend-the-build", [keys("cat book/Makefile\n"), keys(MEND, wait=1.0), *DONE], turns=4),
    Story("core/tidy-the-inbox", [keys(lines(TIDY)), *DONE], turns=3),
    Story(
        "harbor/find-the-lost-commit",
        [keys("cd recipes\n", "git reflog\n"), keys("q", "clear; git branch rescued HEAD@{2}\n"), *DONE],
        turns=4,
    ),
    Story("harbor/sum-the-ledger", [keys("echo '{}' >totals.json\n"), *DONE], "failed/wrong", 3),
    Story(
        "harbor/wait-for-the-harvest",
        [keys("./harvest.sh\n", wait=2.0), keys("", wait=3.0), keys(HARVEST), *DONE],
        turns=5,
    ),
]
# with --timeout-factor 0.1: 12 seconds for the agent
TOO_LATE = [
    Story("core/tidy-the-inbox", [keys(lines(TIDY)), keys(FOREVER, wait=60.0)], "passed"),
    Story("harbor/wait-for-the-harvest", [keys(FOREVER, wait=60.0)], "failed/agent_timeout"),
    Story("harbor/sum-the-ledger", [keys(done=True), keys("true\n", wait=60.0)], "failed/agent_timeout"),
]


# -- Terminus 1 ------------------------------------------------------------------------------------
def blocks(*commands: tuple[str, bool, float], done: bool = False) -> str:
    told = {"state_analysis": "so", "explanation": "then"}
    typed = [{"keystrokes": k, "is_blocking": b, "timeout_sec": t} for k, b, t in commands]
    return json.dumps({**told, "commands": typed, "is_task_complete": done})


BY_BLOCKS = [
    Story("core/tidy-the-inbox", [blocks((lines(TIDY), True, 20.0), done=True)], turns=1),
    Story(
        "core/ask-the-lock",
        [
            blocks(("./lock\n", False, 0.5), ("lretnua\n", False, 0.5)),
            blocks(("391\n", False, 0.5), ("C-g", False, 0.5)),
            blocks(("test -s box.txt\n", True, 10.0), done=True),
        ],
        turns=3,
    ),
    Story(
        "harbor/wait-for-the-harvest",
        [
            blocks(("./harvest.sh\n", True, 1.0)),
            blocks(("", False, 4.0)),
            blocks((HARVEST, True, 10.0), done=True),
        ],
        turns=3,
    ),
    Story("harbor/serve-the-notes", [blocks((SERVE, True, 10.0)), blocks(done=True)], turns=2),
]

# -- the plain shell -------------------------------------------------------------------------------
SUBMIT = calls(call("submit"))


def bash(command: str, **more: Any) -> dict[str, Any]:
    return call("bash", command=command, **more)


def block(command: str) -> str:
    return f"Next:\n\n````bash\n{command}\n````\n"


BY_TOOLS = [
    Story("core/tidy-the-inbox", [calls(bash(TIDY)), SUBMIT], turns=2),
    Story(
        "core/two-rooms", [calls(bash("curl -s http://archive:8000/part/1"), bash(ROOMS)), SUBMIT], turns=2
    ),
    Story("core/mend-the-build", [calls(bash(f"cd /app; {MEND}")), SUBMIT], turns=2),
    Story("core/ask-the-lock", [calls(bash("/app/lock")), SUBMIT], "failed/wrong", 2),
    Story("harbor/serve-the-notes", [calls(bash(SERVE)), SUBMIT], turns=2),
    Story("harbor/sum-the-ledger", [calls(bash(LEDGER)), SUBMIT], turns=2),
    Story(
        "harbor/write-and-revise",
        [calls(bash(f"cd /app; {LIST}")), SUBMIT, calls(bash(f"cd /app; {REVISE}")), SUBMIT],
        turns=4,
    ),
]
IN_TEXT = [
    Story("core/tidy-the-inbox", [block(TIDY), block("submit")], turns=2),
    Story("harbor/serve-the-notes", [block(SERVE), block("submit")], turns=2),
]
