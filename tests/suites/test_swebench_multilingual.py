"""SWE-bench Multilingual: lists instead of JSON text, no environments, and other languages' parsers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.swebench.instances import read_instance
from evalkit_suites.swebench.judge import grade
from evalkit_suites.swebench.parsers import parser

from evalkit.data import load_data, tasks_of
from evalkit.registry import open_suite
from evalkit.sandbox import open_workspace_sandbox
from tests.suites.swebench_made import Made, image_of

# what `go test -v` prints, by a shell: the image needs no Go
TESTS = """\
status=0
for name in TestOne TestTwo; do
    echo "=== RUN   $name"
    if grep -q $name solved.txt; then word=PASS; else word=FAIL; status=1; fi
    echo "--- $word: $name (0.00s)"
done
exit $status
"""
MADE = Made(
    "going",
    {"solved.txt": "TestOne\n", "run_test.sh": "exit 1\n"},
    {"run_test.sh": TESTS},
    {"solved.txt": "TestOne\nTestTwo\n"},
    ("TestTwo",),
    ("TestOne",),
    command="sh",
    parser="parse_log_gotest",
)


def test_all_instances_are_read(data_dir: Path) -> None:
    suite = open_suite("swebench", {"subset": "multilingual"})
    data = load_data(suite, data_dir / "swebench" / "multilingual.jsonl")
    tasks = tasks_of(suite, data)
    assert (len(tasks), data.pinned, suite.scope(data)) == (300, True, "Multilingual")
    assert len(Counter(task.tags["repo"] for task in tasks)) == 41
    read = [read_instance(task.data) for task in tasks]
    assert all(parser(instance) and instance.pass_to_pass + instance.fail_to_pass for instance in read)
    assert len({instance.parser for instance in read}) == 19


@pytest.mark.full
@pytest.mark.docker
async def test_a_verdict_by_lists(docker_engine: Any) -> None:
    with image_of(docker_engine, MADE) as row:
        assert isinstance(row["FAIL_TO_PASS"], list)
        del row["environment_setup_commit"]
        sandbox = await open_workspace_sandbox(run_label="multilingual")
        try:
            gold = await grade(row, row["patch"], sandbox, image=row["image"])
            wrong = await grade(row, MADE.patch({"solved.txt": "TestTwo\n"}), sandbox, image=row["image"])
        finally:
            await sandbox.close()
        assert (gold.official, len(gold.tests)) == ("resolved", 2)
        assert (wrong.official, wrong.detail) == ("unresolved", "1 of 1 PASS_TO_PASS failed: TestOne")
