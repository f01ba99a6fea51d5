"""Agents as files describe them: what is read, and what is refused in words that name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.scaffolds.command.described import Places, read_agent
from evalkit.scaffolds.command.relay import CLOSE, DATA, HEAD, Frames, Tampered
from evalkit.scaffolds.command.scaffold import QwenCode

WHOLE = """
name = "mine"
version = "3"
[provided]
relay = "python3"
[run]
command = ["agent", "--url", "{base_url}", "{other} {turns}"]
[env]
KEY = "{key}"
"""


def test_a_file_is_read_and_its_words_are_put_in_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE)
    agent = read_agent(path)
    assert (agent.name, agent.prompt, agent.prompt_by, agent.quiet_s) == ("mine", "{problem}", "stdin", 1800)
    assert agent.version.startswith("3+")
    assert read_agent(path, own=True).version == "3"
    places = Places("http://here", "secret", "/testbed")
    assert [places.into(word) for word in agent.command] == ["agent", "--url", "http://here", "{other} -1"]
    assert places.into(agent.env["KEY"]) == "secret"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "mine"', "", "name is missing"),
        ('version = "3"', "version = 3", "version is a text, not 3"),
        ('["agent",', "[1,", "command is a list of texts"),
        ("[env]", "[enw]", "nothing is called 'enw'"),
        ("[env]", "quiet_s = 0\n[env]", "quiet_s is a number above 0"),
        ("[env]", 'prompt_by = "mail"\n[env]', "prompt_by is one of stdin, argument"),
        ('relay = "python3"', 'relay = "node"', "needs a tool that brings Node"),
        ('relay = "python3"', 'folder = "nowhere"', "no folder"),
        ("[run]", "[run", "is no TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE.replace(old, new, 1))
    with pytest.raises(UsageError, match=says) as e:
        read_agent(path)
    assert "mine.toml" in e.value.message


def test_qwen_codes_own_file_is_whole() -> None:
    agent = QwenCode()
    assert (agent.name, agent.asks) == ("qwen-code", "qwen-code")
    assert agent.agent.tool == "qwen-code"
    assert "{problem}" in agent.agent.prompt


def test_frames_come_whole_however_they_are_cut_and_what_is_none_is_refused() -> None:
    told = HEAD.pack(DATA, 7, 3) + b"abc" + HEAD.pack(CLOSE, 7, 0)
    for size in (1, 2, 5, len(told)):
        frames = Frames()
        found = [f for i in range(0, len(told), size) for f in frames.add(told[i : i + size])]
        assert found == [(DATA, 7, b"abc"), (CLOSE, 7, b"")]
    for bad in (b"\x09" * 9, HEAD.pack(CLOSE, 1, 5), HEAD.pack(DATA, 1, 1 << 30)):
        with pytest.raises(Tampered):
            Frames().add(bad)
