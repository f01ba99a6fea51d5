"""docs/local-models.md: the commands that it shows are ones that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from evalkit.cli import run, server
from evalkit.serving import SERVED

PAGE = (Path(__file__).parents[2] / "docs" / "local-models.md").read_text()


def test_each_backend_has_three_commands_from_nothing_to_a_number() -> None:
    shown = PAGE.partition("## From nothing to a number")[2].partition("\n## ")[0]
    blocks = [block.strip().splitlines() for block in re.findall(r"```bash\n(.*?)```", shown, re.S)]
    assert {len(block) for block in blocks} == {3}
    named = []
    for _, doctor, line in blocks:
        words = shlex.split(line)
        assert words[:2] == ["evalkit", "run"]
        args = run.read(words[2:])
        assert shlex.split(doctor) == ["evalkit", "doctor", "--backend", args.backend]
        named.append(args.backend)
    assert sorted(named) == sorted(SERVED)


def test_the_servers_that_are_kept_are_spoken_of_in_commands_that_there_are() -> None:
    shown = PAGE.partition("## Servers that are kept")[2].partition("\n## ")[0]
    for line in re.findall(r"^evalkit server (.*)$", shown, re.M):
        assert server.build().read(shlex.split(line)).action in server.ACTIONS


def test_every_flag_of_the_table_is_one() -> None:
    table = PAGE.partition("## Flags")[2].partition("\n\n`")[0]
    known = server.build().format_help()
    flags = re.findall(r"--[a-z][a-z-]+", table)
    assert len(flags) > 8
    assert [flag for flag in flags if flag not in known] == []
