"""Any value in any field: a task is read, or refused by name, and nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from evalkit_suites.terminal_bench.reading import tasks_of

from evalkit.errors import DataError

from .test_terminal_bench_formats import COMPOSE, CORE, HARBOR, record

ODD: list[Any] = [
    *("", " ", "x", "${NOT_SET_ANYWHERE}", "../../etc", "/", "0", "-1", "1e999", "nan", "\ud7ff\u202e"),
    *(True, False, 0, -1, 1.5, 10**30, [], [[]], [1], ["x"], [{}], {}, {"x": {}}, {"name": "a"}),
]
ALL_CORE: dict[str, Any] = {
    "instruction": "x",
    "difficulty": "easy",
    "category": "c",
    "tags": ["t"],
    "parser_name": "pytest",
    "max_agent_timeout_sec": 1.0,
    "max_test_timeout_sec": 1.0,
    "run_tests_in_same_shell": False,
    "evalkit_state": "live",
    "descriptions": [{"key": "base", "description": "x"}],
}
ALL_HARBOR: dict[str, Any] = {
    "version": "1.0",
    "schema_version": "1.4",
    "task": {"name": "a/b", "keywords": ["k"]},
    "metadata": {"difficulty": "easy", "category": "c", "tags": ["t"], "evalkit_state": "live"},
    "agent": {"timeout_sec": 1, "user": "x", "network_mode": "allowlist", "allowed_hosts": ["a.b"]},
    "verifier": {"timeout_sec": 1, "user": 1, "env": {"A": "a"}, "environment_mode": "shared"},
    "environment": {
        "docker_image": "a/b:1",
        "build_timeout_sec": 1,
        "cpus": 1,
        "memory_mb": 1,
        "memory": "1M",
        "storage": "1G",
        "gpus": 0,
        "network_mode": "public",
        "env": {"A": "a"},
        "workdir": "/app",
        "os": "linux",
        "mcp_servers": [],
        "healthcheck": {"command": "true", "retries": 1, "interval_sec": 1},
    },
    "solution": {"env": {"A": "a"}},
    "multi_step_reward_strategy": "mean",
    "steps": [{"name": "one", "agent": {}, "verifier": {}, "min_reward": 0.5}],
}
STEPS = {**HARBOR, "steps/one/instruction.md": "x"}


def changed(whole: Any) -> Iterator[Any]:
    """The same with one value after the other made odd, at any depth."""
    parts = whole.items() if isinstance(whole, dict) else enumerate(whole) if isinstance(whole, list) else ()
    for key, value in list(parts):
        for other in (*ODD, *changed(value)):
            copy = dict(whole) if isinstance(whole, dict) else list(whole)
            copy[key] = other
            yield copy


def read(files: dict[str, str]) -> None:
    try:
        tasks = tasks_of(record(files))
    except DataError as e:
        assert str(e).startswith("hello")  # noqa: PT017
        assert len(str(e)) < 500  # noqa: PT017
    else:
        assert all(task.id.startswith("hello") for task in tasks)


def toml(value: Any) -> str:
    """An inline value. JSON's texts, numbers and words are TOML's."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def test_of_core() -> None:
    everything = list(changed(ALL_CORE))
    for fields in everything:
        for left_out in ((), ("instruction",)):
            kept = {key: value for key, value in fields.items() if key not in left_out}
            read({**CORE, "task.yaml": json.dumps(kept)})
    assert len(everything) > 200


def test_of_harbor() -> None:
    everything = list(changed(ALL_HARBOR))
    for fields in everything:
        text = "".join(f"{key} = {toml(value)}\n" for key, value in fields.items())
        read({**STEPS, "task.toml": text})
    assert len(everything) > 800


def test_of_compose_files() -> None:
    whole = yaml.safe_load(COMPOSE)
    whole["services"]["client"] |= {
        "deploy": {"resources": {"limits": {"cpus": "0.5", "memory": "1G"}}},
        "mem_limit": "1g",
        "user": "x",
        "working_dir": "/x",
        "network_mode": "none",
    }
    everything = list(changed(whole))
    for document in everything:
        text = json.dumps(document)
        read({**CORE, "docker-compose.yaml": text})
    assert len(everything) > 300


def test_of_solutions_that_are_typed() -> None:
    files = {path: text for path, text in CORE.items() if path != "solution.sh"}
    whole = [
        {"command": "x", "min_timeout_sec": 0, "max_timeout_sec": 1, "block": True, "append_enter": True}
    ]
    for lines in (*changed(whole), *ODD):
        read({**files, "solution.yaml": json.dumps(lines)})


@pytest.mark.parametrize(
    "bomb", ["a: &a [x]\n" + "b: &b [*a,*a]\n" * 9, "[" * 1500, "a: 1\na: 2\n", "? [a]\n: b\n", "\t"]
)
def test_files_that_are_no_plain_tables(bomb: str) -> None:
    read({**CORE, "task.yaml": bomb})
    read({**HARBOR, "task.toml": bomb})
    read({**CORE, "docker-compose.yaml": bomb})
