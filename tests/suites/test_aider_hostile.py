"""Replies that mean harm: nothing leaves the workspace, edited tests prove nothing, no terminal is driven."""

from __future__ import annotations

import re
import unicodedata
import uuid
from pathlib import Path

import pytest

from evalkit.endpoint.process import running
from tests.run.command import here, printed

from .aider_command import aider, records, write_script
from .aider_replies import reply
from .aider_stories import Made, Story, Teller
from .aider_variants import write_variant

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("polyglot_image")]
MARK = f"evalkit-{uuid.uuid4().hex}"
SCREEN = "\x1b]0;owned\x07\x1b[31mred\x1b[2J"
HOME = f"~/{MARK}"  # a folder of that name, as good as any: nothing here is a shell
OUTSIDE = (f"../../../../tmp/{MARK}", f"/tmp/{MARK}", HOME, f"../{MARK}", f".git/x/../../../{MARK}")


def escaping(made: Made) -> Story:
    """Files outside, and the right answer with them."""
    listings = [f"{path}\n```\nbad = 1\n```\n" for path in OUTSIDE]
    return Story(made.id, made.said, ["\n".join([*listings, reply("whole", made.stub, made.right)])], (True,))


def huge(made: Made) -> Story:
    """Five megabytes of talk first."""
    replies = ["word " * 1_000_000, reply("whole", made.stub, made.right)]
    return Story(made.id, made.said, replies, (False, True))


def painting(made: Made) -> Story:
    """Control characters in a file's name, in the tests' output and in the reply itself."""
    path, text = next(iter(made.wrong.items()))
    loud = {path: f"print({SCREEN!r})\n\n\n{text}"}
    first = reply("whole", made.stub, loud) + f"\nx{SCREEN}.py\n```\nname = 1\n```\n"
    return Story(made.id, made.said, [first, f"{SCREEN}\n" + reply("whole", loud, loud)], (False, False))


def posing(made: Made) -> Story:
    """Ends the test run with exit code 0 before there was one."""
    early = {"conftest.py": "import os\n\n\ndef pytest_configure(config):\n    os._exit(0)\n"}
    return Story(made.id, made.said, [reply("whole", made.stub, early)], (True,))


def test_hostile_replies_do_no_harm(docker_engine: object, tmp_path: Path) -> None:
    variants = [write_variant(tmp_path / "data", "python", n) for n in range(1, 6)]
    made = [Made.variant(variant) for variant in variants]
    tests = Teller("whole").edits_the_tests(made[4], variants[4].test, variants[4].test_text)
    stories = [escaping(made[0]), huge(made[1]), painting(made[2]), posing(made[3]), tests]
    with running(*write_script(tmp_path / "script.jsonl", stories)) as url:
        done = here(*aider(url, tmp_path / "results", tmp_path / "data"))
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    found = records(done.summary["run"])
    outcomes = {story.task: tuple(found[story.task]["facts"]["outcomes"]) for story in stories}
    assert outcomes == {story.task: story.outcomes for story in stories}

    escaped = found["python/gauge-01"]
    assert escaped["outcome"] == "passed", escaped
    assert re.findall(r"^diff --git a/(.*) b/", escaped["answer"], re.M) == ["gauge_01.py", HOME]
    places = [*Path("/tmp").iterdir(), *Path.home().iterdir(), *tmp_path.rglob("*")]
    assert MARK not in {path.name for path in places}

    assert found["python/gauge-02"]["outcome"] == "passed"

    assert found["python/gauge-03"]["outcome"] == "failed"
    shown = show(done.summary["run"], "python/gauge-03")
    assert "owned" in shown
    assert harmless(shown)

    faked = found["python/gauge-04"]
    assert (faked["outcome"], faked["strict"]) == ("passed", "failed"), faked
    assert "the official command passes" in faked["suspect"]
    assert done.summary["strict"]["suspect"] == 1

    assert (found["python/gauge-05"]["outcome"], found["python/gauge-05"]["strict"]) == ("failed", "failed")


def harmless(text: str) -> bool:
    kinds = {unicodedata.category(c) for c in text.replace("\n", "")}
    return not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def show(folder: str, task: str) -> str:
    code, said, told = printed(["show", folder, task])
    assert code == 0, told
    return said
