"""Real engines with models made on the spot: runs complete, and nothing is left of the server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalkit.servers import records
from evalkit.store import read_run
from tests.cli.conftest import Ended
from tests.serving import llama_server_path, tiny_path

ROOT = Path(__file__).parents[2]
ENGINES = ROOT / ".venv" / "engines"
pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("docker_engine")]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment of scripts/engines, with a `llama-server` in it."""
    if not (ENGINES / "complete").exists():
        required = os.environ.get("EVALKIT_ENGINES") == "required"
        (pytest.fail if required else pytest.skip)("no real engines here: scripts/engines says why")
    folder = tmp_path_factory.mktemp("bin")
    server = folder / "llama-server"
    server.write_text(f'#!/bin/sh\nexec "{ENGINES / "bin" / "python"}" "{llama_server_path}" "$@"\n')
    server.chmod(0o755)
    (folder / "transformers").symlink_to(ENGINES / "bin" / "transformers")
    return folder


@pytest.fixture(scope="module")
def models(engines: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`models("gguf")` or `models("qwen3")`, each made once."""
    folder = tmp_path_factory.mktemp("models")

    def made(kind: str) -> Path:
        path = folder / ("tiny.gguf" if kind == "gguf" else "tiny-qwen3")
        if not path.exists():
            command = [str(ENGINES / "bin" / "python"), str(tiny_path), kind, str(path)]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        return path

    return made


@pytest.fixture
def environment(engines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(records, "folder", lambda: tmp_path / "cache" / "servers")
    return {
        **os.environ,
        "PATH": f"{engines}{os.pathsep}{os.environ['PATH']}",
        "EVALKIT_CACHE": str(tmp_path / "cache"),
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hub"),
        "PYTHONPATH": str(ROOT),
    }


KINDS = {"llamacpp": ("gguf", "--context", "2048"), "transformers": ("qwen3", "--device", "cpu")}


def words_of(backend: str, models: Callable[[str], Path]) -> list[str]:
    kind, *more = KINDS[backend]
    return ["run", "mini", "--model", str(models(kind)), "--backend", backend, "--max-tokens", "24", *more]


def evalkit(words: list[str], environment: dict[str, str], cwd: Path) -> Ended:
    command = [sys.executable, "-m", "evalkit", *words]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("backend", KINDS)
def test_a_run_through_a_real_engine(
    backend: str, models: Callable[[str], Path], environment: dict[str, str], tmp_path: Path
) -> None:
    words = [*words_of(backend, models), "--limit", "2", "--temperature", "0.8"]
    done = evalkit([*words, "--top-k", "5", "--json"], environment, tmp_path)
    assert done.code == 0, done.stderr
    assert done.json["counts"] == {"passed": 0, "failed": 2, "error": 0, "not_run": 0}
    assert done.json["tokens"]["completion"] > 2
    assert "ignores" not in done.stderr
    assert list(records.records()) == []
    with read_run(tmp_path / done.json["run"]) as store:
        live = next(note.payload for note in store.notes() if note.kind == "session_end")["servers"][0]
        assert {row["outcome"] for row in store.samples()} == {"failed"}
    assert live["usage"] == {"compared": 2, "differing": 0}
    assert live["context"] == (2048 if backend == "llamacpp" else 4096)
    assert json.loads((tmp_path / done.json["run"] / "manifest.json").read_text())["server"]["version"]


@pytest.mark.parametrize("backend", ["llamacpp", pytest.param("transformers", marks=pytest.mark.full)])
def test_evalkit_killed_takes_a_real_engine_along(
    backend: str, models: Callable[[str], Path], environment: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "evalkit", *words_of(backend, models), "--samples", "50"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: any(record.ready for record in records.records()))
    [record] = records.records()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    wait_for(lambda: records.began(record.program) == 0 and records.began(record.guard) == 0)
    again = evalkit([*command[3:-2], "--limit", "1", "--json"], environment, tmp_path)
    assert again.json["counts"]["failed"] == 1, again.stderr


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert true()


def test_a_prompt_beyond_a_real_context_ends_as_that(
    models: Callable[[str], Path], environment: dict[str, str], tmp_path: Path
) -> None:
    """Bytes are tokens here, so prompts of mini do not fit into 300 of them."""
    words = words_of("llamacpp", models)
    words[words.index("--context") + 1] = "300"
    done = evalkit([*words, "--limit", "2", "--json"], environment, tmp_path)
    assert done.json["reasons"] == {"failed/context": 2}, done.stderr


# torch is not developed with: it is found behind everything else
IN_PROCESS = """
import runpy, sys
sys.path.append({site!r})
sys.argv = {words!r}
runpy.run_module({name!r}, run_name="__main__")
"""


def in_process(name: str, words: list[str], environment: dict[str, str], cwd: Path) -> dict[str, Any]:
    """What a module prints last."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = str(ENGINES.resolve() / "lib" / version / "site-packages")
    command = [sys.executable, "-c", IN_PROCESS.format(site=site, name=name, words=[name, *words])]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.full
def test_a_run_in_this_process(
    models: Callable[[str], Path], environment: dict[str, str], tmp_path: Path
) -> None:
    words = ["run", "mini", "--model", str(models("qwen3")), "--backend", "hf", "--limit", "3", "--json"]
    summary = in_process("evalkit", [*words, "--max-tokens", "16"], environment, tmp_path)
    assert summary["counts"]["failed"] == 3
    assert summary["tokens"]["completion"] == 48


@pytest.mark.full
def test_calls_in_this_process(
    models: Callable[[str], Path], environment: dict[str, str], tmp_path: Path
) -> None:
    found = in_process("tests.serving.in_process", [str(models("qwen3"))], environment, tmp_path)
    assert found["equal"] == [True] * 4  # in a batch or alone
    assert (found["finish"], found["cut"]) == (["length", "stop"], True)
    assert found["usage"][1] == 12
    assert found["seeds"] == [True, False]
    assert "tokens, the context 4,096" in found["long"]
