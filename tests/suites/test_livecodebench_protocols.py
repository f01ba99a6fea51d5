"""LiveCodeBench's protocols: prompts equal to the authors' to the byte, replies read by their rules.

The hashes are of prompts that the authors' own code gave (28fef95; f05cda28 for lcb-chat-2024; QwenLM/QwQ's
file of prompts for qwq), for the own-made set and for all problems of release_v6.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from evalkit.data import read_records
from evalkit.protocol import Protocol
from evalkit.registry import open_suite
from evalkit.task import Answer, Task
from tests.suites.livecodebench.make import FILE

OWN = {
    "lcb-chat": "f9ea43dfdb1d4025",
    "lcb-claude": "b536db927faf3ac8",
    "lcb-one-message": "aafe8e2c9ab3915e",
    "lcb-main": "e6d64e020f71a63a",
    "lcb-gemini": "1066be80e60d73df",
    "lcb-gemini-thinking": "ff59f760837180da",
    "lcb-codeqwen": "e856dab47da2d7f6",
    "lcb-qwq": "89a7e98f0e6eeba0",
    "lcb-deepseek-r1": "0f74a79d6de3405a",
    "lcb-deepseek-coder": "7f02cd8f9cf83ad2",
    "lcb-base": "9f5851054b8c0387",
    "lcb-chat-2024": "49d0f9ca29e27406",
    "qwq": "77dff219344293a8",
}
RELEASED = {
    "lcb-chat": "7f509d3e83251fd2",
    "lcb-claude": "fe78194dcddd2ca0",
    "lcb-one-message": "3e42d12f6f752b9f",
    "lcb-main": "bef122df263a8100",
    "lcb-gemini": "960a5256be8a6630",
    "lcb-gemini-thinking": "ea047aa9389264ae",
    "lcb-codeqwen": "743cd009ad2e337e",
    "lcb-qwq": "a362fc4cd8c94751",
    "lcb-deepseek-r1": "4e9a706070cf0dbb",
    "lcb-deepseek-coder": "9d01473374b72c0d",
    "lcb-base": "5d60d4ec8e9e1a94",
    "lcb-chat-2024": "ab6c1854b2d177de",
    "qwq": "a232cc239269793c",
}


def protocol(name: str) -> Protocol:
    return open_suite("livecodebench", {"protocol": name}).protocol()


def sent(name: str, records: Iterable[dict[str, Any]]) -> str:
    """A hash of everything that is sent for these problems."""
    digest, ask = hashlib.sha256(), protocol(name).prompt
    for record in records:
        prompt = ask(Task(record["question_id"], record))
        messages = [[m.role, m.content] for m in prompt.messages]
        digest.update(json.dumps([messages, prompt.text]).encode() + b"\n")
    return digest.hexdigest()[:16]


@pytest.mark.parametrize("name", OWN)
def test_prompts_are_the_authors(name: str) -> None:
    assert sent(name, read_records(FILE)) == OWN[name]


@pytest.mark.parametrize("name", RELEASED)
def test_prompts_of_the_release_are_the_authors(name: str, data_dir: Path) -> None:
    files = ["test_public", *(f"test{n}_public" for n in range(2, 7))]
    folder = data_dir / "livecodebench"
    assert sent(name, (r for f in files for r in read_records(folder / f"{f}.jsonl.gz"))) == RELEASED[name]


def test_every_protocol_is_held_to_a_hash() -> None:
    from evalkit_suites.livecodebench.protocols import PROTOCOLS

    assert set(OWN) == set(RELEASED) == set(PROTOCOLS)


def test_the_qwen_teams_prompts_are_theirs(data_dir: Path) -> None:
    folder = data_dir / "livecodebench"
    files = ["test_public", *(f"test{n}_public" for n in range(2, 7))]
    known = {r["question_id"]: r for f in files for r in read_records(folder / f"{f}.jsonl.gz")}
    rows = list(read_records(folder / "v5_window_2408_2502_prompts.jsonl.gz"))
    assert len(rows) == 279
    for row in rows:
        [message] = protocol("qwq").prompt(Task(row["question_id"], known[row["question_id"]])).messages
        assert (message.role, message.content) == ("user", row["prompt"])


@pytest.mark.parametrize(
    ("name", "reply", "code"),
    [
        ("lcb-chat", "```\na\n```\nand\n```\nb\n```", "b"),
        ("lcb-chat", "```\na\n```\nand\n```\nb", "and"),
        ("lcb-chat-2024", "```\na\n```\nand\n```\nb\n```", "a"),
        ("lcb-chat-2024", "```\na", None),
        ("lcb-base", "\n\nprint(1)\n\n", "print(1)"),
        ("lcb-base", "print(1)\n\n### Question\nprint(2)", "print(1)"),
        ("lcb-base", "```\nprint(1)\n```", "```\nprint(1)\n```"),
        ("lcb-base", " \n", ""),
        ("lcb-deepseek-r1", "<think>### a\n```\nx\n```\n</think>\n### b\n```python\ny\n```", "y"),
    ],
)
def test_code_is_taken_by_the_authors_rule(name: str, reply: str, code: str | None) -> None:
    found = protocol(name).extract(Task("x", {}), Answer(reply))
    assert (found.text if found else None) == code


def test_only_what_the_authors_run_themselves_has_a_stop() -> None:
    from evalkit_suites.livecodebench.protocols import PROTOCOLS

    for name, found in PROTOCOLS.items():
        text = found.prompt(Task("x", {"question_content": "?"})).text
        assert (text is not None) == (found.stop == ("###",)), name
