"""No space, no permission: one clear line, what was stored stays readable, and the run goes on later."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from evalkit.errors import StoreError
from evalkit.store import Store, create_run, open_run, read_run, verify
from evalkit.store.database import connect_writer

from .runs import MANIFEST, go_on, make_run, plan, verdicts

SAMPLES = 400  # about 1.5 MB


def tmpfs(options: str, folder: Path) -> str:
    return subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True
    ).stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if error := tmpfs("size=700k", disk):
        pytest.skip(f"a small disk needs the right to mount a tmpfs: {error.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def judged(folder: Path) -> dict[tuple[str, int], str]:
    with read_run(folder) as run:
        return {key: word for key, word in verdicts(run).items() if word != "/"}


def test_a_full_disk_stops_the_run_and_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    folder = small_disk / "run"
    told: list[str] = []
    store = create_run(folder, MANIFEST, plan(SAMPLES))
    for _ in range(2):  # the second time it does not even try
        with pytest.raises(StoreError, match="no space is left") as failure:
            asyncio.run(go_on(store, told.append))
        assert "make room, then resume" in failure.value.hint
    store.close()
    before = judged(folder)
    assert {f"{t},{s}" for t, s in before} >= {line[7:] for line in told if line.startswith("judged ")}
    assert before
    with open_run(folder) as store, pytest.raises(StoreError, match="no space is left"):
        asyncio.run(go_on(store))
    assert judged(folder).items() >= before.items()

    assert not tmpfs("remount,size=64m", small_disk)
    with open_run(folder) as store:
        asyncio.run(go_on(store))
    make_run(tmp_path / "undisturbed", SAMPLES)
    assert judged(folder) == judged(tmp_path / "undisturbed")
    assert verify(folder) == []


def test_a_run_does_not_begin_on_a_full_disk(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(690_000))
    with pytest.raises(StoreError, match="no space is left"):
        create_run(small_disk / "run", MANIFEST, plan(SAMPLES))
    (small_disk / "filler").unlink()
    with create_run(small_disk / "run", MANIFEST, plan(SAMPLES)) as store:
        assert len(store.plan) == SAMPLES


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from evalkit.errors import StoreError
from evalkit.store import create_run
from tests.store.runs import MANIFEST, go_on, plan
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
try:
    with create_run(Path(sys.argv[1]), MANIFEST, plan(400)) as store:
        asyncio.run(go_on(store, lambda line: print(line, flush=True)))
except StoreError as error:
    sys.exit(error.message)
"""


def test_a_limit_on_the_size_of_files_is_a_full_disk_too(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "run")], capture_output=True, text=True, check=False
    )
    assert child.returncode == 1
    assert "Traceback" not in child.stderr
    assert child.stderr.count("\n") == 1
    told = {line[7:] for line in child.stdout.splitlines() if line.startswith("judged ")}
    assert told
    assert {f"{t},{s}" for t, s in judged(tmp_path / "run")} >= told
    with open_run(tmp_path / "run") as store:
        asyncio.run(go_on(store))
    assert len(judged(tmp_path / "run")) == SAMPLES


# Says what it can read and what it is refused, as nobody where it can, for root may write everywhere.
AS_NOBODY = """
import os, sys
from evalkit.errors import StoreError
from evalkit.store import create_run, open_run, read_run, verify
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
with read_run(sys.argv[1]) as run:
    print(sum(state.judged for state in run.state().values()), verify(sys.argv[1]))
for attempt in (lambda: open_run(sys.argv[1]), lambda: create_run(sys.argv[1] + "/new", {}, [])):
    try:
        attempt()
    except StoreError as error:
        print(error.message, "|", error.hint)
"""


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder in which another user may read; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("state", ["closed", "being written", "killed"])
def test_a_folder_that_is_read_only_can_be_read(public_folder: Path, state: str) -> None:
    folder = public_folder / "run"
    if state == "killed":
        command = [sys.executable, "-m", "tests.store.runs", str(folder), "40", str(public_folder / "log")]
        crash_at = {"EVALKIT_CRASH_AT": "verdict stored#40"}
        assert subprocess.run(command, env={**os.environ, **crash_at}, check=False).returncode == 137
    else:
        make_run(folder, 40)
    writer = open_run(folder) if state == "being written" else None
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    before = {path.name for path in folder.iterdir()}
    child = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(folder)], capture_output=True, text=True, check=False
    )
    assert {path.name for path in folder.iterdir()} == before
    folder.chmod(0o755)
    if writer:
        writer.close()
    assert child.stderr == ""
    read, *refused = child.stdout.splitlines()
    assert read == "40 []"
    assert len(refused) == 2
    assert all("cannot be written to" in line and "copy the folder" in line for line in refused)


def test_commits_are_made_to_survive_a_power_cut(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 2)
    db = connect_writer(tmp_path / "run" / "run.sqlite")
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,), "FULL: every commit is synced"
    db.close()


def test_a_lost_write_that_nobody_awaited_is_told_at_the_end(small_disk: Path) -> None:
    async def write_without_waiting(store: Store) -> None:
        rollout = await store.begin(*store.plan[0])
        store.event_soon(rollout, "observation", {"data": os.urandom(1_000_000)})

    store = create_run(small_disk / "run", MANIFEST, plan(2))
    asyncio.run(write_without_waiting(store))
    with pytest.raises(StoreError, match="no space is left"):
        store.close()
    with open_run(small_disk / "run") as store:
        assert store.rollouts(*store.plan[0]) == [(1, 1)]


def test_of_writes_that_do_not_fit_as_a_whole_those_are_kept_that_do(small_disk: Path) -> None:
    """Replies that come at once are one commit: where that is too large, each is tried alone, in order."""

    async def write_at_once(store: Store) -> list[bool]:
        rollouts = [await store.begin(*key) for key in store.plan]
        payloads = [{"data": os.urandom(60_000).hex()} for _ in rollouts]
        waiting = []
        with held(store):
            for rollout, payload in zip(rollouts, payloads, strict=True):
                waiting.append(store.event(rollout, "observation", payload))
        done = await asyncio.gather(*waiting, return_exceptions=True)
        return [not isinstance(one, StoreError) for one in done]

    store = create_run(small_disk / "run", MANIFEST, plan(20))
    kept = asyncio.run(write_at_once(store))
    with suppress(StoreError):
        store.close()
    assert kept[0]
    assert not kept[-1]
    assert kept == sorted(kept, reverse=True), "a later write is durable and an earlier one is not"
    with read_run(small_disk / "run") as run:
        found = [len(list(run.events(run.rollouts(*key)[0][0]))) for key in run.plan]
    assert found == [int(one) for one in kept]


@contextmanager
def held(store: Store) -> Iterator[None]:
    """Nothing is written meanwhile: what is asked for then waits, and is one commit afterwards."""
    go = threading.Event()
    store._writer.write_soon("held", lambda transaction: go.wait(60))
    yield
    go.set()
