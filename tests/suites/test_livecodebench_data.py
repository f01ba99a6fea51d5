"""LiveCodeBench's data: releases, windows of dates, files as they come, doubts about a score over them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.livecodebench import records
from evalkit_suites.livecodebench.releases import BYTES, PROBLEMS, Window, parts_of

from evalkit.data import find_local, fingerprint, load_data, tasks_of
from evalkit.errors import DataError, UsageError
from evalkit.registry import open_suite, read_info
from evalkit.suite import Data, Suite
from evalkit.task import Task
from tests.data.hub_server import serve_hub
from tests.suites.test_livecodebench import PRIVATE, RECORD, packed

V5 = {"release": "release_v5", "from": "2024-08-01", "to": "2025-02-01"}
INFO = read_info(Path(open_suite("livecodebench").info.folder))


def loaded(path: Path, **options: Any) -> tuple[Suite, Data, list[Task]]:
    suite = open_suite("livecodebench", options)
    data = load_data(suite, path)
    return suite, data, tasks_of(suite, data)


def record(name: str, **more: Any) -> dict[str, Any]:
    return {**RECORD, "question_id": name, **more}


def write(path: Path, *records: dict[str, Any]) -> None:
    lines = "".join(json.dumps(r) + "\n" for r in records).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)


# -- which problems ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("release", "count"),
    [
        *(("release_v1", 400), ("release_v2", 511), ("release_v3", 612), ("release_v4", 713)),
        *(("release_v5", 880), ("release_v6", 1055), ("release_latest", 1055), ("", 1055)),
        *(("v1", 400), ("v2", 111), ("v3", 101), ("v4", 101), ("v5", 167), ("v6", 175)),
        *(("v1_v2", 511), ("v2_v4", 313), ("v5_v6", 342), ("v1_v6", 1055)),
    ],
)
def test_a_release_has_its_problems(data_dir: Path, release: str, count: int) -> None:
    suite, data, tasks = loaded(data_dir, release=release)
    assert len(tasks) == count == sum(PROBLEMS[n] for n in parts_of(release))
    assert suite.scope(data) == ("release_v6" if release in ("", "release_latest") else release)
    assert suite.doubts(tasks, data) == ("public tests only",)
    assert [task.id for task in tasks] == sorted(task.id for task in tasks)


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (V5, 279),
        (V5 | {"release": ""}, 329),
        ({"from": "2024-08-01", "to": "2025-05-01"}, 454),
        ({"from": "2025-02-01", "to": "2025-05-01"}, 131),
        ({"from": "2024-08-17", "to": "2024-08-17"}, 7),  # of 12 of that day: five are dated 07:30 and 19:30
        ({"from": "2025-01-01"}, 182),
        ({"to": "2023-05-31"}, 34),
    ],
)
def test_a_window_has_the_problems_that_vendors_quote(
    data_dir: Path, options: dict[str, str], count: int
) -> None:
    assert len(loaded(data_dir, **options)[2]) == count


def test_the_last_day_ends_when_it_begins() -> None:
    at = [record(str(n), contest_date=f"2024-08-0{n}T{h}:00") for n, h in ((1, "00:00"), (2, "18:30"))]
    assert Window("2024-08-01", "2024-08-02").of(at) == at[:1]
    assert Window("2024-08-02", "2024-08-03").of(at) == at[1:]
    assert Window("2024-08-02").of(at) == at[1:]
    assert Window("", "2024-08-01").of(at) == at[:1]
    assert Window().of([{"question_id": "1"}]) == [{"question_id": "1"}]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"release": "v7"}, "--release cannot be 'v7'"),
        ({"release": "release_v1_v2"}, "--release cannot be"),
        ({"release": "v4_v2"}, "--release cannot be 'v4_v2'"),
        ({"from": "01.08.2024"}, r"--from cannot be '01.08.2024'"),
        ({"from": "2024-8-1"}, r"--from cannot be '2024-8-1'"),
        ({"to": "2024-02-30"}, r"--to cannot be '2024-02-30'"),
        ({"from": "2024-08-02", "to": "2024-08-01"}, "--to 2024-08-01 is before --from 2024-08-02"),
        ({"release": "v6"}, "--release v6 needs the authors' files"),
        ({"from": "2024-01-02"}, "no contest is in from 2024-01-02"),
    ],
)
def test_what_is_no_release_and_no_day_is_refused(
    tmp_path: Path, options: dict[str, str], words: str
) -> None:
    write(tmp_path / "own.jsonl", RECORD)
    suite = open_suite("livecodebench", options)
    with pytest.raises(UsageError, match=words):
        tasks_and_scope(suite, tmp_path / "own.jsonl")


def tasks_and_scope(suite: Suite, path: Path) -> str:
    """In a run's order."""
    data = load_data(suite, path)
    tasks_of(suite, data)
    return suite.scope(data)


def test_a_problem_without_a_date_is_in_no_window(tmp_path: Path) -> None:
    write(tmp_path / "own.jsonl", record("dateless", contest_date=None))
    assert len(loaded(tmp_path / "own.jsonl")[2]) == 1
    with pytest.raises(DataError, match="question dateless has no contest_date"):
        loaded(tmp_path / "own.jsonl", to="2024-01-01")


def test_known_faults_are_flagged_and_stay(data_dir: Path) -> None:
    _, _, tasks = loaded(data_dir)
    faults = Counter(task.tags["known fault"] for task in tasks if "known fault" in task.tags)
    assert faults == {"several answers": 11, "wrong tests": 4, "interactive": 2}
    assert [task.id for task in tasks if task.unavailable] == ["abc350_c"]  # it has private tests only
    assert Counter(task.tags["difficulty"] for task in tasks) == {"easy": 322, "medium": 383, "hard": 350}
    assert Counter(task.tags["platform"] for task in tasks) == {
        "atcoder": 602,
        "leetcode": 444,
        "codeforces": 9,
    }


# -- files ---------------------------------------------------------------------------------------------
def test_the_authors_files_win_over_public_ones_part_by_part(tmp_path: Path) -> None:
    write(tmp_path / "test5.jsonl", record("b"))
    write(tmp_path / "test5_public.jsonl.gz", record("x", private_test_cases=None))
    write(tmp_path / "test6_public.jsonl.gz", record("a", private_test_cases=None))
    suite, data, tasks = loaded(tmp_path, release="v5_v6")
    assert [task.id for task in tasks] == ["a", "b"]
    assert [(file.name, file.records) for file in data.files] == [
        ("test5.jsonl", 1),
        ("test6_public.jsonl.gz", 1),
    ]
    assert suite.doubts(tasks, data) == (
        "public tests only for 1 of 2 problems",
        "test5.jsonl holds 1 problems, the authors' 167",
        "test6_public.jsonl.gz holds 1 problems, the authors' 175",
    )


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path / "test2.jsonl", record("b"))
    with pytest.raises(DataError, match=r"a part of livecodebench's data only: test\.jsonl, test3\.jsonl is"):
        loaded(tmp_path, release="release_v3")
    assert len(loaded(tmp_path, release="v2")[2]) == 1


def test_a_file_of_the_same_name_may_be_another_suites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_DATA", str(tmp_path))
    write(tmp_path / "test.jsonl", {"question": "1 + 1"})
    info = open_suite("livecodebench").source()
    assert find_local(info, None) == ()  # the hub has it
    (tmp_path / "livecodebench").mkdir()
    write(tmp_path / "livecodebench" / "test.jsonl", RECORD)
    assert [task.id for task in loaded(tmp_path, release="v1")[2]] == ["abc000_a"]
    with pytest.raises(DataError, match="a part of livecodebench's data only"):
        find_local(info, None)


def test_the_size_tells_a_file_from_the_authors(tmp_path: Path) -> None:
    write(tmp_path / "test6.jsonl", *(record(str(n)) for n in range(175)))
    suite, data, tasks = loaded(tmp_path, release="v6")
    size = (tmp_path / "test6.jsonl").stat().st_size
    assert suite.doubts(tasks, data) == (f"test6.jsonl has {size:,} bytes, the authors' {BYTES[5]:,}",)


def test_what_public_files_lack_comes_from_the_index(tmp_path: Path) -> None:
    bare = {k: RECORD[k] for k in ("question_id", "question_content", "public_test_cases", "starter_code")}
    index = {
        "contest_date": "2024-08-01T00:00:00",
        "platform": "atcoder",
        "func_name": "pick",
        "release": "v6",
    }
    write(tmp_path / "test6_public.jsonl.gz", bare)
    write(tmp_path / "index.jsonl", {"question_id": RECORD["question_id"], **index})
    [task] = loaded(tmp_path, release="v6", to="2024-08-01")[2]
    assert task.tags == {"platform": "atcoder"}
    assert records.tests_of(task.data).function == "pick"
    assert "release" not in task.data


# -- large values --------------------------------------------------------------------------------------
def test_large_tests_stay_in_their_file_and_count_in_the_fingerprint(tmp_path: Path) -> None:
    many = [{**PRIVATE[0], "input": f"{n} {n * 7919 % 10007} {n**3}"} for n in range(3000)]
    whole = [
        record("a", private_test_cases=packed(json.dumps(many))),
        record("é\u2028", private_test_cases="[]"),
    ]
    write(tmp_path / "own.jsonl", *whole)
    _, data, tasks = loaded(tmp_path / "own.jsonl")
    assert len(str(tasks[0].data)) < 4000 < len(whole[0]["private_test_cases"])
    assert data.fingerprint == fingerprint(whole)
    assert records.tests_of(tasks[0].data) == records.tests_of(whole[0])
    assert len(records.tests_of(tasks[0].data).inputs) == 3001
    write(tmp_path / "own.jsonl.gz", *whole)
    assert loaded(tmp_path / "own.jsonl.gz")[1].fingerprint == data.fingerprint
    write(tmp_path / "own.jsonl", whole[1], whole[0])
    with pytest.raises(DataError, match=r"own\.jsonl changed while it was in use"):
        records.tests_of(tasks[0].data)
    (tmp_path / "own.jsonl").unlink()
    with pytest.raises(DataError, match=r"cannot read .*own\.jsonl"):
        records.tests_of(tasks[0].data)


# -- the hub -------------------------------------------------------------------------------------------
LOAD = """
import json
from evalkit.data import load_data, tasks_of
from evalkit.registry import open_suite
suite = open_suite("livecodebench", {"release": "v5_v6"})
data = load_data(suite)
tasks = tasks_of(suite, data)
files = [file.name for file in data.files]
found = [[task.id for task in tasks], files, data.revision, data.pinned, suite.doubts(tasks, data)]
print(json.dumps([*found, data.fingerprint]))
"""


def test_the_hubs_own_files_are_read_at_the_pinned_revision(tmp_path: Path) -> None:
    """The data set's loading script, which today's clients refuse, lies beside them."""
    assert INFO.hub is not None
    rows = {"test5.jsonl": [record("b")], "test6.jsonl": [record("a")]}
    files = {name: "".join(json.dumps(r) + "\n" for r in of).encode() for name, of in rows.items()}
    script = {"code_generation_lite.py": b"raise SystemExit('ran')", "README.md": b"---\nlicense: cc\n---\n"}
    with serve_hub(files | script, INFO.hub.dataset, INFO.hub.revision) as (endpoint, asked):
        env = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1"}
        for name in ("EVALKIT_DATA", "HF_HUB_OFFLINE"):
            env.pop(name, None)
        code = [sys.executable, "-c", LOAD]
        done = subprocess.run(code, env=env, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        again = subprocess.run(
            code, env=env | {"HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, timeout=180, check=False
        )
    expected = fingerprint([*rows["test5.jsonl"], *rows["test6.jsonl"]])
    found = [["a", "b"], list(rows), INFO.hub.revision, True, [], expected]
    assert json.loads(done.stdout) == found
    assert json.loads(again.stdout) == found  # from the cache, without the hub
    paths = {path.partition("?")[0] for path in asked}
    at = f"/datasets/{INFO.hub.dataset}/resolve/{INFO.hub.revision}"
    assert {path for path in paths if "/resolve/" in path} == {f"{at}/test5.jsonl", f"{at}/test6.jsonl"}
