"""What a task's image is made of: what its test script asks for, which stand-ins its bases have, its name."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.registry import open_suite
from evalkit.run.images import contexts_of
from evalkit.sandbox import build_context
from evalkit.sandbox.context_bases import standing_for
from suites.terminal_bench.build import BASES, UV, context_of, own_tools, scripts, tools
from suites.terminal_bench.trial import Environment, Trial
from suites.terminal_bench.wanted import commands, wanted

HARBOR = """\
#!/bin/bash
apt-get update
apt-get install -y curl git=1:2.39 # not this
curl -LsSf https://astral.sh/uv/0.9.5/install.sh | sh
uvx \\
  -p 3.13 \\
  -w pytest==8.4.1 \\
  --with=numpy==2.3.1,pandas \\
  --index https://download.example/whl \\
  -w git+https://host.example/a.git@${COMMIT} \\
  pytest --ctrf /logs/verifier/ctrf.json /tests/test_outputs.py -rA
if [ $? -eq 0 ]; then echo 1 > /logs/verifier/reward.txt; fi
"""
CORE = """\
which gcc >/dev/null || apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y gcc "expect"
uv init; uv python pin 3.11
uv add "pytest==8.4.1" 'requests[socks]>=2' 2>/dev/null
UV_X=1 uv run --with toml pytest $TEST_DIR/test_outputs.py -rA
uv venv -p 3.12 .tb && uv pip install mailman==3.3.8
pip install -r requirements.txt psutil --break-system-packages -e .[test] ./local
python3 -m pip install six | tee log
echo "unfinished
"""


def test_what_a_script_of_either_format_installs_is_found() -> None:
    found = wanted(HARBOR)
    assert (found.uv, [*found.pythons], [*found.apt]) == ("0.9.5", ["3.13"], ["curl", "git=1:2.39"])
    assert [*found.tools] == ["pytest==8.4.1", "numpy==2.3.1", "pandas", "pytest"]
    found = wanted(CORE)
    assert (found.uv, [*found.pythons], [*found.apt]) == ("", ["3.11", "3.12"], ["gcc", "expect"])
    assert [*found.tools] == ["pytest==8.4.1", "requests[socks]>=2", "toml", "mailman==3.3.8"]
    assert [*found.pip] == ["psutil", "six"]


@pytest.mark.parametrize(
    "script", ["", "\n", "\\", "'", '"\\\n', "uvx", "uv", "pip install", "apt install", "uvx -w", "\0"]
)
def test_any_text_is_read(script: str) -> None:
    wanted(script)
    assert all(commands(script))


def test_parts_are_what_is_not_there_for_all_tasks() -> None:
    assert [part.name for part in own_tools(wanted("uvx -p 3.13 -w pytest==8.4.1 pytest"))] == []
    parts = {part.name: part for part in own_tools(wanted(CORE))}
    assert parts["Python 3.11"].python == "3.11"
    assert parts["Python 3.12"].python == "3.12"
    assert parts["packages of the tests"].apt == ("gcc", "expect")
    assert "pytest==8.4.1" not in parts["wheels of the tests"].wheels
    assert parts["pip's wheels of the tests"].wheels == ("psutil", "six")


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("ubuntu:24.04", "terminal-bench-debian"),
        ("debian:bullseye-slim", "terminal-bench-debian"),
        ("python:3.13-slim-bookworm", "terminal-bench-python-3.13"),
        ("python:3.13-slim-bookworm@sha256:0123", "terminal-bench-python-3.13"),
        ("python:3.11", "terminal-bench-python-3.11-full"),
        ("registry.example/tb/t-bench/python-3-13:20250620", "terminal-bench-t-python"),
        ("registry.example/tb/t-bench/ubuntu-24-04:latest@sha256:0123", "terminal-bench-t-ubuntu"),
        ("python:2.7", None),
        ("localstack/localstack:4.3", None),
    ],
)
def test_bases_have_stand_ins(name: str, recipe: str | None) -> None:
    found = standing_for(context_of(trial("FROM x\n")), name)
    assert (found.name if found else None) == recipe
    assert {recipe.tag for _, recipe in BASES if recipe.root} == {r.tag for _, r in BASES if r.root == "/app"}


def trial(dockerfile: str, test: str = HARBOR, more: Mapping[str, Any] | None = None) -> Trial:
    files = {
        "environment/Dockerfile": {"text": dockerfile},
        "environment/run.sh": {"text": "#!/bin/sh\n", "executable": True},
        "environment/data": {"base64": "AP8="},
        "tests/test.sh": {"text": test},
        "solution/solve.sh": {"text": "true\n"},
        **(more or {}),
    }
    environment = Environment(dockerfile="environment/Dockerfile", context="environment", build_timeout_s=77)
    return Trial("Some/Task_1", "harbor", files, environment)


def test_the_image_is_named_after_the_task_and_all_that_goes_in() -> None:
    context = context_of(trial("FROM ubuntu:24.04\n"))
    assert context.image == f"evalkit/terminal-bench-some-task-1:{context.key}"
    assert dict(context.files) == {
        "Dockerfile": b"FROM ubuntu:24.04\n",
        "run.sh": b"#!/bin/sh\n",
        "data": b"\x00\xff",
    }
    assert (context.executable, context.dockerfile, context.timeout_s) == (("run.sh",), "Dockerfile", 77)
    assert context.below == (tools("0.9.5"),)
    others = [trial("FROM ubuntu:22.04\n"), trial("FROM ubuntu:24.04\n", HARBOR + "pip install six\n")]
    assert len({context.key, *(context_of(other).key for other in others)}) == 3
    solved = {"solution/solve.sh": {"text": "false\n"}, "tests/test_outputs.py": {"text": ""}}
    assert context_of(trial("FROM ubuntu:24.04\n", more=solved)).key == context.key


def test_scripts_are_those_of_tests_and_steps() -> None:
    more = {
        "steps/a/tests/test.sh": {"text": "2"},
        "run-tests.sh": {"text": "3"},
        "tests/x.py": {"text": "4"},
    }
    assert sorted(scripts(trial("", "1", more))) == ["1", "2", "3"]
    assert context_of(trial("FROM a\n", "true")).below == (tools(UV),)


TRY = """
set -e
ls -A /tmp /root/.local/bin
/usr/local/bin/apt-get update; ls /var/lib/apt/lists | grep -c Packages
apt-get install -y curl 2>&1 | tail -n 1
rm -rf /var/lib/apt/lists/*; apt update -qq; ls /var/lib/apt/lists | grep -c Packages
. $HOME/.local/bin/env
uvx -q -p 3.13 -w pytest==8.4.1 -w toml==0.10.2 python -c 'import toml, pytest; print(pytest.__version__)'
cd /app; uv -q init --bare; uv -q add pytest==8.4.1 toml==0.10.2; uv -q run pytest --version
python3 -m pip -q install six 2>/dev/null && python3 -c 'import six' && echo six
"""


@pytest.mark.docker
@pytest.mark.full
def test_what_scripts_ask_for_is_there_without_a_network(docker_engine: Any, tmp_path: Path) -> None:
    script = "uvx -p 3.13 -w toml==0.10.2 pytest; pip install six"
    context = replace(
        context_of(trial("FROM python:3.13-slim\nWORKDIR /app\n", script)), image="evalkit-tests/tools:1"
    )
    try:
        assert build_context(context).lacks == {}
        command = ["docker", "run", "--rm", "--network", "none", context.image, "bash", "--login", "-c", TRY]
        told = subprocess.run(command, capture_output=True, text=True, timeout=300)
    finally:
        docker_engine.images.remove(context.image, force=True)
    lines = [line for line in told.stdout.splitlines() if not line.startswith("Package lists of ")]
    assert lines[:6] == ["/root/.local/bin:", "env", "uv", "uvx", "", "/tmp:"], told
    lists, curl, *rest = lines[6:]
    assert int(lists) > 0, told
    assert curl.startswith("0 upgraded, 0 newly installed"), told
    assert rest == [lists, "8.4.1", "pytest 8.4.1", "six"], told


def test_an_unavailable_task_has_no_image_and_needs_none() -> None:
    suite = open_suite("terminal-bench", {"dataset": "own"})
    compose = "services: {client: {build: ., network_mode: host}, web: {image: a}}\n"
    files = {
        "task.yaml": "instruction: x\ndifficulty: easy\n",
        "docker-compose.yaml": compose,
        "Dockerfile": "FROM a\n",
    }
    files |= {"run-tests.sh": "true\n", "solution.sh": "true\n", "tests/test_outputs.py": ""}
    record = {"task_id": "a", "files": {path: {"text": text} for path, text in files.items()}}
    [task] = suite.tasks([record])
    assert "the network of 'host'" in task.unavailable
    assert (suite.build(task, None), suite.image(task)) == (None, "")
    assert contexts_of(suite, [task]) == {}
