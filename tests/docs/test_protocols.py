"""docs/protocols.md names what the code has: every protocol with its limit and extractor, every source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from evalkit.protocol import Protocol
from evalkit.registry import open_suite

TEXT = (Path(__file__).parents[2] / "docs" / "protocols.md").read_text()
SECTIONS = {
    "humaneval": "HumanEval and HumanEval+",
    "humaneval-plus": "HumanEval and HumanEval+",
    "mbpp": "MBPP",
    "livecodebench": "LiveCodeBench",
    "livecodebench-repair": "LiveCodeBench self-repair",
}


def protocols(suite: str) -> Iterator[Protocol]:
    [choice] = [f for f in fields(open_suite(suite).options) if f.name == "protocol"]
    for name in choice.metadata["choices"]:
        yield open_suite(suite, {"protocol": name}).protocol()


def rows(section: str) -> dict[str, list[str]]:
    """The cells of the section's table by the name in the first one."""
    body = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    [text] = [part for part in body if part.startswith(section + "\n")]
    lines = [line for line in text.split("\n") if line.startswith("| `")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {row[0].strip("`"): row for row in cells}


def number(cell: str) -> float | None:
    """A dash where nothing is sent."""
    return None if cell == "-" else float(cell)


@pytest.mark.parametrize("suite", SECTIONS)
def test_every_protocol_has_a_row_that_is_true(suite: str) -> None:
    table = rows(SECTIONS[suite])
    found = list(protocols(suite))
    assert list(table) == [protocol.name for protocol in found]
    for protocol in found:
        _, _, stops, code, tokens, sampling = table[protocol.name]
        temperature, top_p, samples = (part.strip() for part in sampling.partition("(")[0].split(","))
        assert number(tokens) == protocol.max_tokens
        assert number(temperature) == protocol.temperature
        assert number(top_p) == protocol.top_p
        assert int(samples) == protocol.samples
        assert (stops == "none") == (not protocol.stop)
        assert code == "as above" or protocol.extractor.name.removesuffix("-local") in code


@pytest.mark.parametrize("suite", [*SECTIONS, "mbpp-plus"])
def test_every_extractor_and_source_is_named(suite: str) -> None:
    for protocol in protocols(suite):
        assert f"`{protocol.extractor.name.removesuffix('-local')}`" in TEXT
        for repository, commit in re.findall(r"(\S+/\S+) ([0-9a-f]{8})\b", protocol.source):
            assert f"| {repository} | {commit} |" in TEXT


def test_swebenchs_table_names_each_way_to_work() -> None:
    found = [
        open_suite("swebench", {"tools": tools}).protocol().name for tools in ("tools", "bash-only", "text")
    ]
    assert list(rows("SWE-bench"))[:3] == found
