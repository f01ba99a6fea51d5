"""Stories: what a model says, and what its tests say to that. Standard library only: Aider's side has it too.

A turn is a reply and its finish reason; "context" stands for a request that no longer fits. `tests` are what
each test run gives: None is passed, a text is the output of failed tests.
"""

from __future__ import annotations

from dataclasses import dataclass

STUB = "def double(n):\n    pass\n"
RIGHT = "def double(n):\n    return 2 * n\n"
WRONG = "def double(n):\n    return 3 * n\n"
TESTS = "from src.double import double\n"
FENCED = '"""\n```\nx\n```\n"""\n'


@dataclass(frozen=True)
class Story:
    name: str
    edit_format: str
    turns: tuple[tuple[str, str], ...]
    tests: tuple[str | None, ...]
    stub: str = STUB


def whole(text: str, name: str = "double.py", fence: str = "```") -> str:
    return f"I will.\n\n{name}\n{fence}\n{text}{fence}\n"


def block(search: str, replace: str, name: str = "double.py", *, inside: bool = False) -> str:
    head = f"```python\n{name}" if inside else f"{name}\n```python"
    return f"{head}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n```\n"


def hunk(*lines: str, name: str = "double.py", new: bool = False) -> str:
    old = "/dev/null" if new else name
    return "```diff\n" + "\n".join((f"--- {old}", f"+++ {name}", "@@ ... @@", *lines)) + "\n```\n"


def story(name: str, edit_format: str, *turns: str | tuple[str, str], tests: tuple[str | None, ...]) -> Story:
    whole_turns = tuple((turn, "stop") if isinstance(turn, str) else turn for turn in turns)
    return Story(name, edit_format, whole_turns, tests)


UNENDED = "double.py\n```python\n<<<<<<< SEARCH\n    pass\n"
NO = "E   assert 6 == 4\nshort test summary\n"
LAZY = whole("def double(n):\n    # ... as it was ... \n    pass\n")
BAD_SYNTAX = whole("def double(n:\n    return 2\n")
TWO_FAIL = (NO, NO)
MENDS = hunk("-    pass", "+    return 2 * n")
NOWHERE = hunk("-    nowhere()", "+    somewhere()")

STORIES = (
    story("right at once", "whole", whole(RIGHT), tests=(None,)),
    story("wrong, then right", "whole", whole(WRONG), whole(RIGHT), tests=(NO, None)),
    story("wrong twice", "whole", whole(WRONG), whole(STUB), tests=TWO_FAIL),
    story("no edits", "whole", "What is it to double?", "I see.", tests=TWO_FAIL),
    story("empty", "whole", "", "", tests=TWO_FAIL),
    story("empty, then right", "whole", "", whole(RIGHT), tests=(NO, None)),
    story("lazy", "whole", LAZY, LAZY, tests=TWO_FAIL),
    story(
        "words of errors", "whole", "", "", tests=("SyntaxError: x\n SyntaxError\n", "IndentationError: y\n")
    ),
    story("syntax error, mended", "whole", BAD_SYNTAX, whole(RIGHT), tests=(None,)),
    story("syntax error, never mended", "whole", *[BAD_SYNTAX] * 8, tests=TWO_FAIL),
    story("new file", "whole", whole(RIGHT) + whole("x = 1\n", "helper.py"), "", tests=TWO_FAIL),
    story("new file in a folder", "whole", whole("x = 1\n", "a/b/helper.py"), "", tests=TWO_FAIL),
    story("test file", "whole", whole("assert True\n", "../double_test.py"), "", tests=TWO_FAIL),
    story("name with its folder", "whole", whole(RIGHT, "src/double.py"), tests=(None,)),
    story("no name", "whole", whole(RIGHT, ""), tests=(None,)),
    story("cut", "whole", (whole(RIGHT), "length"), whole(RIGHT), tests=(NO, None)),
    story("cut at once", "whole", ("", "length"), "", tests=TWO_FAIL),
    story("too long", "whole", ("", "context"), ("", "context"), tests=TWO_FAIL),
    story("filtered", "whole", ("I cannot.", "content_filter"), whole(RIGHT), tests=(NO, None)),
    story("other fence", "whole", whole(RIGHT, fence="````"), "", tests=TWO_FAIL),
    story("block", "diff", block(STUB, RIGHT), tests=(None,)),
    story("block fits nowhere, mended", "diff", block("nowhere\n", "x\n"), block(STUB, RIGHT), tests=(None,)),
    story(
        "one of two blocks",
        "diff",
        block("    pass\n", "    return 3 * n\n") + block("nowhere\n", "x\n"),
        block("3 * n\n", "x\n"),
        block("    return 3 * n\n", "    return 2 * n\n"),
        tests=(None,),
    ),
    story("unended block", "diff", UNENDED, block(STUB, RIGHT), tests=(None,)),
    story("unended blocks for ever", "diff", *[UNENDED] * 8, tests=TWO_FAIL),
    story(
        "all kinds of reflection",
        "diff",
        UNENDED,
        block("    pass\n", "    return (\n"),
        block("nowhere\n", "x\n"),
        block("    return (\n", "    return 2 * n\n"),
        tests=(None,),
    ),
    story(
        "new file by a block", "diff", block("", "x = 1\n", "helper.py") + block(STUB, RIGHT), tests=(None,)
    ),
    story(
        "test file by a block", "diff", block(TESTS, "assert True\n", "../double_test.py"), "", tests=TWO_FAIL
    ),
    story("fenced block", "diff-fenced", block(STUB, RIGHT, inside=True), tests=(None,)),
    story("fenced, unended", "diff-fenced", UNENDED, "Never mind.", "", tests=TWO_FAIL),
    story("hunk", "udiff", MENDS, tests=(None,)),
    story(
        "hunk with context", "udiff", hunk(" def double(n):", "-    pass", "+    return 2 * n"), tests=(None,)
    ),
    story("hunk fits nowhere, mended", "udiff", NOWHERE, MENDS, tests=(None,)),
    story("one of two hunks", "udiff", MENDS + NOWHERE, "Right.", tests=(None,)),
    story("hunks fit nowhere for ever", "udiff", *[NOWHERE] * 8, tests=TWO_FAIL),
    story("new file by a hunk", "udiff", hunk("+x = 1", name="helper.py", new=True), "", tests=TWO_FAIL),
    story("syntax error by a hunk", "udiff", hunk("-    pass", "+    return (2"), "", "", tests=TWO_FAIL),
    story("no hunk", "udiff", "It doubles.", MENDS, tests=(NO, None)),
    Story("files with fences", "whole", ((whole(RIGHT, fence="````"), "stop"),), (None,), FENCED),
)
COUNTS = (
    "outcomes",
    "malformed_responses",
    "error_outputs",
    "user_asks",
    "lazy_comments",
    "syntax_errors",
    "indentation_errors",
    "exhausted_context_windows",
    "test_timeouts",
)
# what stands in a record for words of either side's own
AGREED, UPDATED, CUT, REFLECTED = "<agreed>", "<updated>", "<cut>", "<said back>"
TRIES = 2
ASKED = "Double it.\n\n####\nChange double.py"
