"""docs/adding-a-suite.md works as it stands: its files are extracted, and its commands are run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-suite.md"
NAMED_BLOCK = re.compile(r"^`(my_[^`\n]+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = ["problems.jsonl", "suite.toml", "suite.py", "judge.py"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the page shows, under the names that it gives."""
    folder = tmp_path_factory.mktemp("page")
    for name, content in NAMED_BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def evalkit(folder: Path, command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """One command of the page, in that folder, with nothing of this machine's data."""
    clean = {key: value for key, value in os.environ.items() if key != "EVALKIT_DATA"}
    return subprocess.run(
        [sys.executable, "-m", "evalkit", *command.split()],
        cwd=folder,
        env=clean | env,
        capture_output=True,
        text=True,
        timeout=300,
    )


def last_object(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout.strip(), done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_page_shows_every_file_and_no_other(folder: Path) -> None:
    assert sorted(path.name for path in (folder / "my_suite").iterdir()) == sorted(FILES)
    assert [path.name for path in (folder / "my_project").iterdir()] == ["pyproject.toml"]


def test_the_commands_run_here_are_the_pages() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "$ evalkit run ./my_suite --model oracle\n" in page
    assert "$ evalkit validate ./my_suite\n" in page
    assert "$ evalkit run ./my_suite --model replay:answers.jsonl\n" in page


def test_help_lists_its_options(folder: Path) -> None:
    done = evalkit(folder, "run ./my_suite --help")
    assert done.returncode == 0, done.stderr
    assert "--examples" in done.stdout
    assert "how many cases the prompt shows" in done.stdout
    assert "--tolerance" in done.stdout


@pytest.mark.docker
def test_the_oracle_passes(folder: Path) -> None:
    done = evalkit(folder, "run ./my_suite --model oracle --json")
    assert done.returncode == 0, done.stderr
    summary = last_object(done)
    assert (summary["suite"], summary["model"], summary["protocol"]) == ("my-suite", "oracle", "units-chat")
    assert (summary["pass@1"], summary["planned"], summary["scored"]) == (1.0, 4, 4)
    assert summary["complete"] is True


@pytest.mark.docker
def test_it_is_valid(folder: Path) -> None:
    done = evalkit(folder, "validate ./my_suite --json")
    assert done.returncode == 0, done.stderr
    found = last_object(done)
    assert (found["ok"], found["wrong"]) == (True, [])
    assert (found["pass@1"], found["null"]["pass@1"]) == (1.0, 0.0)
    assert found["null"]["reasons"] == {"failed/no_answer": 4}


@pytest.mark.docker
def test_validate_names_the_task_whose_gold_is_wrong(folder: Path) -> None:
    broken = folder / "broken" / "my_suite"
    shutil.copytree(folder / "my_suite", broken)
    data = broken / "problems.jsonl"
    text = data.read_text(encoding="utf-8").replace("divmod(inches, 12)", "divmod(inches, 10)")
    data.write_text(text, encoding="utf-8")
    done = evalkit(folder, "validate ./broken/my_suite --json")
    assert done.returncode == 1
    [wrong] = last_object(done)["wrong"]
    assert (wrong["model"], wrong["task_id"], wrong["reason"]) == ("oracle", "units/2", "wrong")


@pytest.mark.docker
def test_replayed_answers_get_the_verdicts_that_the_judge_section_promises(folder: Path) -> None:
    answers = {
        # within the tolerance, though not exact
        "units/1": {"reply": "```python\ndef celsius(f):\n    return (f - 32) / 1.8 + 1e-13\n```"},
        # a tuple is no list
        "units/2": {"solution": "def feet_and_inches(inches):\n    return divmod(inches, 12)\n"},
        # equal to everything, it says
        "units/3": {
            "solution": "class Any(str):\n    __eq__ = lambda a, b: True\n    __hash__ = None\n\n\n"
            "def clock(seconds):\n    return Any('00:00:00')\n"
        },
        "units/4": {"solution": "def from_base(text, base):\n    return int(text, base)\n"},
    }
    rows = [json.dumps({"task_id": task, **answer}) + "\n" for task, answer in answers.items()]
    (folder / "answers.jsonl").write_text("".join(rows), encoding="utf-8")
    done = evalkit(folder, "run ./my_suite --model replay:answers.jsonl --json")
    assert done.returncode == 0, done.stderr
    summary = last_object(done)
    assert summary["counts"]["passed"] == 1
    assert summary["reasons"] == {"failed/wrong": 2, "failed/crashed": 1}


@pytest.mark.docker
def test_a_package_with_the_entry_point_is_found_by_name(folder: Path, tmp_path: Path) -> None:
    project = folder / "my_project"
    shutil.copytree(folder / "my_suite", project / "my_package")
    (project / "my_package" / "__init__.py").touch()
    installed = tmp_path / "installed"
    # no isolation: the build takes setuptools from this environment instead of fetching it
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(installed), str(project)], check=True, timeout=120)
    done = evalkit(tmp_path, "run my-suite --model oracle --json", PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    assert last_object(done)["pass@1"] == 1.0
