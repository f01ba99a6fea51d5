"""For what a certificate holds: the machine, the task, its gold, the way of judging, the image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.registry import open_suite
from evalkit.run.certificates import Certificates, certificates_of
from evalkit.run.plan import make_plan
from evalkit.run.settings import Knobs, Settings
from evalkit.task import Answer, Task, Verdict, error, failed, not_run, passed

SUITE = str(Path(__file__).parents[1] / "cli" / "proving")
TASK = Task("own/a", {"kind": "passes", "n": 1}, Answer("gold", "patch"))
AT = "2026-11-26T11:00:00+00:00"


def certificates(folder: Path, image: str = "sha256:1", **way: object) -> Certificates:
    return Certificates(folder, open_suite(SUITE, {}), {"scorer": "1", **way}, lambda name: image)


VERDICTS = [
    passed(official="resolved", measured={"test_s": 1.5}),
    passed(strict=failed("wrong", "two tests", suspect="a conftest.py")),
    failed("test_timeout", "\x1b[31m late \ud800", official="error"),
    passed(strict=not_run("unavailable", "no structured results of go")),
]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_comes_back(tmp_path: Path, verdict: Verdict) -> None:
    kept = certificates(tmp_path)
    assert kept.read(TASK, "gold") is None
    kept.write(TASK, "gold", replace(verdict, log=b"much", extracted="more"), AT)
    found = kept.read(TASK, "gold")
    assert found is not None
    assert (found.verdict, found.image, found.at) == (verdict, "sha256:1", AT)
    assert kept.read(TASK, "empty") is None


def test_what_it_holds_for(tmp_path: Path) -> None:
    certificates(tmp_path).write(TASK, "gold", passed(), AT)
    record = {**TASK.data, "n": 2}
    others = [
        replace(TASK, data=record),
        replace(TASK, gold=Answer("other", "patch")),
        replace(TASK, id="own/b"),
    ]
    assert [certificates(tmp_path).read(other, "gold") for other in others] == [None] * 3
    assert certificates(tmp_path, scorer="2").read(TASK, "gold") is None
    assert certificates(tmp_path, image="sha256:2").read(TASK, "gold") is None
    assert certificates(tmp_path, image="").read(TASK, "gold") is not None, "an image that is not here yet"


@pytest.mark.parametrize("verdict", [error("sandbox", "no disk"), not_run("unavailable")])
def test_what_broke_proves_nothing(tmp_path: Path, verdict: Verdict) -> None:
    kept = certificates(tmp_path)
    kept.write(TASK, "gold", passed(), AT)
    kept.write(TASK, "gold", verdict, AT)
    found = kept.read(TASK, "gold")
    assert found is not None
    assert found.verdict == passed(), "nor does it take a proof away"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "evalkit.certificate/2"}', "\udcff"])
def test_a_file_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    kept = certificates(tmp_path)
    kept.write(TASK, "gold", passed(), AT)
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert kept.read(TASK, "gold") is None


def test_the_way_is_that_of_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine, scorer, options that verdicts depend on, and the suite's conditions; nothing else of a run."""
    data = tmp_path / "proving.jsonl"
    data.write_text('{"task_id": "a", "kind": "passes", "lines": "none"}\n')

    class Sandbox:
        def identity(self, image: str) -> str:
            return "sha256:1"

    def way(**given: Any) -> object:
        options = {k: v for k, v in given.items() if k in ("network", "truncated")}
        rest = {k: v for k, v in given.items() if k not in options}
        settings = replace(Settings(SUITE, "oracle", options, data=str(data)), **rest)
        found = certificates_of(make_plan(settings, Knobs()), Sandbox())
        assert found is not None
        return found.way

    own = way()
    assert way(model="null") == way(label="again") == way(samples=3) == own
    assert way(network="on") != own
    assert way(truncated="judge") != own
    monkeypatch.setattr("platform.machine", lambda: "another")
    assert way() != own
