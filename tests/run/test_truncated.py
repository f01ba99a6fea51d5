"""A reply that the token limit cut: failed as `truncated` in a chat, judged as it stands in a completion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit.endpoint.process import running

from .command import here

pytestmark = pytest.mark.docker
TASK = {
    "task_id": "own/1",
    "prompt": "def one():\n",
    "entry_point": "one",
    "test": "def check(candidate):\n    assert candidate() == 1\n",
}


def test_what_is_left_of_a_cut_reply(docker_engine: object, tmp_path: Path) -> None:
    data, script = tmp_path / "own.jsonl", tmp_path / "script.jsonl"
    data.write_text(json.dumps(TASK) + "\n")
    whole = {"text": "```python\ndef one():\n    return 1\n```\nAs you", "finish_reason": "length"}
    body = {"text": "    return 1\n\n\ndef two", "finish_reason": "length"}
    rules = ({"match": "```python", "reply": whole}, {"match": "def one", "reply": body})
    script.write_text("".join(json.dumps(rule) + "\n" for rule in rules))
    with running("--script", str(script)) as url:
        at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--data", str(data))
        words = ("run", "humaneval", "--model", "m", *at, "--results", str(tmp_path / "results"), "--json")
        chat = here(*words)
        assert chat.summary["reasons"] == {"failed/truncated": 1}, chat.stderr
        kept = here("score", chat.summary["run"], "--truncated", "judge", "--json")
        assert kept.summary["pass@1"] == 1.0, kept.stderr
        assert "failed/truncated -> passed" in kept.stderr
        completion = here(*words, "--protocol", "lm-eval-base")
        assert completion.summary["pass@1"] == 1.0, completion.stderr
