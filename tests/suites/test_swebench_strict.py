"""What a strict run takes of a patch, of the data set's scripts, and of what a witness says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.swebench.changes import Changes, Unreadable, unpacked
from evalkit_suites.swebench.instances import read_instance
from evalkit_suites.swebench.strict import taken, unsupported
from evalkit_suites.swebench.strict.results import judged
from evalkit_suites.swebench.strict.scripts import parts_of
from evalkit_suites.swebench.suspicion import paths_of

from evalkit.witness import Launched, Traps
from evalkit.witness.python_traps import set_traps
from evalkit.workspace import Executed, File
from tests.suites.swebench_logs import row

TRAPS = Traps(("test_good",), ("test_bad",))


@pytest.mark.parametrize("subset", ["verified", "lite"])
def test_every_script_comes_apart(data_dir: Path, subset: str) -> None:
    for line in (data_dir / "swebench" / f"{subset}.jsonl").read_text().splitlines():
        instance = json.loads(line)
        assert not unsupported(read_instance(instance))
        parts = parts_of(instance["eval_script"])
        assert parts is not None
        assert "conda activate testbed" in parts.environment
        assert [each for each in parts.prepare if each.startswith("git apply")]
        assert not [each for each in parts.environment if "install" in each or "git show" in each]
        assert parts.install
        assert not parts.builds
        assert parts.command.startswith(
            ("pytest", "python -m pytest", "PYTHONWARNINGS", "./tests/runtests.py")
        )
        gold = Changes({path: File() for path in paths_of(instance["patch"])})
        _, left = taken(gold, paths_of(instance["test_patch"]), start=())
        assert left == (("setup.cfg",) if instance["instance_id"] == "pylint-dev__pylint-4661" else ())


def said(*facts: Any, end: bool = True) -> Launched:
    lines = [json.dumps(fact) for fact in [*facts, *([{"end": True}] if end else [])]]
    return Launched(Executed(0, b""), lines=lines, status=1)


def fact(name: str, word: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "word": word, "line": f"{word} t.py::{name}", "where": "", "marked": False, **more}


GOOD = (fact("test_good", "PASSED"), fact("test_bad", "FAILED"))
DONE = (fact("new", "PASSED"), fact("old", "PASSED"))


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (said(*DONE, *GOOD), ""),
        (said(*DONE, *GOOD, end=False), "did not come to their end"),
        (said(*DONE, *GOOD, {"end": True}), "reported twice"),
        (said(*DONE, {"end": True}, *GOOD), "after the end"),
        (said(*DONE, *GOOD, "anything"), "something else"),
        (said(*DONE), "traps"),
        (said(*DONE, GOOD[0], fact("test_bad", "PASSED")), "cannot pass"),
        (said(*DONE, fact("test_good", "FAILED"), GOOD[1]), "traps"),
        (said(DONE[0], *GOOD), "t.py::old"),
        (said(*DONE, fact("new", "FAILED"), *GOOD), "t.py::new"),
        (said(fact("new", "FAILED"), *DONE, *GOOD), "t.py::new"),
        (said(fact("new", "XFAIL"), DONE[1], *GOOD), "t.py::new"),
        (said(fact("new", "XFAIL", marked=True), DONE[1], *GOOD), ""),
        (said(DONE[0], fact("old", "SKIPPED"), *GOOD), ""),
        (said(DONE[0], fact("old", "SKIPPED", where="/testbed/tea.py"), *GOOD), "t.py::old"),
    ],
)
def test_what_a_witness_says(run: Launched, why: str) -> None:
    _, faults = judged(read_instance(row()), run, TRAPS, {"/testbed/tea.py"})
    assert why in "; ".join(faults)
    assert bool(faults) is bool(why)


def test_traps_are_named_of_the_files_own_words() -> None:
    text = "def test_blue_whale():\n    pass\n"
    files, traps = set_traps(
        "pytest", {"t.py": File(text.encode()), "helper.py": File(b"def help(): pass\n")}
    )
    assert list(files) == ["t.py"]
    code = files["t.py"].data.decode()
    assert code.startswith(text)
    space: dict[str, Any] = {}
    exec(compile(code, "t.py", "exec"), space)
    [good] = traps.passing
    space[good]()
    for name in traps.failing:
        assert name.startswith("test_")
        with pytest.raises((AssertionError, ValueError)):
            space[name]()


@pytest.mark.parametrize("data", [b"", b"no archive", b"x" * 512])
def test_what_is_no_archive_is_said_so(data: bytes) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        unpacked(data)
