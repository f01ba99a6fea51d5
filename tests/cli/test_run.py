"""run, resume, score and validate end to end: the real command, containers and HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import evalkit as package
from evalkit.endpoint.process import running, stats
from tests.cli.conftest import Evalkit
from tests.cli.test_machine_interface import SOMETIMES, SUMMARY, documented

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("docker_engine")]
MINI = Path(__file__).parents[2] / "suites" / "mini"
ONE_AT_A_TIME = ("--max-attempts", "1", "--concurrency", "1")
ORACLE = ("--model", "oracle")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A copy of mini with six of its problems, to be changed by a test: a suite by path."""
    folder = shutil.copytree(MINI, tmp_path / "small", ignore=shutil.ignore_patterns("__pycache__"))
    problems = (folder / "problems.jsonl").read_text().splitlines(keepends=True)[:6]
    (folder / "problems.jsonl").write_text("".join(problems))
    text = (folder / "suite.toml").read_text().replace('name = "mini"', 'name = "small"')
    (folder / "suite.toml").write_text(text)
    return folder


def test_several_suites_and_models_make_a_run_each(evalkit: Evalkit, suite: Path, tmp_path: Path) -> None:
    done = evalkit("run", "mini", "./small", *ORACLE, "--model", "null", "--limit", "3", "--json")
    assert done.code == 0, done.stderr
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    found = [(o["suite"], o["model"], o["pass@1"]) for o in objects]
    assert found == [("mini", "oracle", 1), ("mini", "null", 0), ("small", "oracle", 1), ("small", "null", 0)]
    assert {Path(o["run"]).name for o in objects} == {p.name for p in (tmp_path / "results").iterdir()}
    for o in objects:
        assert set(o) | SOMETIMES == SUMMARY
        assert (o["complete"], o["planned"], o["end"]) == (True, 3, "done")
    assert "mini   oracle" in done.stderr  # the overview of several
    assert len(evalkit("list").stdout.splitlines()) == 1 + 4


def test_again_is_free_and_official_samples_replay_to_the_same(called: Evalkit, tmp_path: Path) -> None:
    first = called("run", "mini", *ORACLE, "--limit", "4", "--json").json
    again = called("run", "mini", *ORACLE, "--limit", "4", "--json").json
    assert again == first
    assert len(package.load(tmp_path / first["run"]).attempts()) == 4
    for form in ("official", "jsonl"):
        assert called("export", "last", "--format", form, "-o", f"{form}.jsonl").code == 0
        words = ("--model", f"replay:{form}.jsonl", "--limit", "4", "--results", "replayed", "--json")
        assert called("run", "mini", *words).json["pass@1"] == 1


def test_over_http_with_errors_then_resumed(called: Evalkit, tmp_path: Path) -> None:
    """Two tasks fail for good at first: missing, never wrong, exit code 3. Resume makes only those."""
    words = (
        "run",
        "mini",
        "--model",
        "m",
        "--limit",
        "8",
        "--max-attempts",
        "1",
        "--concurrency",
        "1",
        "--json",
    )
    script = ("--script", str(MINI / "demo.jsonl"))
    with running(*script, faults=["500 every=4"]) as url:
        done = called(*words, "--base-url", url)
        assert done.code == 3, done.stderr
        assert done.json["counts"]["error"] == 2
        assert done.json["reasons"]["error/api"] == 2
        assert "INCOMPLETE" in done.stderr
        assert "evalkit resume results/mini--m" in done.stderr
        low, high = done.json["bounds"]
        assert high - low == pytest.approx(2 / 8)
        assert done.json["cost"] is None
        assert "cost        unknown" in done.stderr
    with running(*script) as url:
        resumed = called("resume", done.json["run"], "--base-url", url, "--json")
        assert resumed.code == 0, resumed.stderr
        assert stats(url)["requests"] == 2
    assert resumed.json["counts"]["error"] == 0
    assert low <= resumed.json["pass@1"] <= high
    assert resumed.json["tokens"]["completion"] > done.json["tokens"]["completion"]


def test_missing_within_the_rate_is_fine(called: Evalkit, tmp_path: Path) -> None:
    words = ("run", "mini", "--model", "m", "--limit", "4", *ONE_AT_A_TIME)
    with running("--script", str(MINI / "demo.jsonl"), faults=["500 every=4"]) as url:
        done = called(*words, "--base-url", url, "--max-error-rate", "0.25")
    assert done.code == 0
    assert "INCOMPLETE" in done.stdout


def test_quiet_says_nothing(called: Evalkit) -> None:
    done = called("run", "mini", *ORACLE, "--limit", "2", "--quiet")
    assert (done.code, done.stdout, done.stderr) == (0, "", "")


def test_the_bar_is_for_terminals(tmp_path: Path) -> None:
    """On a terminal: rolling pass@1 and rate. The summary on stdout has no colours, as it is piped."""
    command = [sys.executable, "-m", "evalkit", "run", "mini", *ORACLE]
    ours, theirs = pty.openpty()
    pipe = subprocess.PIPE
    done = subprocess.run(command, cwd=tmp_path, stdout=pipe, stderr=theirs, timeout=300, check=True)
    os.close(theirs)
    shown = b"".join(everything(ours))
    assert b"pass@1 100.0%" in shown
    assert b"sample/s" in shown
    assert b"\x1b" not in done.stdout
    assert b"pass@1      100.0%" in done.stdout


def everything(terminal: int) -> Iterator[bytes]:
    """What was written to a terminal whose other end is closed."""
    with open(terminal, "rb", buffering=0) as file, contextlib.suppress(OSError):
        while part := file.read(65536):
            yield part


def test_validate_names_what_is_wrong(called: Evalkit, suite: Path) -> None:
    good = called("validate", "./small", "--json")
    assert (good.code, good.json["ok"], good.json["pass@1"], good.json["null"]["pass@1"]) == (0, True, 1, 0)
    assert set(good.json) | SOMETIMES == SUMMARY | documented("A run's summary", "`validate` prints")

    spoil(suite / "problems.jsonl", 2)
    bad = called("validate", "./small", "--json")
    assert (bad.code, bad.json["ok"]) == (1, False)
    named = [(w["model"], w["task_id"], w["outcome"]) for w in bad.json["wrong"]]
    assert named == [("oracle", "mini/3", "failed")]
    assert "WRONG  oracle mini/3: failed/" in bad.stderr

    with (suite / "suite.toml").open("a") as file:
        file.write('\n[exceptions]\n"mini/3" = "broken on purpose"\n"mini/4" = "said to be broken"\n')
    excused = called("validate", "./small")
    assert excused.code == 0
    assert "excepted  mini/3: broken on purpose" in excused.stdout
    assert "mini/4 is listed as an exception but passes" in excused.stdout


def spoil(problems: Path, index: int) -> None:
    """Give one problem a gold answer that cannot pass."""
    records = [json.loads(line) for line in problems.read_text().splitlines()]
    records[index]["canonical_solution"] = "    return object()\n"
    problems.write_text("".join(json.dumps(record) + "\n" for record in records))


LENIENT = """
    def protocol(self) -> Protocol:
        import dataclasses

        lenient = dataclasses.replace(CHAT.extractor, extract=lambda reply, task: "pass")
        return dataclasses.replace(CHAT, extractor=lenient)

    async def score(self, task, answer, sandbox):
        from evalkit.task import passed

        return passed()
"""


def test_validate_minds_a_null_model_that_passes(called: Evalkit, suite: Path) -> None:
    """A judge that passes everything is found out by the empty answers."""
    with (suite / "suite.py").open("a") as file:
        file.write(LENIENT)  # the later definitions of a class body win
    done = called("validate", "./small", "--limit", "2", "--json")
    assert done.code == 1
    assert [(w["model"], w["outcome"]) for w in done.json["wrong"]] == [("null", "passed")] * 2


STRICTER = """
    async def score(self, task, answer, sandbox):
        from evalkit.task import failed, passed

        return failed("wrong") if task.id == "mini/2" else passed()
"""


def test_score_again_shows_what_changed(called: Evalkit, evalkit: Evalkit, suite: Path) -> None:
    """A judge that changed gives a new set and names the verdicts that differ; no model is asked."""
    first = called("run", "./small", *ORACLE, "--json").json
    same = called("score", "last", "--timeout", "9", "--json")
    assert (same.code, same.json["changes"], same.json["pass@1"]) == (0, [], 1)
    assert set(same.json) | SOMETIMES == SUMMARY | documented("A run's summary", "`score` adds")

    with (suite / "suite.py").open("a") as file:
        file.write(STRICTER)
    kept = evalkit("score", "last", "--no-default", "--json")  # a process that has not imported it yet
    assert (kept.code, kept.json["pass@1"]) == (0, 1)
    changed = evalkit("score", "last", "--json")
    assert [(c["task_id"], c["before"], c["after"]) for c in changed.json["changes"]] == [
        ("mini/2", "passed", "failed/wrong")
    ]
    assert changed.json["set"] == kept.json["set"] + 1
    assert "1 verdict changed:\n  mini/2 0: passed -> failed/wrong" in changed.stderr
    assert called("show", "last", "--json").json["pass@1"] == pytest.approx(5 / 6)
    assert first["pass@1"] == 1


def test_score_refuses_other_data(called: Evalkit, suite: Path) -> None:
    assert called("run", "./small", *ORACLE).code == 0
    spoil(suite / "problems.jsonl", 0)
    called("score", "last").refused(2, "cannot be judged with this", "data")
    called("resume", "last").refused(2, "was made with other settings", "data")


def test_a_changed_setting_is_another_run_and_says_so(called: Evalkit, suite: Path) -> None:
    assert called("run", "./small", *ORACLE).code == 0
    other = called("run", "./small", *ORACLE, "--limit", "2")
    assert "another run than small--oracle--mini" in other.stderr
    assert "tasks.count: 6 -> 2" in other.stderr


def test_from_python(suite: Path, tmp_path: Path) -> None:
    run = package.run(str(suite), "oracle", results=tmp_path / "results", limit=3, timeout=9.0)
    assert run.summary.pass_1 == 1
    assert run.samples()["outcome"].tolist() == ["passed"] * 3
    with pytest.raises(package.EvalkitError, match="did you mean temperature"):
        package.run(str(suite), "oracle", temprature=0)


async def test_from_python_inside_an_event_loop(suite: Path, tmp_path: Path) -> None:
    """As in a notebook, whose loop is running already."""
    run = package.run(str(suite), "oracle", results=tmp_path / "results", limit=1)
    assert run.summary.complete


def test_a_key_that_is_refused_stops_the_run_and_says_which(called: Evalkit) -> None:
    words = ("run", "mini", "--model", "m", "--api-key-env", "MY_KEY", "--limit", "8")
    with running("--script", str(MINI / "demo.jsonl"), "--api-key", "right") as url:
        done = called(*words, "--base-url", url, MY_KEY="wrong-key-of-mine")
        assert done.code == 3
        assert "none, 0 of 8 samples scored" in done.stdout
        assert "check the key in MY_KEY" in done.stdout
        assert "wrong-key-of-mine" not in done.stdout + done.stderr
        assert called("resume", "last", "--api-key-env", "MY_KEY", MY_KEY="right").code == 0


def test_options_between_names_and_chosen_tasks(called: Evalkit) -> None:
    chosen = ("--tasks", "mini/3,7", "--samples", "5", "--json", "--quiet")
    done = called("run", "--timeout", "9", "--model", "oracle", "mini", *chosen)
    assert done.code == 0, done.stderr
    assert (done.json["tasks"], done.json["planned"]) == (2, 10)
    assert (done.json["pass@1"], done.json["pass@5"]) == (1, 1)
    assert done.stderr == ""
    exported = called("export", "last").stdout.splitlines()
    found = [(r["task_id"], r["sample"]) for r in map(json.loads, exported)]
    assert found == [(task, k) for k in range(5) for task in ("mini/3", "mini/7")]
