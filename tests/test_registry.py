"""Suites, scaffolds and backends by name and by path; what is not there is one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.api import sort_out
from evalkit.cli import run as run_verb
from evalkit.cli.given import settings_from
from evalkit.errors import DataError, UsageError
from evalkit.models import open_model
from evalkit.registry import find_suite, open_scaffold, open_suite, read_info, suite_names

SCAFFOLD = """
class Twice:
    name, version = "twice", "1"

    async def attempt(self, suite, task, rollout):
        raise NotImplementedError
"""
BACKEND = """
class Echo:
    def __init__(self, opening):
        self.name, self.sampling = opening.spec, opening.sampling

    async def complete(self, request, on_attempt=None):
        raise NotImplementedError

    def describe(self):
        return {"backend": "echo"}

    async def close(self):
        pass
"""


def test_built_in_names() -> None:
    assert {"humaneval", "humaneval-plus", "mbpp", "mbpp-plus", "mini"} <= set(suite_names())
    for name in suite_names():
        assert find_suite(name)[1].name == name
    assert open_scaffold("one-turn").name == "one-turn"


@pytest.mark.parametrize("path", ["{folder}/mine.py:Twice", "mine:Twice"])
def test_a_scaffold_by_path(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(SCAFFOLD)
    monkeypatch.syspath_prepend(tmp_path)
    if path.startswith("mine"):
        path = "mine.py:Twice"
        monkeypatch.chdir(tmp_path)
    assert open_scaffold(path.format(folder=tmp_path)).name == "twice"


def test_a_backend_by_path(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(BACKEND)
    model = open_model("some-model", backend=f"{tmp_path}/echo.py:Echo")
    assert (model.name, model.describe()) == ("some-model", {"backend": "echo"})


def test_a_run_keeps_paths_that_hold_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings, _ = sort_out("mini", "m", {"scaffold": "mine.py:Twice", "backend": "my.module:Echo"})
    assert (settings.scaffold, settings.backend) == (f"{tmp_path}/mine.py:Twice", "my.module:Echo")
    args = run_verb.read(["mini", "--model", "m", "--scaffold", "one-turn", "--backend", "echo.py:Echo"])
    settings = settings_from(args, "mini", "m", {})
    assert (settings.scaffold, settings.backend) == ("one-turn", f"{tmp_path}/echo.py:Echo")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.py:X", "no such file"),
        ("{folder}/broken.py:X", "cannot import scaffold"),
        ("{folder}/empty.py:X", "has no 'X'"),
        ("evalkit.nothing:X", "cannot import scaffold"),
        ("evalkit.task:Nothing", "has no 'Nothing'"),
        ("one-turm", "unknown scaffold 'one-turm'"),
    ],
)
def test_scaffolds_that_are_not_there(path: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(UsageError, match=message):
        open_scaffold(path.format(folder=tmp_path))


def test_a_suite_by_path_may_have_modules_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "suite.toml").write_text("")
    (folder / "helper.py").write_text("TITLE = 'from a module beside it'\n")
    (folder / "suite.py").write_text(
        "import evalkit\nfrom .helper import TITLE\n\nclass Suite(evalkit.Suite):\n    title = TITLE\n"
    )
    cls, info = find_suite(str(folder))
    assert (info.name, vars(cls)["title"]) == ("own", "from a module beside it")


@pytest.mark.parametrize(
    ("toml", "message"),
    [("x = [", "cannot read"), ('titel = "x"', "unknown key 'titel'")],
)
def test_facts_that_cannot_be_read(toml: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "suite.toml").write_text(toml)
    with pytest.raises(DataError, match=message) as caught:
        read_info(tmp_path)
    assert "suite.toml" in caught.value.message


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"protocl": "evalplus"}, "unknown option 'protocl'", "protocol"),
        ({"protocol": "evalpus"}, "--protocol cannot be 'evalpus'", "evalplus"),
        ({"timeout": "soon"}, "--timeout needs a float", ""),
        ({"timeout": "inf"}, "--timeout needs a float", ""),
        ({"timeout": "0"}, "--timeout cannot be 0.0", "from 0.1 to 86,400"),
        ({"timeout": "1e9"}, "--timeout cannot be 1000000000.0", "from 0.1 to 86,400"),
        ({"memory": "-5"}, "--memory cannot be -5", "from 64 to 1,048,576"),
    ],
)
def test_options_that_cannot_be(options: dict[str, str], message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        open_suite("humaneval", options)
    assert hint in caught.value.hint


def test_options_from_texts_have_their_types() -> None:
    options = open_suite("humaneval", {"timeout": "2", "memory": "512"}).options
    assert (options.timeout, options.memory) == (2.0, 512)
