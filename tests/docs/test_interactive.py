"""docs/interactive.md works as it stands: its files are extracted, its suite is run, both parts played."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evalkit.api import run
from evalkit.cli import main
from evalkit.endpoint.process import running
from evalkit.run import session
from tests.run.talk import outcomes

PAGE = Path(__file__).parents[2] / "docs" / "interactive.md"
NAMED_BLOCK = re.compile(r"^`(my_[^`\n]+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    for name, content in NAMED_BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its verdicts need none."""
    from tests.run.talk import open_nothing

    monkeypatch.setattr(session, "open_equipment", open_nothing)


def test_the_page_shows_every_file(folder: Path) -> None:
    assert sorted(p.name for p in (folder / "my_shop").iterdir()) == ["suite.py", "suite.toml", "tasks.jsonl"]
    assert (folder / "my_shop_script.jsonl").exists()


def test_the_oracle_passes_and_the_null_model_is_no_error(folder: Path, tmp_path: Path) -> None:
    shop = str(folder / "my_shop")
    assert run(shop, "oracle", results=tmp_path).summary.pass_1 == 1.0
    assert set(outcomes(run(shop, "null", results=tmp_path)).values()) == {"not_run/unavailable"}


def test_the_script_plays_both_parts(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running("--script", str(folder / "my_shop_script.jsonl")) as url:
        more = ["--base-url", url, "--user-model", "customer", "--user-base-url", url, "--turns", "12"]
        words = ["run", str(folder / "my_shop"), "--model", "scripted", *more, "--results", str(tmp_path)]
        assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["pass@1"], found["roles"], found["budget"]) == (1.0, {"user": "customer"}, {"turns": 12})
    assert main(["show", found["run"], "shop/2"]) == 0
    assert "there is no tea left" in capsys.readouterr().out


def test_a_run_without_a_user_says_what_it_needs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--base-url", "http://localhost:9/v1"]
    assert main(["run", str(folder / "my_shop"), "--model", "scripted", *at, "--dry-run"]) == 2
    assert "needs a model that plays the user\n  --user-model NAME" in capsys.readouterr().err


def test_the_flags_of_the_page_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    page = set(re.findall(r"(?<![\w-])--[a-z-]+[a-z]", PAGE.read_text(encoding="utf-8")))
    assert page - {"--script", "--port"} <= known
