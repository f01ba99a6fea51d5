"""show, list and export of a stored run, also where everything in it is hostile."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import unicodedata
from pathlib import Path

import pandas
import pytest

import evalkit as package
from tests.browser.recorded import recorded_run
from tests.cli.conftest import Evalkit
from tests.cli.stored import HOSTILE, PLAN, make_run
from tests.report.casts import SESSION, cast

RUN = "results/stored"
Words = tuple[str, ...]


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return make_run(tmp_path / RUN)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    return make_run(tmp_path / RUN, HOSTILE)


def harmless(text: str) -> bool:
    kinds = {unicodedata.category(c) for c in text.replace("\n", "")}
    return not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_summary_adds_up(called: Evalkit, stored: Path) -> None:
    shown = called("show", "last")
    assert shown.code == 0
    assert "INCOMPLETE" in shown.stdout
    assert "4 of 8 samples are missing; the score lies in [25.0%, 75.0%]" in shown.stdout
    assert "2 passed, 2 failed, 2 error, 2 not run" in shown.stdout
    assert "paused by --max-cost" in shown.stdout
    assert f"evalkit resume {RUN}" in shown.stdout
    assert "tokens      prompt 40, completion 80, reasoning 20" in shown.stdout
    assert "cost        $1.00" in shown.stdout
    assert "difficulty  easy: pass@1 100.0% (2/2, 1 task)" in shown.stdout
    assert "hard: pass@1 0.0% (0/2, 1 task)" in shown.stdout
    assert "strict      50.0% by the strict verdict, 1 suspect" in shown.stdout


def test_a_run_is_found_by_folder_name_beginning_and_last(called: Evalkit, stored: Path) -> None:
    other = make_run(stored.with_name("standing"))
    expected = called("show", RUN, "--json").json
    for name in ("stored", "sto", "results/sto", str(stored)):
        assert called("show", name, "--json").json | {"run": RUN} == expected
    called("show", "st").refused(2, "'st' is the beginning of 2 runs", "stored, standing")
    assert called("show", "last", "--json").json["run"] == f"results/{other.name}"


def test_one_sample_in_full(called: Evalkit, stored: Path) -> None:
    shown = called("show", "stored", "1", "--sample", "1").stdout
    for section in ("prompt: user", "reasoning", "reply (stop", "extracted code", "attempts", "usage"):
        assert f"\n{section}" in shown
    assert "\n  difficulty: hard\n" in shown
    assert "strict verdict by mini 1\n  failed/crashed" in shown
    assert "official verdict by mini 1\n  failed/wrong" in shown
    assert "parts: base passed, plus failed" in shown
    assert "HTTP 429, 0.2 s" in shown
    assert "waited 1.0 s" in shown
    assert "prompt 10, completion 20, reasoning 5; cost $0.2500" in shown


def test_a_call_of_a_try_that_was_killed_is_shown(called: Evalkit, stored: Path) -> None:
    shown = called("show", "stored", "t/0", "--sample", "1").stdout
    assert "\nreply (stop" in shown
    assert "try 1, call 0: HTTP 200" in shown
    assert "tries 2" in shown


def test_a_sample_without_an_answer_says_why(called: Evalkit, stored: Path) -> None:
    shown = called("show", "stored", "t/2").stdout
    assert shown.startswith("t/2 · sample 0 (2 in all) · error/api")
    assert "why there is no verdict\n  │ def f():" in shown
    assert "HTTP 500" in shown
    assert called("show", "stored", "t/3").stdout.startswith("t/3 · sample 0 (2 in all) · not_run/budget")


@pytest.mark.parametrize("words", [(), ("t/0",), ("t/1", "--sample", "1"), ("t/2",)])
def test_hostile_text_is_shown_inert(called: Evalkit, hostile: Path, words: tuple[str, ...]) -> None:
    shown = called("show", "stored", *words)
    assert shown.code == 0
    assert harmless(shown.stdout + shown.stderr)
    assert words == () or r"\x1b]0;owned\x07" in shown.stdout


def test_hostile_text_cannot_forge_our_lines(called: Evalkit, hostile: Path) -> None:
    """Every line of the reply stands behind a bar, so a forged verdict does too."""
    lines = called("show", "stored", "t/1").stdout.splitlines()
    assert lines.count("official verdict by mini 1") == 1
    assert "  │ official verdict by mini 1" in lines
    after = lines.index("official verdict by mini 1")
    assert lines[after + 1] == "  failed/wrong"


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        (("stored", "t/9"), ("no task 't/9'", "did you mean")),
        (("stored", "t/0", "--sample", "7"), ("t/0 has no sample 7", "0 to 1")),
        (("stred",), ("no run 'stred'", "did you mean stored?")),
        (("results",), ("results is no run",)),
        (("results/stred",), ("no run 'stred' in results", "did you mean stored?")),
    ],
)
def test_what_is_not_there(
    called: Evalkit, stored: Path, words: tuple[str, ...], hints: tuple[str, ...]
) -> None:
    called("show", *words).refused(2, *hints)


def test_a_terminal_that_knows_ascii_only(evalkit: Evalkit, stored: Path) -> None:
    shown = evalkit("show", "stored", "t/1", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert (shown.code, shown.stderr) == (0, "")
    assert shown.stdout.startswith("t/1 \\xb7 sample 0")


def test_a_run_that_lost_its_manifest_is_found(called: Evalkit, stored: Path) -> None:
    (stored / "manifest.json").unlink()
    for name in ("stored", "results/stored", "last"):
        assert called("show", name, "--json").json["planned"] == 8
    assert called("list", "--json").json["planned"] == 8


def test_list_goes_on_past_a_damaged_run(called: Evalkit, stored: Path, tmp_path: Path) -> None:
    broken = make_run(tmp_path / "results" / "broken")
    (broken / "run.sqlite").write_bytes(b"not a database at all, " * 1000)
    shown = called("list")
    assert shown.code == 0
    assert "broken" in shown.stderr
    assert "stored" in shown.stdout
    assert "4/8" in shown.stdout
    assert called("list", "--json").json["planned"] == 8


@pytest.mark.parametrize("verb", ["show", "export", "resume", "score"])
def test_a_foreign_file_is_one_clear_line(called: Evalkit, stored: Path, verb: str) -> None:
    for name in ("run.sqlite-wal", "run.sqlite-shm"):
        (stored / name).unlink(missing_ok=True)
    (stored / "run.sqlite").write_bytes(b"\x00" * 4096 + b"nothing of ours" * 500)
    called(verb, RUN).refused(2, "stored")


def test_export_jsonl_has_a_record_a_sample(called: Evalkit, stored: Path) -> None:
    done = called("export", "stored")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["task_id"], r["sample"]) for r in records] == PLAN
    wrong = records[5]
    assert (wrong["outcome"], wrong["reason"], wrong["official"], wrong["strict"]) == (
        "failed",
        "wrong",
        "failed",
        "failed",
    )
    assert wrong["suspect"]
    assert wrong["tests"][1] == {
        "name": "second",
        "status": "wrong",
        "detail": wrong["answer"],
        "wall_s": 0.5,
    }
    assert wrong["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "reasoning_tokens": 5,
        "cost": 0.25,
        "calls": 1,
        "attempts": 2,
    }
    assert wrong["times"]["model_s"] == 1.5
    assert wrong["times"]["judge_s"] == 0.25
    missing = records[2]
    assert (missing["outcome"], missing["reason"], missing["answer"], missing["scorer"]) == (
        "error",
        "api",
        None,
        None,
    )


def test_logs_are_shown_by_their_end_and_exported_whole(
    called: Evalkit, hostile: Path, tmp_path: Path
) -> None:
    shown = called("show", "stored", "t/1", "--sample", "1").stdout
    assert "\nlog of the strict verdict (9 bytes)\n  │ strictly\n" in shown
    assert "first line" not in shown
    assert "  │ last line" in shown
    called("export", "stored", "--format", "logs").refused(2, "writes a folder", "-o DIR")
    assert called("export", "stored", "--format", "logs", "-o", "logs").code == 0
    names = ["t_1.log", "t_1.sample-1.log", "t_1.sample-1.strict.log"]
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == names
    whole = (tmp_path / "logs" / "t_1.log").read_bytes()
    assert whole.startswith(b"first line\n")
    assert HOSTILE.encode(errors="replace") + b"\xff\n" in whole
    called("export", "stored", "--format", "logs", "-o", "logs").refused(2, "there already")


def test_export_counts_agree_with_the_summary(called: Evalkit, stored: Path) -> None:
    counts = called("show", "stored", "--json").json
    frame = package.load(stored).samples()
    assert frame.groupby("outcome").size().to_dict() == {k: v for k, v in counts["counts"].items() if v}
    passed = frame[frame["outcome"] == "passed"].groupby("difficulty").size().to_dict()
    assert passed == {k: c for k, (c, _) in counts["breakdown"]["difficulty"].items() if c}
    reasons = (frame["outcome"] + "/" + frame["reason"]).dropna()
    assert reasons.value_counts().to_dict() == counts["reasons"]


def test_export_of_hostile_text_is_plain_ascii_and_exact(called: Evalkit, hostile: Path) -> None:
    done = called("export", "stored")
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout
    assert json.loads(done.stdout.splitlines()[0])["answer"] == HOSTILE


def test_export_parquet(called: Evalkit, hostile: Path, tmp_path: Path) -> None:
    assert called("export", "stored", "--format", "parquet", "-o", "samples.parquet").code == 0
    frame = pandas.read_parquet(tmp_path / "samples.parquet")
    lines = io.StringIO(called("export", "stored").stdout)
    records = [json.loads(line) for line in lines]
    assert list(frame.columns) == list(records[0])
    assert frame["outcome"].tolist() == [r["outcome"] for r in records]
    assert frame["usage"][0] == records[0]["usage"]
    assert dict(frame["parts"][1]) == records[1]["parts"]
    assert dict(frame["tags"][1]) == records[1]["tags"] == {"difficulty": "hard"}
    assert r"\ud800" in frame["answer"][0]  # UTF-8 has no lone surrogates


def test_export_writes_whole_files_or_none(called: Evalkit, stored: Path, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("before")
    called("export", "stored", "--format", "official", "-o", "out.jsonl").refused(2, "is not the data that")
    called("export", "stored", "--format", "report", "-o", "report").refused(2, "is not the data that")
    assert (tmp_path / "out.jsonl").read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.jsonl", "results"]


def test_export_to_where_no_file_can_be(called: Evalkit, stored: Path) -> None:
    called("export", "stored", "-o", "results").refused(2, "cannot write results: a folder")
    called("export", "stored", "-o", "none/out.jsonl").refused(2, "none/out.jsonl: its folder does not exist")


def test_export_replaces_no_link_and_no_pipe(
    called: Evalkit, evalkit: Evalkit, stored: Path, tmp_path: Path
) -> None:
    expected = called("export", "stored").stdout
    (tmp_path / "link").symlink_to(tmp_path / "target")
    called("export", "stored", "-o", "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == expected
    assert evalkit("export", "stored", "-o", "/dev/stdout").stdout == expected


def test_a_recorded_terminal_is_told_of_and_written(called: Evalkit, tmp_path: Path) -> None:
    data = cast(SESSION)
    asyncio.run(recorded_run(tmp_path / RUN, {"a/1": data}))
    told = called("show", "stored", "1").stdout
    assert f"recording of the terminal ({len(data)} B)\n  `--cast FILE` writes it" in told
    assert called("show", "stored", "1", "--cast", "one.cast").code == 0
    assert (tmp_path / "one.cast").read_bytes() == data
    assert called("export", "stored", "--format", "recordings", "-o", "casts").code == 0
    assert [path.name for path in (tmp_path / "casts").iterdir()] == ["a_1.cast"]
    assert (tmp_path / "casts" / "a_1.cast").read_bytes() == data
    shutil.rmtree(tmp_path / "casts")
    called("show", "stored", "unrecorded", "--cast", "x").refused(2, "unrecorded has no recording")
    called("show", "stored", "--cast", "x").refused(2, "--cast needs a TASK")
    called("show", "stored", "1", "--cast", "results").refused(2, "cannot write results: a folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.cast", "results"]


def test_frames(stored: Path) -> None:
    run = package.load(stored)
    assert len(run.samples()) == len(PLAN)
    assert run.tests()["status"].tolist() == ["passed", "wrong"] * 2
    assert run.calls()["completion_tokens"].sum() == 80
    assert run.attempts()["status"].value_counts().to_dict() == {429: 4, 200: 4, 500: 2}
    assert run.summary.planned == 8
    assert run.manifest["settings"]["model"] == "a-model"


def test_frames_of_no_run(tmp_path: Path) -> None:
    with pytest.raises(package.EvalkitError, match="no run"):
        package.load(tmp_path)
