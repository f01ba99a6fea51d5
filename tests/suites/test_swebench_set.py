"""The set of our own is what its histories say, in the official schema, with nothing newer in its images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.swebench.instances import SINCE_5, read_instance
from evalkit_suites.swebench.parsers import parser

from tests.suites.swebench_set import ENVIRONMENTS, SETUP, images, mirrors, row, rows
from tests.suites.swebench_set import __main__ as making
from tests.suites.swebench_set.repositories import marks

KEYS = [
    *("repo", "instance_id", "base_commit", "patch", "test_patch", "problem_statement", "hints_text"),
    *("created_at", "version", "FAIL_TO_PASS", "PASS_TO_PASS", "environment_setup_commit", "difficulty"),
    *("eval_script", "log_parser", "eval_type", "image"),
]


def test_the_files_are_made_of_the_histories(tmp_path: Path) -> None:
    made = mirrors(tmp_path)
    facts = making.read_facts()
    again = [making.instance(name, fact, made[f"own/{fact['stream']}"]) for name, fact in facts.items()]
    assert rows() == again, "run python -m tests.suites.swebench_set"
    assert [each["instance_id"] for each in rows(SETUP)] == [
        each["instance_id"] for each in rows(ENVIRONMENTS)
    ]


def test_the_schema_is_the_official_one(data_dir: Path) -> None:
    with (data_dir / "swebench" / "verified.jsonl").open(encoding="utf-8") as verified:
        official = json.loads(verified.readline())
    assert list(official) == KEYS
    for each in rows():
        assert list(each) == KEYS
        assert {key: type(value) for key, value in each.items()} == {k: type(v) for k, v in official.items()}
        assert all(each[key] for key in SINCE_5)
        parser(read_instance(each))


def test_there_are_eight_and_of_many_kinds() -> None:
    known = [read_instance(each) for each in rows()]
    assert len({each.id for each in known}) >= 8
    assert len({each.parser for each in known}) >= 5
    cut = [test for each in known for test in each.fail_to_pass if test.count("[") > test.count("]")]
    assert cut, "an id that the data set cut"
    assert "new file mode" in row("pages")["test_patch"]
    assert "GIT binary patch" in row("notes")["patch"]
    assert "rename from" in row("notes")["patch"]


def test_a_mirror_holds_what_came_later(tmp_path: Path) -> None:
    for each in rows():
        at = marks(mirrors(tmp_path)[each["repo"]])
        assert at[":2"] == each["base_commit"]
        assert len(at) > 2


@pytest.mark.docker
def test_an_image_holds_nothing_newer(docker_engine: Any) -> None:
    """The commit above the base holds the environment's edits, and no tag or branch leads further."""
    image = images(["dates"])["own__dates-8"]

    asked = (
        "git log --all --format=%s",
        "git rev-parse HEAD^",
        "git diff --stat HEAD^ HEAD | tail -n 1",
        "git remote; git tag; git reflog; git fsck --unreachable --no-reflogs; git status --short",
        "grep -c no-such-option setup.cfg",
    )
    script = "\necho ====\n".join(asked) + "\ntrue"
    told = docker_engine.containers.run(image, ["bash", "-c", script], remove=True).decode()
    log, base, edits, more, options = (part.strip() for part in told.split("====\n"))
    assert log == "SWE-bench\nCount the days\nBegin"
    assert base == row("dates")["base_commit"]
    assert edits.startswith("1 file changed")
    assert more == ""
    assert options == "0"
