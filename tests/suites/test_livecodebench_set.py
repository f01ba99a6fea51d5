"""The own-made set by the command line: official files in, official verdicts, official files out."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.livecodebench import records

from evalkit.data import read_records
from evalkit.endpoint.process import running
from tests.cli.conftest import Evalkit, called
from tests.parity.livecodebench.published import compared, outcomes_of
from tests.suites.livecodebench.make import FILE, record, unpacked
from tests.suites.livecodebench.problems import PROBLEMS
from tests.suites.livecodebench.record import OUTPUTS, replies

__all__ = ["called"]  # a fixture
DATA = ("--data", FILE)
ROWS = json.loads(OUTPUTS.read_text())
RUN = ("run", "livecodebench", *DATA, "--json")


def written(path: Path, rows: Any) -> str:
    path.write_text(json.dumps(rows))
    return f"replay:{path}"


def official_rows() -> list[dict[str, Any]]:
    """The recorded rows as they were before they were judged."""
    return [{k: v for k, v in row.items() if k not in ("graded_list", "pass@1", "metadata")} for row in ROWS]


def test_the_set_is_what_make_makes() -> None:
    kept = [json.loads(line) for line in FILE.read_text().splitlines()]
    assert [unpacked(r) for r in kept] == [unpacked(record(p)) for p in PROBLEMS]
    assert {(p.difficulty, p.platform) for p in PROBLEMS} >= {
        (level, site)
        for level in ("easy", "medium", "hard")
        for site in ("atcoder", "codeforces", "leetcode")
    }
    assert {row["question_id"]: row["output_list"] for row in ROWS} == replies()


@pytest.mark.docker
def test_verdicts_are_the_official_ones_and_files_come_back(called: Evalkit, tmp_path: Path) -> None:
    done = called(*RUN, "--model", f"replay:{OUTPUTS}")
    assert done.code == 0, done.stderr
    right = sum(row["graded_list"].count(True) for row in ROWS)
    assert done.json["pass@1"] == pytest.approx(sum(row["pass@1"] for row in ROWS) / len(ROWS))
    assert (done.json["counts"]["passed"], done.json["counts"]["failed"]) == (right, 27 - right)
    assert done.json["breakdown"]["difficulty"].keys() == {"easy", "medium", "hard"}
    assert done.json["breakdown"]["platform"].keys() == {"atcoder", "codeforces", "leetcode"}

    assert called("export", "last", "-o", "records.jsonl").code == 0
    exported = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()]
    verdicts = {(r["task_id"], r["sample"]): r["outcome"] == "passed" for r in exported}
    graded = {(row["question_id"], k): g for row in ROWS for k, g in enumerate(row["graded_list"])}
    assert verdicts == graded
    found = Counter(how for _, how in compared(ROWS, outcomes_of(tmp_path / done.json["run"]), known_tests()))
    assert found == {"passed in both": right, "failed in both": 27 - right}

    official = called("export", "last", "--format", "official", "-o", "OUTPUT.json")
    assert (official.code, official.stderr) == (0, "")
    assert json.loads((tmp_path / "OUTPUT.json").read_text()) == official_rows()

    codes = [{"question_id": r["question_id"], "code_list": r["code_list"]} for r in reversed(ROWS)]
    custom = called(*RUN, "--model", written(tmp_path / "codes.json", codes))
    assert custom.json["pass@1"] == done.json["pass@1"], custom.stderr
    back = json.loads(called("export", "last", "--format", "official").stdout)
    assert [row["code_list"] for row in back] == [row["code_list"] for row in ROWS]


def known_tests(count: int | None = None) -> dict[str, records.Tests]:
    """The set's tests; only the first `count` of each problem."""
    found = ((str(r["question_id"]), records.tests_of(r)) for r in read_records(FILE))
    return {name: records.Tests(t.inputs[:count], t.outputs[:count], t.function) for name, t in found}


def test_other_verdicts_than_published_ones_are_told_apart() -> None:
    """With two tests a problem at hand: 9002_E's second program fails the second, evk002_e's the last."""
    rows = [row for row in ROWS if row["question_id"] in ("9002_E", "evk002_e", "9102")]
    all_pass = {(row["question_id"], k): "passed" for row in rows for k in range(3)}
    public = Counter(how for _, how in compared(rows, all_pass, known_tests(2)))
    assert public == {
        "passed in both": 3,
        "failed there, passed here": 5,
        "failed there on a test that is not at hand": 1,
    }
    others = dict.fromkeys(all_pass, "failed") | {("9102", 1): "error"}
    found = [how for name, how in compared(rows, others, known_tests()) if name == "9102"]
    assert found == ["passed there, failed here", "not judged here", "failed in both"]


@pytest.mark.docker
def test_a_failed_request_moves_no_answer(called: Evalkit, tmp_path: Path) -> None:
    names = ("evk001_a", "evk001_c", "evk002_e")
    content = {p.name: p.content for p in PROBLEMS}
    texts = {name: replies()[name][0] for name in names}  # each is right for its own problem alone
    rules = [
        {"match": content[name], "replies": [texts[name]] * 2, "by": "hit"}
        for name in ("evk001_a", "evk002_e")
    ]
    failing = {"match": content["evk001_c"], "replies": [{"fault": "500"}, texts["evk001_c"]], "by": "hit"}
    (tmp_path / "script.jsonl").write_text("".join(json.dumps(rule) + "\n" for rule in [*rules, failing]))
    one_by_one = ("--samples", "2", "--concurrency", "1", "--max-attempts", "1")
    with running("--script", str(tmp_path / "script.jsonl")) as url:
        done = called(*RUN, "--model", "m", "--base-url", url, "--tasks", ",".join(names), *one_by_one)
    assert done.code == 3, done.stderr
    assert (done.json["counts"]["passed"], done.json["counts"]["error"]) == (5, 1)

    exported = called("export", "last", "--format", "official", "-o", "OUTPUT.json")
    assert "1 samples have no answer: null holds the place of each" in exported.stderr
    rows = json.loads((tmp_path / "OUTPUT.json").read_text())
    assert {row["question_id"]: row["output_list"] for row in rows} == {
        **{name: [texts[name]] * 2 for name in names},
        "evk001_c": [None, texts["evk001_c"]],
    }
    replayed = called(*RUN, "--model", "replay:OUTPUT.json", "--tasks", ",".join(names))
    assert replayed.json["counts"]["passed"] == 5
    assert replayed.json["counts"]["failed"] == 0


def test_a_file_that_cannot_be_told_apart_is_one_clear_error(called: Evalkit, tmp_path: Path) -> None:
    lists = written(tmp_path / "lists.json", [["print(1)"], ["print(2)"]])
    called(*RUN, "--model", lists).refused(2, "no question_id", "write question_id and code_list")
    shifted = [*official_rows()[:1], {"question_id": "evk001_a", "output_list": "", "code_list": []}]
    said = called(*RUN, "--model", written(tmp_path / "shifted.json", shifted))
    said.refused(2, "evk001_a", "to the wrong problems")
    other = written(tmp_path / "other.json", [{"question_id": "1", "code_list": ["x"]}])
    called(*RUN, "--model", other).refused(2, "answers for none of this suite's tasks")


@pytest.mark.docker
@pytest.mark.parametrize(
    ("protocol", "reply"), [("lcb-base", "{}\n\n### Question\nprint(0)"), ("lcb-qwq", "```\n{}\n```")]
)
def test_whole_texts_are_completed(called: Evalkit, tmp_path: Path, protocol: str, reply: str) -> None:
    """What has its markup by hand goes to the completions endpoint."""
    code = "print(*sorted(input().split(), key=len, reverse=True)[:1])"
    rule = {"match": "Two words", "reply": reply.format(code)}
    (tmp_path / "script.jsonl").write_text(json.dumps(rule) + "\n")
    log = tmp_path / "log.jsonl"
    with running("--script", str(tmp_path / "script.jsonl"), "--log", str(log)) as url:
        words = ("--tasks", "evk001_a", "--samples", "1", "--protocol", protocol)
        done = called(*RUN, "--model", "m", "--base-url", url, *words)
    assert done.code == 0, done.stderr
    assert [json.loads(line)["path"] for line in log.read_text().splitlines()] == ["/v1/completions"]
    sample = called("show", "last", "evk001_a", "--json").json
    assert (sample["outcome"], sample["extracted"]) == ("passed", code)
