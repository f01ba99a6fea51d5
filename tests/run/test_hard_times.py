"""The disk is full, the engine dies: one clear line, a non-zero exit, nothing lost, and it goes on."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from evalkit.endpoint.process import running, stats
from evalkit.store import read_run

from .command import SCRIPT, ended, here, mini, start
from .test_pause import wait_for

pytestmark = pytest.mark.docker


def test_a_full_disk_stops_the_run_and_loses_nothing(
    docker_engine: object, small_disk: Path, tmp_path: Path
) -> None:
    with running("--script", str(talkative(tmp_path / "script.jsonl"))) as url:
        done = here(*mini(url, small_disk))
        assert done.code == 2, done.stderr
        assert "no space is left" in done.stderr
        assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
        before = stats(url)["requests"]
        again = here(*mini(url, small_disk))
        assert again.code == 0, again.stderr
        assert (again.summary["complete"], again.summary["pass@1"]) == (True, 0.8)
        assert stats(url)["requests"] < before + 40, "stored answers were asked for again"


def talkative(script: Path) -> Path:
    """The same replies with 12 kB before each that no compression makes less: 480 kB of 40 tasks."""
    draw = random.Random(20261126)
    with script.open("w") as file:
        for rule in map(json.loads, SCRIPT.read_text().splitlines()):
            said = rule["reply"] if isinstance(rule["reply"], dict) else {"text": rule["reply"]}
            said = {**said, "text": f"{draw.randbytes(12_000).hex()}\n\n{said['text']}"}
            file.write(json.dumps({**rule, "reply": said}) + "\n")
    return script


@contextmanager
def engine_behind(path: Path) -> Iterator[list[socket.socket]]:
    """A socket that passes everything on to the real engine; close what it yields, and the engine is gone."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    open_sockets = [listener]

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect("/var/run/docker.sock")
                open_sockets.extend([client, engine])
                for pair in ((client, engine), (engine, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield open_sockets
    finally:
        cut(open_sockets)


def cut(sockets: list[socket.socket]) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


def test_an_engine_that_dies_in_mid_run_is_an_error_and_the_answers_are_kept(
    docker_engine: object, tmp_path: Path
) -> None:
    with (
        running("--script", str(SCRIPT), "--latency", "0.5") as url,
        engine_behind(tmp_path / "e.sock") as gone,
    ):
        env = {"DOCKER_HOST": f"unix://{tmp_path / 'e.sock'}"}
        process = start(*mini(url, tmp_path / "results", "--concurrency", "4"), env=env)
        wait_for(url, requests=12)
        cut(gone)
        (tmp_path / "e.sock").unlink()
        done = ended(process)
        assert done.code in (3, 4), done.stderr
        assert "Traceback" not in done.stderr
        assert done.summary["counts"]["failed"] <= 8, "the sandbox's death was counted as a wrong answer"
    with read_run(Path(done.summary["run"])) as store:
        kept = store.totals().calls
    assert 8 <= kept < 40
    with running("--script", str(SCRIPT)) as url:
        again = here("resume", done.summary["run"], "--base-url", url, "--json")
        assert again.code == 0, again.stderr
        assert (again.summary["complete"], again.summary["pass@1"]) == (True, 0.8)
        assert stats(url)["requests"] == 40 - kept


def test_no_engine_at_all_is_said_before_any_call_is_made(tmp_path: Path) -> None:
    with running("--script", str(SCRIPT)) as url:
        done = here(*mini(url, tmp_path), env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
        assert done.code == 4, done.stderr
        assert "no Docker engine found" in done.stderr
        assert "DOCKER_HOST" in done.stderr
        assert stats(url)["requests"] == 0
    assert list(tmp_path.glob("mini--*")) == []


def test_killed_containers_are_replaced_and_nobody_notices(docker_engine: Any, tmp_path: Path) -> None:
    with running("--script", str(SCRIPT), "--latency", "0.4") as url:
        process = start(*mini(url, tmp_path, "--concurrency", "4"))
        wait_for(url, requests=12)
        process.send_signal(signal.SIGSTOP)  # it is in the middle of its work, however long this takes
        boxes = [
            b
            for b in docker_engine.containers.list()
            if f"/{process.pid}/" in b.labels.get("evalkit.owner", "")
        ]
        assert boxes, "no container carries the run's owner"
        boxes[0].kill()
        for box in boxes[1:]:
            with suppress(APIError):  # the other of a pair ends by itself as soon as its partner is gone
                box.kill()
        process.send_signal(signal.SIGCONT)
        done = ended(process)
    assert (done.code, done.summary["complete"], done.summary["pass@1"]) == (0, True, 0.8), done.stderr


def test_a_torn_database_is_repaired_and_only_what_is_lost_is_made_again(
    docker_engine: object, tmp_path: Path
) -> None:
    with running("--script", str(SCRIPT)) as url:
        first = here(*mini(url, tmp_path))
        database = Path(first.summary["run"]) / "run.sqlite"
        database.write_bytes(database.read_bytes()[: database.stat().st_size * 2 // 3])
        refused = here("show", first.summary["run"])
        assert refused.code == 2, refused.stderr
        assert "damaged" in refused.stderr
        again = here("resume", first.summary["run"], "--json")
        assert again.code == 0, again.stderr
        assert "repaired: kept" in again.stderr
        assert (again.summary["complete"], again.summary["pass@1"]) == (True, 0.8)
        assert 40 < stats(url)["requests"] < 80, "answers that could be read were asked for again"
