"""What goes wrong between us and the endpoint ends as retried, `error` or `truncated`: never as `wrong`.

Each task of one run meets a fault of its own, over real HTTP, and is judged by the real judge.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evalkit
from evalkit.endpoint.process import running

pytestmark = pytest.mark.docker
PROBLEMS = Path(__file__).parents[2] / "suites" / "mini" / "problems.jsonl"
TRANSIENT = [
    "429 first=2 retry_after=1",
    "429 first=1 retry_after=date",
    "500 first=2",
    "503 first=1",
    "reset first=2",
    "cut first=1",
    "close first=1",
    "truncate first=1",
    "empty first=2",
    "nofinish first=1",
    "html first=1",
    "error200 first=1",
]
LASTING = {
    "429 retry_after=1": ("error", "api"),
    "500": ("error", "api"),
    "401": ("error", "api"),
    "reset": ("error", "api"),
    "close": ("error", "api"),
    "truncate": ("error", "api"),
    "empty": ("error", "api"),
    "nofinish": ("error", "api"),
    "html": ("error", "api"),
    "error200": ("error", "api"),
    "context": ("failed", "context"),
    "length": ("failed", "truncated"),
    "content_filter": ("failed", "refused"),
    "null": ("failed", "no_answer"),
    "drip s=0.001": ("passed", ""),
    "badusage": ("passed", ""),
    "wrongmodel": ("passed", ""),
}


@pytest.fixture(scope="module", params=[False, True], ids=["whole", "streamed"])
def rows(
    request: pytest.FixtureRequest, docker_engine: object, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What became of each fault, in one run."""
    faults = [*TRANSIENT, *LASTING]
    made = run_with(faults, tmp_path_factory.mktemp("faults"), request.param)
    return dict(zip(faults, made, strict=True))


def test_faults_that_pass_are_retried_until_the_answer_is_whole(rows: dict[str, dict[str, Any]]) -> None:
    for fault in TRANSIENT:
        row = rows[fault]
        assert (row["outcome"], row["reason"]) == ("passed", ""), fault
        assert row["attempts"] == 1 + int(fault.split("first=")[1].split()[0]), fault


def test_faults_that_last_are_errors_or_the_models_doing_but_never_wrong(
    rows: dict[str, dict[str, Any]],
) -> None:
    assert {fault: (rows[fault]["outcome"], rows[fault]["reason"]) for fault in LASTING} == LASTING


def run_with(faults: list[str], folder: Path, stream: bool) -> list[dict[str, Any]]:
    """One row a fault: task k's reply is right, and meets fault k."""
    problems = [json.loads(line) for line in PROBLEMS.read_text().splitlines()[: len(faults)]]
    with (folder / "script.jsonl").open("w") as script:
        for problem, fault in zip(problems, faults, strict=True):
            reply = f"```python\n{problem['prompt']}{problem['canonical_solution']}\n```"
            rule = {"match": f"def {problem['entry_point']}(", "reply": {"text": reply, "fault": fault}}
            script.write(json.dumps(rule) + "\n")
    with running("--script", str(folder / "script.jsonl")) as url:
        run = evalkit.run(
            "mini",
            model="scripted",
            base_url=url,
            limit=len(faults),
            results=folder,
            stream=stream,
            max_attempts=3,
        )
    frame = run.samples()
    frame["reason"] = frame["reason"].fillna("")
    records: list[dict[str, Any]] = frame.to_dict("records")
    return records
