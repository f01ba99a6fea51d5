"""What a scripted model says to each of 30 exercises, and what the statistics must be for it.

The twelve exercises of our own and eighteen by template. Each story's counts follow from Aider's rules, by
hand: benchmark.py and coders/base_coder.py of Aider-AI/aider, read 2026-11-26. A reply that cannot be applied
is malformed and goes back up to three times within a try; so do lint errors, but those are asked about
(user_asks), as are new files and files outside the chat; lazy comments count in a try's last reply; lines
that begin with SyntaxError or IndentationError count in the output of failed tests.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .aider_replies import malformed, reply
from .aider_variants import Variant, write_variant

OWN = Path(__file__).parent / "aider_polyglot_set"
TALK = "I think that the task needs some thought first. Which of the two do you mean?"


@dataclass(frozen=True)
class Story:
    """`replies` in order, as the endpoint's scripts have them; `outcomes` of the tries; `counts` by statistic
    ("ill": 1 where a reply was malformed)."""

    task: str
    said: str  # a text of the task's own statement
    replies: Sequence[str | dict[str, Any]]
    outcomes: tuple[bool, ...]
    counts: dict[str, int] = field(default_factory=dict)

    def rule(self) -> dict[str, Any]:
        """The endpoint's: whose conversation holds the statement hears the replies one after the other."""
        return {"anywhere": self.said, "by": "given", "replies": list(self.replies)}


@dataclass(frozen=True)
class Made:
    """An exercise with what a model could do to its files."""

    id: str
    stub: dict[str, str]
    right: dict[str, str]
    wrong: dict[str, str]
    said: str

    @staticmethod
    def variant(one: Variant) -> Made:
        n = one.name.rpartition("-")[2]
        return Made(one.id, one.stub, one.right, one.wrong, f"Write gauge number {n}.")

    @staticmethod
    def own(task: str, *examples: tuple[str, str]) -> Made:
        """An own exercise; `examples`: (editable file, its reference). Wrong: a stub with a remark."""
        language, _, name = task.partition("/")
        folder = OWN / language / "exercises" / "practice" / name
        stub = {path: (folder / path).read_text() for path, _ in examples}
        right = {path: (folder / example).read_text() for path, example in examples}
        mark = "#" if language == "python" else "//"
        wrong = {path: f"{text}{mark} not yet\n" for path, text in stub.items()}
        statement = (folder / ".docs" / "instructions.md").read_text()
        return Made(task, stub, right, wrong, statement.splitlines()[2])


class Teller:
    """Stories in one edit format."""

    def __init__(self, edit_format: str) -> None:
        self.format = edit_format

    def at_once(self, made: Made) -> Story:
        return Story(made.id, made.said, [self._edit(made.stub, made.right)], (True,))

    def second_try(self, made: Made) -> Story:
        replies = [self._edit(made.stub, made.wrong), self._edit(made.wrong, made.right)]
        return Story(made.id, made.said, replies, (False, True))

    def never(self, made: Made) -> Story:
        """Wrong, and the same text once more, which changes nothing."""
        replies = [self._edit(made.stub, made.wrong), self._edit(made.wrong, made.wrong) + "\nThat is it.\n"]
        return Story(made.id, made.said, replies, (False, False))

    def talk_then_right(self, made: Made) -> Story:
        """A reply without any edit is not malformed: the tests run on what is there."""
        return Story(made.id, made.said, [TALK, self._edit(made.stub, made.right)], (False, True))

    def only_talk(self, made: Made) -> Story:
        return Story(made.id, made.said, [TALK, TALK + " I ask again."], (False, False))

    def malformed_once(self, made: Made) -> Story:
        """Mended within the first try."""
        replies = [malformed(self.format, made.stub), self._edit(made.stub, made.right)]
        return Story(made.id, made.said, replies, (True,), _malformed(1))

    def malformed_four_times(self, made: Made) -> Story:
        """The first try is over with the third reflection; the second try is right."""
        bad = malformed(self.format, made.stub)
        replies = [*(f"{bad}\nTry {n}.\n" for n in range(4)), self._edit(made.stub, made.right)]
        return Story(made.id, made.said, replies, (False, True), _malformed(4))

    def edits_the_tests(self, made: Made, path: str, test: str) -> Story:
        """Tests are put back for each test run, so the same edit fits in the second try. The file is outside
        the chat: asked about once."""
        edit = self._edit({path: test}, {path: "def test_it_works():\n    pass\n"})
        return Story(made.id, made.said, [edit, f"{edit}\nOnce more.\n"], (False, False), {"user_asks": 1})

    def lazy(self, made: Made) -> Story:
        """Two lazy comments in the first try's reply. The second's has none of its own, but a SEARCH block
        repeats them (in udiff behind a minus, which does not count)."""
        found = {"whole": 2, "diff": 4, "diff-fenced": 4, "udiff": 2}
        path, text = next(iter(made.wrong.items()))
        lazy = {path: text + "# the rest ... as before\n#: and ... so on\n"}
        replies = [self._edit(made.stub, lazy), self._edit(lazy, made.right)]
        return Story(made.id, made.said, replies, (False, True), {"lazy_comments": found[self.format]})

    def says_syntax_error(self, made: Made, word: str) -> Story:
        """Both functions print a line that begins with the word; three tests, of which each calls `reading`
        once, and the last by way of `label`."""
        path, text = next(iter(made.wrong.items()))
        loud = {path: text.replace("    return", f'    print("{word}: made up")\n    return', 1)}
        count = {"SyntaxError": "syntax_errors", "IndentationError": "indentation_errors"}[word]
        replies = [self._edit(made.stub, loud), self._edit(loud, made.right)]
        return Story(made.id, made.said, replies, (False, True), {count: 3})

    def does_not_compile(self, made: Made) -> Story:
        """The linter finds it; mended within the first try."""
        path = next(iter(made.stub))
        broken = {path: "def reading(x)\n    return 1\n"}
        replies = [self._edit(made.stub, broken), self._edit(broken, made.right)]
        return Story(made.id, made.said, replies, (True,), {"user_asks": 1})

    def new_file(self, made: Made) -> Story:
        """The answer in a file of its own, and an import of it."""
        path, text = next(iter(made.right.items()))
        moved = {path: "from dial import label, reading\n", "dial.py": text}
        return Story(made.id, made.said, [self._edit(made.stub, moved)], (True,), {"user_asks": 1})

    def endless(self, made: Made) -> Story:
        """The first try's tests never end: after three minutes they are, and the second try is right."""
        path, text = next(iter(made.wrong.items()))
        endless = {path: f"while True:\n    pass\n\n\n{text}"}
        replies = [self._edit(made.stub, endless), self._edit(endless, made.right)]
        return Story(made.id, made.said, replies, (False, True), {"test_timeouts": 1})

    def too_long(self, made: Made) -> Story:
        """The first reply is cut by the token limit: nothing of it is applied."""
        cut = {"text": self._edit(made.stub, made.right)[:-30], "finish_reason": "length"}
        counts = _exhausted(1)
        return Story(made.id, made.said, [cut, self._edit(made.stub, made.right)], (False, True), counts)

    def too_much(self, made: Made) -> Story:
        """No request of this conversation fits the context: two tries, nothing said."""
        counts = _exhausted(2)
        return Story(made.id, made.said, [{"fault": "context"}], (False, False), counts)

    def _edit(self, before: dict[str, str], after: dict[str, str]) -> str:
        return reply(self.format, before, after)


def _malformed(times: int) -> dict[str, int]:
    return {"num_malformed_responses": times, "error_outputs": times, "ill": 1}


def _exhausted(times: int) -> dict[str, int]:
    """Each is told as an error, and it is asked whether to open a page about limits."""
    return {"exhausted_context_windows": times, "error_outputs": times, "user_asks": times}


def write_set(root: Path) -> dict[str, Variant]:
    """The 30 exercises below `root`: the own ones copied, the others by template. Variants by id."""
    shutil.copytree(OWN, root, dirs_exist_ok=True)
    wanted: Iterable[tuple[str, int, bool]] = [
        *(("python", n, n <= 2) for n in range(1, 13)),
        *(("javascript", n, False) for n in range(13, 16)),
        *(("go", n, False) for n in range(16, 19)),
    ]
    made = [write_variant(root, language, n, twin=twin) for language, n, twin in wanted]
    return {one.id: one for one in made}


def own_stories(tell: Teller) -> list[Story]:
    """Of the twelve exercises of our own."""
    main, reference = "src/main/java/", ".meta/src/reference/java/"
    ferry = Made.own("cpp/ferry-queue", ("ferry_queue.h", ".meta/example.h"))
    beads = (("bead_string.cpp", ".meta/example.cpp"), ("bead_string.h", ".meta/example.h"))
    train = tuple((f"{main}{name}.java", f"{reference}{name}.java") for name in ("Train", "Car"))
    pouch = (f"{main}CoinPouch.java", f"{reference}CoinPouch.java")
    return [
        tell.second_try(Made.own("python/tide-table", ("tide_table.py", ".meta/example.py"))),
        tell.at_once(Made.own("python/parking-meter", ("parking_meter.py", ".meta/example.py"))),
        tell.at_once(Made.own("javascript/seat-plan", ("seat-plan.js", ".meta/proof.ci.js"))),
        tell.second_try(Made.own("javascript/stamp-book", ("stamp-book.js", ".meta/proof.ci.js"))),
        tell.at_once(Made.own("go/lift-stops", ("lift_stops.go", ".meta/example.go"))),
        tell.talk_then_right(Made.own("go/water-clock", ("water_clock.go", ".meta/example.go"))),
        tell.malformed_once(Made.own("cpp/bead-string", *beads)),
        tell.at_once(ferry),
        tell.second_try(Made.own("rust/kite-tail", ("src/lib.rs", ".meta/example.rs"))),
        tell.at_once(Made.own("rust/knot-count", ("src/lib.rs", ".meta/example.rs"))),
        tell.never(Made.own("java/coin-pouch", pouch)),
        tell.malformed_once(Made.own("java/night-train", *train)),
    ]


def variant_stories(tell: Teller, variants: dict[str, Variant]) -> list[Story]:
    """Of the eighteen by template."""
    tests = variants["python/gauge-04"]
    test = tests.test_text
    plain: list[tuple[str, Callable[[Made], Story]]] = [
        ("python/gauge-01", tell.malformed_four_times),
        ("python/gauge-02", tell.malformed_once),
        ("python/gauge-03", tell.only_talk),
        ("python/gauge-04", lambda made: tell.edits_the_tests(made, tests.test, test)),
        ("python/gauge-05", tell.lazy),
        ("python/gauge-06", lambda made: tell.says_syntax_error(made, "SyntaxError")),
        ("python/gauge-07", lambda made: tell.says_syntax_error(made, "IndentationError")),
        ("python/gauge-08", tell.does_not_compile),
        ("python/gauge-09", tell.new_file),
        ("python/gauge-10", tell.too_long),
        ("python/gauge-11", tell.too_much),
        ("python/gauge-12", tell.talk_then_right),
        ("javascript/gauge-13", tell.at_once),
        ("javascript/gauge-14", tell.second_try),
        ("javascript/gauge-15", tell.talk_then_right),
        ("go/gauge-16", tell.at_once),
        ("go/gauge-17", tell.second_try),
        ("go/gauge-18", tell.never),
    ]
    return [story(Made.variant(variants[task])) for task, story in plain]


QUICK = (
    *(f"python/gauge-{n:02d}" for n in (1, 3, 4, 5, 6, 8, 9, 10, 11)),
    "javascript/gauge-14",
)
