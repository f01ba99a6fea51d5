"""Loading: local files in every format, the hub's real client against a hub of ours, and bad input."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import suites
from evalkit.data import check_records, find_local, fingerprint, hub_records, load_data, read_records
from evalkit.errors import DataError
from evalkit.registry import open_suite
from evalkit.suite import Hub, SuiteInfo

from .hub_server import DATASET, SHA, serve_hub

ROWS: list[dict[str, Any]] = [
    {"task_id": "t/0", "prompt": "line\u2028separator \x85 é 😀", "n": 1},
    {"task_id": "t/1", "prompt": "x" * 3000, "n": None},
]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode()


def test_every_local_format_gives_the_same_records(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    (tmp_path / "a.jsonl").write_bytes(lines(ROWS))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines(ROWS)))
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    (tmp_path / "crlf.jsonl").write_bytes(lines(ROWS).replace(b"\n", b"\r\n"))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    for path in sorted(tmp_path.iterdir()):
        assert list(read_records(path)) == ROWS, path.name


def test_fingerprint_is_of_the_canonical_records() -> None:
    shuffled_keys = [dict(reversed(list(r.items()))) for r in ROWS]
    assert fingerprint(ROWS) == fingerprint(shuffled_keys)
    assert fingerprint(ROWS) != fingerprint(ROWS[::-1])
    assert fingerprint(ROWS) != fingerprint([{**ROWS[0], "n": 2}, ROWS[1]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"task_id": "a"}\n{"task_id": \n', "line 2: not valid JSON"),
        (b"[1, 2]", "item 1 is not an object"),
        (b'"text"\n', "line 1: not an object"),
        (b"\xff\xfe\x00", "cannot read"),
        (b"\x1f\x8bnot gzip at all", "cannot read"),
        (gzip.compress(b'{"task_id": "a"}\n' * 999)[:-20], "cannot read"),
        (gzip.compress(b'{"task_id": "a"}')[:10] + b"\xff" * 20, "cannot read"),
        (b"[{]", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"task_id": ' + b"[" * 100_000, "line 1: not valid JSON"),
    ],
)
def test_unreadable_data_names_the_file_and_the_place(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        list(read_records(path))
    assert "bad.jsonl" in caught.value.message


def test_records_are_checked() -> None:
    with pytest.raises(DataError, match="record 2: missing prompt") as caught:
        check_records([{"task_id": 1, "prompt": ""}, {"task_id": 2}], ["task_id", "prompt"], "file:x")
    assert "expected the fields task_id, prompt" in caught.value.hint
    with pytest.raises(DataError, match="duplicate task_id 'a' in records 1 and 3"):
        check_records([{"task_id": "a"}, {"task_id": "b"}, {"task_id": "a"}], ["task_id"], "file:x")
    with pytest.raises(DataError, match="no records"):
        check_records([], ["task_id"], "file:x")


def test_local_data_is_found_by_file_folder_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = SuiteInfo("tiny", "Tiny", tmp_path / "suite", local=("tiny.jsonl.gz", "tiny.jsonl"))
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    assert find_local(info, None) == ()
    inner = tmp_path / "all" / "tiny"
    inner.mkdir(parents=True)
    (inner / "tiny.jsonl").write_bytes(lines(ROWS))
    assert find_local(info, tmp_path / "all") == (inner / "tiny.jsonl",)
    assert find_local(info, inner) == (inner / "tiny.jsonl",)
    assert find_local(info, inner / "tiny.jsonl") == (inner / "tiny.jsonl",)
    monkeypatch.setenv("EVALKIT_DATA", str(tmp_path / "all"))
    assert find_local(info, None) == (inner / "tiny.jsonl",)
    with pytest.raises(DataError, match="no such file or folder"):
        find_local(info, tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no data of tiny"):
        find_local(info, tmp_path)
    monkeypatch.setenv("EVALKIT_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="EVALKIT_DATA is not a folder"):
        find_local(info, None)


LOAD = f"""
import json
from evalkit.data import fingerprint, hub_records
from evalkit.suite import Hub
for revision in ("", "{SHA}"):
    rows, found = hub_records(Hub("{DATASET}", revision))
    print(json.dumps([rows, found, fingerprint(rows)]))
"""


def load_from(endpoint: str, home: Path, code: str = LOAD) -> subprocess.CompletedProcess[str]:
    # the client reads its endpoint from the environment while it is imported: a process of its own
    env = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    env.pop("HF_HUB_OFFLINE", None)
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=180)


def test_hub_data_is_loaded_by_the_real_client_and_its_revision_recorded(tmp_path: Path) -> None:
    readme = (
        b"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n    path: test.jsonl\n---\n"
    )
    with serve_hub({"README.md": readme, "test.jsonl": lines(ROWS)}) as (endpoint, asked):
        done = load_from(endpoint, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    for line in done.stdout.splitlines():
        assert json.loads(line) == [ROWS, SHA, fingerprint(ROWS)]
    assert any(f"/resolve/{SHA}/test.jsonl" in path for path in asked)


def test_a_hub_that_does_not_answer_is_one_clear_error(tmp_path: Path) -> None:
    code = LOAD.replace(
        "for revision", "from evalkit.errors import DataError\nimport sys\nfor revision"
    ).replace(
        "    rows, found",
        "    try: hub_records(Hub('someone/tiny', revision))\n"
        "    except DataError as e: print(e); sys.exit(7)\n    rows, found",
    )
    done = load_from("http://127.0.0.1:9", tmp_path, code)
    assert done.returncode == 7, done.stderr[-2000:]
    assert "cannot load someone/tiny from the hub" in done.stdout
    assert "--data PATH" in done.stdout


def test_without_pyarrow_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"tasks\.parquet is Parquet, which needs pyarrow") as caught:
        list(read_records(tmp_path / "tasks.parquet"))
    assert "evalkit[hub]" in caught.value.hint


def test_without_the_hubs_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)  # what an absent package looks like to import
    with pytest.raises(DataError, match="the package datasets is missing") as caught:
        hub_records(Hub(DATASET))
    assert "evalkit[hub]" in caught.value.hint


def test_only_the_file_that_comes_with_a_suite_is_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What merely lies in the suite's folder, or is named through it, may hold a stranger's tests."""
    folder = tmp_path / "mini"
    shutil.copytree(Path(suites.__path__[0]) / "mini", folder)
    suite = open_suite(str(folder))
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    own = load_data(suite)
    assert own.pinned
    file = Path(own.source.removeprefix("file:"))
    assert load_data(suite, file).pinned
    other = folder / "other.jsonl"
    other.write_bytes(file.read_bytes() + b"\n")
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(file.read_bytes())
    monkeypatch.setenv("EVALKIT_DATA", str(tmp_path))
    for path in (other, folder / ".." / "outside.jsonl"):
        assert not load_data(suite, path).pinned
