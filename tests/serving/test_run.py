"""`evalkit run --backend`, `evalkit server` and `doctor`: the real command, with an engine that is a stub."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evalkit.servers import records
from evalkit.store import read_run
from tests.cli.conftest import Ended
from tests.run.command import printed

MINI = Path(__file__).parents[2] / "suites" / "mini"
pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("docker_engine")]
Command = Callable[..., Ended]


@pytest.fixture
def where(tmp_path: Path, engine_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of commands: its servers, an engine on the path, and the cache's images."""
    servers = tmp_path / "cache"
    monkeypatch.setattr(records, "folder", lambda: servers / "servers")
    yield {
        "PATH": f"{engine_folder}{os.pathsep}{os.environ['PATH']}",
        "EVALKIT_CACHE": str(servers),
        "EVALKIT_SERVER_GRACE_S": "0.5",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    assert list(records.records()) == []


@pytest.fixture
def evalkit(tmp_path: Path, where: dict[str, str]) -> Command:
    def command(*words: str | Path, faults: str = "", timeout: float = 120) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "evalkit", *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, **where, "STUB_FAULTS": faults},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def called(tmp_path: Path, where: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The same in this process, where none is tested: a second sooner."""

    def command(*words: str | Path) -> Ended:
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            for name, value in where.items():
                patch.setenv(name, value)
            return Ended(*printed([*map(str, words)]))

    return command


def run(*words: str | Path) -> list[str]:
    return ["run", "mini", *map(str, words), "--backend", "vllm", "--max-tokens", "32"]


def test_a_run_starts_its_server_uses_it_for_all_suites_and_ends_it(
    evalkit: Command, tiny: Path, tmp_path: Path
) -> None:
    shutil.copytree(MINI, tmp_path / "small", ignore=shutil.ignore_patterns("__pycache__"))
    about = (tmp_path / "small" / "suite.toml").read_text().replace('name = "mini"', 'name = "small"')
    (tmp_path / "small" / "suite.toml").write_text(about)
    dry = evalkit(*run("--model", tiny, "--limit", "2", "--dry-run"), faults="exit=1")
    assert (dry.code, "starting" in dry.stderr) == (0, False)
    assert "vllm serve" in dry.stdout
    words = run("./small", "--model", tiny, "--limit", "2", "--json")
    done = evalkit(*words)
    assert done.code == 0, done.stderr
    assert done.stderr.count("ready after") == 1
    first = json.loads(done.stdout.splitlines()[0])
    assert (first["suite"], done.json["suite"]) == ("mini", "small")
    assert done.json["counts"] == {"passed": 0, "failed": 2, "error": 0, "not_run": 0}
    folder = tmp_path / done.json["run"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert folder.name.startswith("small--tiny--mini--")
    assert manifest["server"]["engine"] == "vllm"
    assert "127.0.0.1" not in json.dumps(manifest["identity"])
    with read_run(folder) as store:
        notes = {note.kind: note.payload for note in store.notes()}
    assert notes["server"]["context"] == 4096
    assert notes["session_end"]["servers"][0]["usage"]["compared"] == 2
    again = evalkit(*words)
    assert again.json == done.json
    assert "starting" not in again.stderr  # nothing was left to ask
    judged = evalkit("score", done.json["run"], "--json", faults="exit=1")
    assert judged.json["counts"] == done.json["counts"], judged.stderr


def test_one_that_does_not_start_is_one_clear_error(evalkit: Command, called: Command, tiny: Path) -> None:
    done = evalkit(*run("--model", tiny), faults="exit=1 says=torch.OutOfMemoryError")
    done.refused(4, "vllm ended before it was ready: the GPU's memory does not suffice", "--tensor-parallel")
    called("run", "mini", "--model", "oracle", "--quantization", "fp8").refused(2, "--backend vllm")
    called("run", "mini", "--model", "x", "--backend", "ollama").refused(2, "ollama serve")


def test_one_that_dies_in_mid_run_costs_no_sample(evalkit: Command, tiny: Path, tmp_path: Path) -> None:
    words = run("--model", tiny, "--limit", "12", "--concurrency", "4", "--json")
    done = evalkit(*words, faults=f"dies_once={tmp_path / 'died'}")
    assert done.code == 0, done.stderr
    assert done.stderr.count("it is started again (1 of 3 times)") == 1
    assert done.json["counts"] == {"passed": 0, "failed": 12, "error": 0, "not_run": 0}
    with read_run(tmp_path / done.json["run"]) as store:
        [end] = [note.payload for note in store.notes() if note.kind == "session_end"]
    assert len(end["servers"][0]["deaths"]) == 1


@pytest.mark.full
def test_one_that_dies_again_and_again_stops_the_run_and_resume_goes_on(evalkit: Command, tiny: Path) -> None:
    words = run("--model", tiny, "--limit", "40", "--concurrency", "1", "--json")
    done = evalkit(*words, faults="dies=8")
    assert (done.code, done.json["end"], done.json["counts"]["failed"] > 3) == (3, "model", True)
    assert done.json["counts"]["error"] <= 1
    resumed = evalkit("resume", done.json["run"], "--json")
    assert resumed.code == 0, resumed.stderr
    assert resumed.json["counts"] == {"passed": 0, "failed": 40, "error": 0, "not_run": 0}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_the_run_ends_its_server(
    where: dict[str, str], tiny: Path, tmp_path: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "evalkit", *run("--model", tiny)],
        cwd=tmp_path,
        env={**os.environ, **where, "STUB_FAULTS": "loading=100"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    wait_for(lambda: bool(list(records.records())))
    [record] = records.records()
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    wait_for(lambda: not list(records.records()))
    wait_for(lambda: records.began(record.program) == 0)
    assert process.returncode == (130 if number == signal.SIGINT else -9), said
    assert "Traceback" not in said


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120  # a busy machine takes its time to start a run
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert true()


def test_a_server_is_kept_listed_used_and_stopped(evalkit: Command, called: Command, tiny: Path) -> None:
    started = evalkit("server", "start", "--backend", "vllm", "--model", tiny, "--name", "mine", "--json")
    assert started.code == 0, started.stderr
    assert (started.json["name"], started.json["state"]) == ("mine", "kept")
    listed = called("server", "ps")
    assert "mine" in listed.stdout
    assert "kept" in listed.stdout
    used = evalkit(*run("--model", tiny, "--limit", "1", "--json"))
    assert "using mine, which was kept" in used.stderr
    assert used.json["counts"]["failed"] == 1
    assert "loading" in called("server", "logs", "mine").stdout
    called("clean", "--cache", "--yes").refused(2, "model servers of ours run: mine", "server stop --all")
    assert "stopped mine" in called("server", "stop", "mine").stdout
    assert called("server", "ps").stdout == "no server of ours runs\n"
    called("server", "stop", "mine").refused(2, "no server is called 'mine'")
    called("server", "stop").refused(2, "stop what?")


def test_its_calls_have_no_price_and_a_cap_of_costs_says_that_it_does_not_count_them(
    evalkit: Command, called: Command, tiny: Path
) -> None:
    done = evalkit(*run("--model", tiny, "--limit", "1", "--max-cost", "0.01", "--json"))
    assert done.code == 0, done.stderr
    assert (done.json["local"], done.json["cost"], done.json["end"]) == (True, None, "done")
    assert "--max-cost does not count them, --max-time limits them" in done.stderr
    assert "cost        none but this machine's time: " in done.stderr
    assert "cost none but this machine's time" in called("show", done.json["run"], "mini/1").stdout


def test_doctor_says_what_a_backend_lacks(called: Command) -> None:
    there = called("doctor", "--backend", "vllm")
    assert there.code == 0
    assert "ok      engine vllm" in there.stdout
    lacking = called("doctor", "--backend", "sglang", "--json")
    assert (lacking.code, lacking.json["ok"]) == (1, False)
    assert lacking.json["checks"][0]["fix"] == "pip install sglang, in an environment of its own"
    called("doctor", "--backend", "vlm").refused(2, "did you mean vllm?")
