"""Replies that Terminus 1 and 2 may get, read by us and (recorded) by terminal-bench 0.2.18 and harbor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.scaffolds.terminus.reply_json import read_json
from evalkit.scaffolds.terminus.reply_xml import read_xml
from evalkit.scaffolds.terminus.schema import FOREVER_S, NoBatch, read_batch

REPLIES = Path(__file__).parent / "terminus" / "replies.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in REPLIES.read_text().splitlines()]
# what only we warn of
MORE_WARNED = {"<response> does not end", "has a 'duration' that is no number"}


@pytest.mark.parametrize("row", [r for r in ROWS if r["kind"] != "schema"], ids=lambda row: row["reply"][:60])
def test_a_reply_to_terminus_2_comes_to_the_same(row: dict[str, Any]) -> None:
    read = (read_json if row["kind"] == "json" else read_xml)(row["reply"])
    commands = [[command.keys, command.wait_s] for command in read.commands]
    assert (commands, read.complete, bool(read.error)) == (row["commands"], row["complete"], row["error"])
    if not read.error and bool(read.warnings) != row["warned"]:
        assert any(more in warning for warning in read.warnings for more in MORE_WARNED)


@pytest.mark.parametrize("row", [r for r in ROWS if r["kind"] == "schema"], ids=lambda row: row["reply"][:60])
def test_a_reply_to_terminus_1_comes_to_the_same(row: dict[str, Any]) -> None:
    """But for limits below 0 and of 0, which `timeout` refuses, or takes for none."""
    try:
        batch = read_batch(row["reply"])
    except NoBatch:
        assert row["error"]
        return
    assert not row["error"]
    asked = [[keys, blocks, s if s > 0 else FOREVER_S] for keys, blocks, s in row["commands"]]
    assert [[c.keys, c.blocks, c.timeout_s] for c in batch.commands] == asked
    assert batch.complete == row["complete"]
