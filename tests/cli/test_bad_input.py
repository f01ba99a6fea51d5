"""Bad input of every kind: one clear line with the way out, a non-zero exit, nothing written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.endpoint.process import running
from tests.cli.conftest import Evalkit
from tests.cli.stored import make_run

Words = tuple[str, ...]
ORACLE = ("--model", "oracle")
GOOD = {
    "task_id": "a/1",
    "prompt": "def f():\n",
    "entry_point": "f",
    "canonical_solution": "    return 1\n",
    "test": "def check(f):\n    assert f() == 1\n",
}


def lines(*records: object) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


@pytest.mark.parametrize(
    ("contents", "hints"),
    [
        (lines(GOOD) + b"{broken\n", ("line 2", "not valid JSON")),
        (lines(GOOD) + b"[1, 2]\n", ("line 2", "not an object")),
        (b"\xff\xfe\x00", ("cannot read",)),
        (b"\x1f\x8b\x08broken gzip", ("cannot read",)),
        (b"", ("holds no records",)),
        (
            lines({"task_id": "a/1", "question": "?"}),
            ("record 1: missing prompt", "expected the fields", "question"),
        ),
        (lines(GOOD, {**GOOD, "task_id": None}), ("record 2: task_id is empty",)),
        (lines(GOOD, {**GOOD, "prompt": "other"}), ("duplicate task_id 'a/1'", "records 1 and 2")),
    ],
)
def test_data_that_cannot_be_used(
    called: Evalkit, tmp_path: Path, contents: bytes, hints: tuple[str, ...]
) -> None:
    (tmp_path / "data.jsonl").write_bytes(contents)
    called("run", "mini", *ORACLE, "--data", "data.jsonl").refused(2, "data.jsonl", *hints)
    assert not (tmp_path / "results").exists()


def test_a_field_of_another_kind(called: Evalkit, tmp_path: Path) -> None:
    (tmp_path / "mbpp.jsonl").write_bytes(lines({"task_id": "ten", "test_list": [], "text": ""}))
    words = ("mbpp.jsonl cannot be read by mbpp", "ValueError", "'ten'", "official format")
    called("run", "mbpp", *ORACLE, "--data", "mbpp.jsonl").refused(2, *words)
    called("suites", "mbpp", "--data", "mbpp.jsonl").refused(2, *words)


def test_data_that_is_not_there(called: Evalkit, tmp_path: Path) -> None:
    called("run", "mini", *ORACLE, "--data", "nowhere").refused(2, "no such file or folder", "nowhere")
    (tmp_path / "empty").mkdir()
    called("run", "mini", *ORACLE, "--data", "empty").refused(2, "holds no data of mini")
    called("run", "mini", *ORACLE, EVALKIT_DATA="nowhere").refused(2, "EVALKIT_DATA is not a folder")


def test_keys_that_are_missing(called: Evalkit) -> None:
    run = ("run", "mini", "--model")
    called(*run, "qwen3-coder").refused(2, "no API key for qwen3-coder", "OPENROUTER_API_KEY")
    far = (*run, "m", "--base-url", "https://api.example.org/v1")
    called(*far).refused(2, "no API key", "--api-key-env NAME")
    called(*far, "--api-key-env", "NO_SUCH_KEY").refused(2, "NO_SUCH_KEY, which is not set")
    called(*far, "--api-key-env", "MY_KEY", MY_KEY="two words").refused(2, "MY_KEY holds")


def test_an_endpoint_that_is_none(called: Evalkit) -> None:
    called("run", "mini", "--model", "m", "--base-url", "localhost:8000").refused(2, "is no base URL")
    called("run", "mini", "--model", "m").refused(2, "unknown model 'm'", "--base-url")


def test_answers_that_cannot_be_replayed(called: Evalkit, tmp_path: Path) -> None:
    called("run", "mini", "--model", "replay:nowhere.jsonl").refused(2, "cannot read nowhere.jsonl")
    called("run", "mini", "--model", "replay:").refused(2, "--model replay:FILE")
    (tmp_path / "answers.jsonl").write_bytes(lines({"task_id": "mini/1", "text": "?"}))
    called("run", "mini", "--model", "replay:answers.jsonl").refused(2, "has no answer", "solution")
    (tmp_path / "answers.jsonl").write_bytes(lines({"task_id": "mini/1", "answer": "?", "form": "patch"}))
    called("run", "mini", "--model", "replay:answers.jsonl").refused(2, "'patch' is no form of an answer")


def test_a_last_name_mistyped_begins_no_run(called: Evalkit, tmp_path: Path) -> None:
    """Everything is looked up before the first of several runs begins."""
    called("run", "mini", "mni", *ORACLE).refused(2, "unknown suite 'mni'")
    called("run", "mini", *ORACLE, "--model", "orcale").refused(
        2, "unknown model 'orcale'", "did you mean oracle?"
    )
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("words", [("run", "mini", *ORACLE), ("validate", "mini")])
def test_no_docker(called: Evalkit, tmp_path: Path, words: tuple[str, ...]) -> None:
    called(*words, DOCKER_HOST="unix:///nonexistent.sock").refused(4, "no Docker engine found", "install it")
    assert not list(tmp_path.glob("results/**/run.sqlite"))


def test_a_results_folder_that_cannot_be(called: Evalkit, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    called("list", "--results", "taken")
    shown = called("doctor", "--results", "taken", "--json")
    assert shown.code == 1
    assert [c["ok"] for c in shown.json["checks"] if c["name"] == "results"] == [False]


def test_a_suite_folder_that_is_none(called: Evalkit, tmp_path: Path) -> None:
    (tmp_path / "my_suite").mkdir()
    called("run", "./my_suite", *ORACLE).refused(2, "no suite in my_suite", "docs/adding-a-suite.md")
    (tmp_path / "my_suite" / "suite.toml").write_text("title = [broken")
    (tmp_path / "my_suite" / "suite.py").write_text("raise RuntimeError('at import')")
    called("run", "./my_suite", *ORACLE).refused(2, "suite.toml")
    (tmp_path / "my_suite" / "suite.toml").write_text('title = "Mine"')
    called("run", "./my_suite", *ORACLE).refused(2, "cannot import", "at import")


def test_a_truncated_store_is_one_clear_line(called: Evalkit, tmp_path: Path) -> None:
    run = make_run(tmp_path / "results" / "stored")
    for name in ("run.sqlite-wal", "run.sqlite-shm"):
        (run / name).unlink(missing_ok=True)
    whole = (run / "run.sqlite").read_bytes()
    (run / "run.sqlite").write_bytes(whole[: len(whole) // 2])
    shown = called("show", "stored")
    assert shown.code in (0, 2)  # what is still readable may be shown, with a word about the rest
    assert "Traceback" not in shown.stderr
    assert "damage" in (shown.stderr + shown.stdout)


def test_a_manifest_that_cannot_be_read(called: Evalkit, tmp_path: Path) -> None:
    (make_run(tmp_path / "results" / "stored") / "manifest.json").write_text("{")
    called("score", "stored").refused(2, "manifest.json")


@pytest.mark.docker
def test_two_processes_on_one_run(called: Evalkit, tmp_path: Path, docker_engine: object) -> None:
    with running() as url:
        words = ("run", "mini", "--model", "slow", "--base-url", url, "--limit", "2", "--results", "results")
        first = subprocess.Popen(
            [sys.executable, "-m", "evalkit", *words],
            cwd=tmp_path,
            env={**os.environ, "OPENAI_API_KEY": "none"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert first.stderr is not None
        assert b"new run" in first.stderr.readline()  # it holds the run now
        first.send_signal(signal.SIGSTOP)  # and still does when the other comes
        try:
            called(*words).refused(2, "results/mini--slow")
        finally:
            first.send_signal(signal.SIGCONT)
        first.communicate(timeout=120)
    assert first.returncode == 0
    assert called(*words).code == 0  # released again, and nothing is owed: no endpoint needed


def test_a_dry_run_needs_no_key(called: Evalkit) -> None:
    done = called("run", "mini", "--model", "qwen3-coder", "--dry-run", "--json")
    assert (done.code, done.json["calls"]) == (0, 40), done
    called("run", "mini", "--model", "qwen3-coder").refused(2, "no API key for qwen3-coder")


def test_errors_are_said_as_they_happen(called: Evalkit, docker_engine: object) -> None:
    url = "http://127.0.0.1:9/v1"  # nobody listens there
    done = called("run", "mini", "--model", "m", "--base-url", url, "--limit", "2", "--max-attempts", "1")
    assert done.code == 3, done
    assert done.stderr.count("error/api: m: ConnectionRefusedError") == 1, done
