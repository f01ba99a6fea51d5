"""Which version of an engine is there, and of what it stands on."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from evalkit.servers.engines import ENGINES
from evalkit.serving import installed
from evalkit.serving.installed import package_version, packages, python_of

VLLM = ENGINES["vllm"]
Program = Callable[[str], Path]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Writes the program called `vllm` that is found on the path. Another of that name was asked before."""
    packages(VLLM)
    package_version(VLLM)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def made(text: str) -> Path:
        file = tmp_path / "vllm"
        file.write_text(text)
        file.chmod(0o755)
        return file

    return made


def python_that_says(folder: Path, found: object) -> Path:
    python = folder / "a folder" / "python3"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\necho '{json.dumps(found)}'\n")
    python.chmod(0o755)
    return python


@pytest.mark.parametrize("first", ["#!{python}\n", "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"])
def test_its_own_python_is_asked_and_not_the_engine(program: Program, tmp_path: Path, first: str) -> None:
    """As pip begins a script, and as it does where the path is long or has blanks."""
    python = python_that_says(tmp_path, {"torch": "2.13.0+cpu", "vllm": "0.32.0+cpu"})
    program(first.format(python=python) + "raise SystemExit(1)\n")
    assert python_of("vllm") == str(python)
    assert packages(VLLM) == {"torch": "2.13.0+cpu", "vllm": "0.32.0+cpu"}
    assert package_version(VLLM) == "0.32.0+cpu"


def test_what_is_installed_there_is_read(program: Program) -> None:
    program(f"#!{sys.executable}\nraise SystemExit(1)\n")
    beside = dataclasses.replace(VLLM, package="openai")
    assert packages(VLLM) == installed.beside()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installed, "BENEATH", ("openai", "nobody-has-this"))
        installed._packages.cache_clear()
        assert packages(beside) == {"openai": version("openai")}


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ("INFO 11-26 20:31:33 [__init__.py:244] Platform cpu detected.\n0.32.0+cpu", "0.32.0+cpu"),
        ("Triton is installed, but not for 1 CPU.\nsglang version: 0.5.23", "sglang version: 0.5.23"),
        ("version: 5000 (abc)\nbuilt with cc 12.2.0", "version: 5000 (abc)"),
        ("b5000", "b5000"),
        ("none", ""),
    ],
)
def test_a_program_s_log_is_not_its_version(program: Program, says: str, found: str) -> None:
    program(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    assert python_of("vllm") == ""
    assert package_version(VLLM) == found


def test_a_python_that_fails_leaves_it_unknown(program: Program, tmp_path: Path) -> None:
    python = python_that_says(tmp_path, {})
    python.write_text("#!/bin/sh\nexit 1\n")
    program(f"#!{python}\n")
    assert packages(VLLM) == {}
    assert package_version(VLLM) == ""
    assert python_of("no-such-program") == ""
    assert packages(dataclasses.replace(VLLM, program="")) == installed.beside()
