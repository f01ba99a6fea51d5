"""A server's life, by one of our own that behaves badly: started, waited for, ended, and nothing left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.servers import kept, life, records
from evalkit.servers.engine import Command, Engine, Place, Wanted
from evalkit.servers.guard import GRACE_S, UNREADY_S
from evalkit.servers.kept import let_go
from evalkit.servers.life import Server, ServerError, serving, start, stop, stop_kept

from . import stub


def command(wanted: Wanted, place: Place) -> Command:
    words = (sys.executable, str(stub.__file__), "--port", str(place.port), "--model", wanted.model)
    return Command((*words, *wanted.extra), {"STUB_KEY": place.key})


STUB = Engine(
    "stub",
    program=sys.executable,
    package="",
    command=command,
    served=lambda wanted: wanted.model,
    install="it is here",
    context=("/v1/models", lambda said: int(said["data"][0]["max_model_len"])),
    version=("/version", lambda said: str(said["version"])),
    unsupported=("quantization",),
)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    monkeypatch.setenv("EVALKIT_SERVER_GRACE_S", "0.5")
    monkeypatch.setattr(life, "LOOK_S", 0.02)
    yield
    assert list(records.records()) == []


def wanted(*faults: str) -> Wanted:
    return Wanted("tiny", extra=faults)


def alive(pid: int) -> bool:
    return records.began(pid) != 0


def until_gone(*pids: int) -> None:
    deadline = time.monotonic() + 20
    while any(map(alive, pids)):
        assert time.monotonic() < deadline, pids
        time.sleep(0.02)


def guard_of(server: Server) -> subprocess.Popen[str]:
    assert server.guard is not None
    return server.guard


def nothing_left(server: Server) -> None:
    assert not alive(server.program)
    assert not alive(server.record.guard)
    assert not listens(server)


def listens(server: Server) -> bool:
    with socket.socket() as client:
        return client.connect_ex((server.place.host, server.place.port)) == 0


def test_it_is_ready_when_our_model_answers_and_gone_afterwards() -> None:
    with serving(STUB, wanted("slow=0.3", "loading=0.7")) as server:
        assert (server.facts.context, server.facts.version) == (4096, "1.2.3")
        assert server.started_s > 0.7
        assert server.place.host == "127.0.0.1"
        [record] = records.records()
        assert (record.model, record.base_url) == ("tiny", server.base_url)
        assert (records.folder() / f"{record.name}.json").stat().st_mode & 0o077 == 0
        assert server.place.key not in str(server.command.argv)
    nothing_left(server)


def test_one_that_heeds_nothing_while_it_loads_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As vLLM 0.32, which was given a minute at each Ctrl-C."""
    monkeypatch.delenv("EVALKIT_SERVER_GRACE_S")
    began = []

    def launched(server: Server) -> None:
        while server.alive and not listens(server):
            time.sleep(0.02)
        began.append(time.monotonic())

    with pytest.raises(ServerError, match="was not ready"):
        start(STUB, wanted("stubborn", "loading=100"), ready_s=0.1, launched=launched)
    assert time.monotonic() - began[0] < GRACE_S / 2


def test_one_that_is_ready_has_the_time_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVALKIT_SERVER_GRACE_S")
    with serving(STUB, wanted(f"tidies={UNREADY_S + 0.5}", f"file={tmp_path / 'tidy'}")):
        pass
    assert (tmp_path / "tidy").exists()


def test_one_that_dies_while_loading_ends_the_wait_and_says_why() -> None:
    says = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate"
    with pytest.raises(ServerError, match="ended before it was ready: the GPU's memory") as told:
        start(STUB, wanted("exit=3", f"says={says}" + "\nand more" * 60), ready_s=600)
    assert f"it said: {says}" in told.value.hint


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("loading=60", "/health says 503"),
        ("hang", "was not ready"),
        ("other", "no model tiny"),
        ("liar", "it serves liar, not tiny"),
        ("endless", "was not ready"),
        ("slow=60", "Connection refused"),
    ],
)
def test_one_that_is_never_ready_is_ended(fault: str, why: str) -> None:
    started: list[Server] = []

    def launched(server: Server) -> None:
        """Its time begins when its program listens: a busy machine may take as long to start that."""
        started.append(server)
        while not fault.startswith("slow") and server.alive and not listens(server):
            time.sleep(0.02)

    with pytest.raises(ServerError, match=why):
        start(STUB, wanted(fault), ready_s=0.5, launched=launched)
    nothing_left(started[0])


@pytest.mark.parametrize("fault", ["stubborn", "orphan"])
def test_what_does_not_want_to_end_is_ended(fault: str) -> None:
    with serving(STUB, wanted(fault)) as server:
        said = server.said()
    nothing_left(server)
    if fault == "orphan":
        assert not alive(int(said.split("orphan ")[1].split()[0]))


def test_one_that_dies_in_use_leaves_nothing_either() -> None:
    with serving(STUB, wanted("orphan")) as server:
        os.kill(server.program, signal.SIGKILL)
        guard_of(server).wait(10)
        assert not server.alive
        assert "orphan" in server.why_dead("died").hint
        orphan = int(server.said().split("orphan ")[1].split()[0])
        assert not alive(orphan)


KILLED = """
import sys, time
from tests.servers.test_life import STUB, wanted
from evalkit.servers.life import start
server = start(STUB, wanted("orphan"))
print(server.program, server.guard.pid, server.said().split("orphan ")[1].split()[0], flush=True)
time.sleep(100)
"""


@pytest.mark.parametrize("killed", ["who started it", "its guard"])
def test_it_goes_with_whoever_started_it(killed: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    program, guard, orphan = map(int, process.stdout.readline().split())
    os.kill(process.pid if killed == "who started it" else guard, signal.SIGKILL)
    until_gone(*([program, guard, orphan] if killed == "who started it" else [program, guard]))
    process.kill()
    process.wait()
    process.stdout.close()
    if alive(orphan):
        os.kill(orphan, signal.SIGKILL)


HALF = """
import time
from tests.servers.test_life import STUB, wanted
from evalkit.servers.life import start
said = lambda server: print(server.program, server.guard.pid, flush=True)
start(STUB, wanted("loading=100"), keep=True, name="half", launched=said)
"""


def test_one_that_is_to_be_kept_goes_with_whoever_started_it_until_it_is_ready() -> None:
    with subprocess.Popen([sys.executable, "-c", HALF], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        program, guard = map(int, process.stdout.readline().split())
        process.kill()
    until_gone(program, guard)
    assert not records.path_of("half").exists()


def test_a_kept_one_outlives_who_started_it_and_is_found_and_ended() -> None:
    server = start(STUB, wanted("orphan"), keep=True, name="mine")
    record = records.find_record("tiny")
    assert (record.name, record.kept, record.alive) == ("mine", True, True)
    stop_kept(record)
    guard_of(server).wait(10)
    nothing_left(server)
    with pytest.raises(UsageError, match="no server is called 'mine'"):
        records.find_record("mine")
    let_go(server)


def test_a_kept_one_that_was_killed_leaves_no_record_behind() -> None:
    server = start(STUB, wanted("orphan"), keep=True, name="mine")
    guard = guard_of(server).pid
    assert kept.find_kept(STUB, wanted("orphan")) == server.record
    os.kill(guard, signal.SIGSTOP)  # so that it is still to tidy up
    os.kill(server.program, signal.SIGKILL)
    until_gone(server.program)
    [record] = records.records()
    assert record.state == "ending"
    assert kept.find_kept(STUB, wanted("orphan")) is None
    os.kill(guard, signal.SIGCONT)
    guard_of(server).wait(20)
    assert not records.path_of("mine").exists()
    assert records.last_log("mine") == server.log
    let_go(server)
    nothing_left(server)


def test_one_whose_guard_was_killed_is_known_and_ended() -> None:
    server = start(STUB, wanted("stubborn"), keep=True, name="mine")
    guard_of(server).kill()
    guard_of(server).wait(10)
    [record] = records.records()
    assert record.state == "unguarded"
    assert kept.find_kept(STUB, wanted("stubborn")) is None
    stop_kept(record)
    let_go(server)
    nothing_left(server)


def test_what_cannot_be_asked_of_it_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no argument for --quantization"):
        start(STUB, Wanted("tiny", quantization="fp8"))
    with pytest.raises(UsageError, match="there is no model at"):
        start(STUB, Wanted(str(tmp_path / "absent")))
    taken = socket.create_server(("127.0.0.1", 0))
    with taken, pytest.raises(UsageError, match="cannot be used"):
        start(STUB, wanted(), port=taken.getsockname()[1])
    with pytest.raises(UsageError, match="is not installed"):
        start(Engine("x", "no-such-program", "", command, lambda w: w.model, "get it"), wanted())
    assert not (records.folder() / "logs").exists()


def test_stopping_twice_is_no_harm() -> None:
    server = start(STUB, wanted())
    stop(server)
    stop(server)
    nothing_left(server)


@pytest.mark.parametrize("name", ["../evil", "a/b", "-x", "x\x1b[31m", "", "x" * 65])
def test_a_name_that_is_no_file_s_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no server can be called"):
        records.check_new_name(name)


def test_a_name_is_given_once() -> None:
    """The record of the first would be written over, and nobody could end it."""
    first = start(STUB, wanted(), keep=True, name="twin")
    with pytest.raises(UsageError, match="'twin' runs already"):
        start(STUB, wanted(), keep=True, name="twin")
    assert [record.guard for record in records.records()] == [first.record.guard]
    stop(first)
    nothing_left(first)


@pytest.mark.parametrize(
    ("has", "asked", "suit"),
    [(None, None, True), (None, 2000, True), (4000, 2000, True), (1000, 2000, False), (4000, None, False)],
)
def test_a_kept_server_serves_a_context_of_its_own(has: int | None, asked: int | None, suit: bool) -> None:
    """Whoever asks for none means the model's: prompts would be too long for what another chose."""
    assert kept.suits(Wanted("m", context=has), Wanted("m", context=asked)) is suit
