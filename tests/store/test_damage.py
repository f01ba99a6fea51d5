"""Damaged, foreign and missing files: told in one line, repaired where that can be, never counted."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evalkit.errors import StoreError
from evalkit.store import Reader, Record, create_run, folder, open_run, read_run, repair, verify
from evalkit.store.__main__ import main
from evalkit.store.check import find_damage
from evalkit.store.database import connect_reader

from .runs import go_on, make_run, verdicts

SAMPLES = 40
Key = tuple[str, int]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, never to be touched."""
    path = tmp_path_factory.mktemp("whole") / "run"
    make_run(path, SAMPLES)
    return path


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


def contents(reader: Reader) -> dict[Key, Record]:
    return {(record.row["task_id"], record.row["sample"]): record for record in reader.records()}


def facts(record: Record) -> tuple[object, ...]:
    return record.row["outcome"], record.row["reason"], record.answer, record.verdicts


def damage(path: Path, rng: random.Random) -> str:
    """One of the accidents that happen to files, somewhere in this one."""
    data = bytearray(path.read_bytes())
    kind = rng.choice(["flip", "flips", "zeros", "noise", "truncate", "cut out", "repeat"])
    at = rng.randrange(len(data))
    length = rng.choice([1, 17, 512, 4096, 20_000])
    if kind == "flip":
        data[at] ^= 1 << rng.randrange(8)
    elif kind == "flips":
        for _ in range(20):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "zeros":
        data[at : at + length] = bytes(len(data[at : at + length]))
    elif kind == "noise":
        data[at : at + length] = rng.randbytes(len(data[at : at + length]))
    elif kind == "truncate":
        del data[-length:]
    elif kind == "cut out":
        del data[at : at + length]
    else:
        data[at:at] = data[at : at + length]
    path.write_bytes(data)
    return f"{kind} at {at}, {length}"


def check_message(error: StoreError) -> None:
    assert error.hint
    assert len(error.message.splitlines()) == 1


def check_nothing_false_is_read(path: Path, expected: dict[Key, Record]) -> None:
    """A reader gets the truth or an error."""
    try:
        with read_run(path) as reader:
            state = reader.state()
            for key, record in contents(reader).items():
                assert facts(record) == facts(expected[key])
                assert state[key].verdict == record.row["outcome"]
    except StoreError as error:
        check_message(error)


def check_going_on(path: Path, expected: dict[Key, Record]) -> None:
    """The run is refused, or goes on: what was kept is right, and the end is that of a whole run."""
    untouched = (path / "run.sqlite").read_bytes()
    try:
        store = open_run(path)
    except StoreError as error:
        check_message(error)
        assert (path / "run.sqlite").read_bytes() == untouched, "what is refused stays as it is"
        return
    with store:
        if store.damage:
            assert (path / "damaged-1.sqlite").read_bytes() == untouched
        for key, record in contents(store).items():
            if record.verdicts:
                assert facts(record) == facts(expected[key])
        asyncio.run(go_on(store))
        assert {k: facts(r) for k, r in contents(store).items()} == {k: facts(r) for k, r in expected.items()}
    assert verify(path) == []


def try_damage(whole: Path, path: Path, seed: int) -> None:
    rng = random.Random(seed)
    shutil.copytree(whole, path)
    with read_run(whole) as reader:
        expected = contents(reader)
    damage(path / "run.sqlite", rng)
    check_nothing_false_is_read(path, expected)
    check_going_on(path, expected)


@pytest.mark.parametrize("seed", range(20))
def test_random_damage_is_detected_or_harmless(whole: Path, tmp_path: Path, seed: int) -> None:
    try_damage(whole, tmp_path / "run", seed)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1000, 1500))
def test_five_hundred_random_damages_are_detected_or_harmless(whole: Path, tmp_path: Path, seed: int) -> None:
    try_damage(whole, tmp_path / "run", seed)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose process died half way, with its log still beside the database; never to be touched."""
    path = tmp_path_factory.mktemp("killed") / "run"
    command = [sys.executable, "-m", "tests.store.runs", str(path), str(SAMPLES), str(path.parent / "log")]
    crash_at = {"EVALKIT_CRASH_AT": f"verdict stored#{SAMPLES // 2}"}
    assert subprocess.run(command, env={**os.environ, **crash_at}).returncode == 137
    assert (path / "run.sqlite-wal").stat().st_size > 0
    return path


@pytest.mark.parametrize("seed", range(8))
def test_damage_to_the_log_of_a_killed_run(whole: Path, killed: Path, tmp_path: Path, seed: int) -> None:
    shutil.copytree(killed, tmp_path / "run")
    with read_run(whole) as reader:
        final = verdicts(reader)
    damage(tmp_path / "run" / "run.sqlite-wal", random.Random(seed))
    with open_run(tmp_path / "run") as store:
        kept = {key: word for key, word in verdicts(store).items() if word != "/"}
        assert kept.items() <= final.items()
        asyncio.run(go_on(store))
        assert verdicts(store) == final
    assert verify(tmp_path / "run") == []


def test_a_torn_tail_costs_one_sample_at_most(run: Path, whole: Path) -> None:
    with (run / "run.sqlite").open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) - 17)
    with open_run(run) as store:
        assert store.damage
        assert sum(state.judged for state in store.state().values()) >= SAMPLES - 1
        (note,) = [note for note in store.notes() if note.kind == "repaired"]
        assert note.payload["damage"]
    assert (run / "damaged-1.sqlite").stat().st_size == (whole / "run.sqlite").stat().st_size - 17


# Statements of SQL that change one record without its checksum, as a flipped bit might, and what is lost.
CHANGES = {
    "UPDATE verdict SET outcome = 'passed', reason = '' WHERE id = 7": (39, 40),
    "UPDATE verdict SET sample_id = 3 WHERE id = 7": (39, 40),
    "UPDATE verdict SET rollout_id = 3 WHERE id = 7": (39, 40),
    "UPDATE ending SET outcome = 'error' WHERE id = 5": (39, 39),
    "UPDATE ending SET body = body + 3 WHERE id = 5": (39, 39),
    "UPDATE rollout SET sample_id = 9 WHERE id = 5": (40, 40),
    "UPDATE verdict_set SET version = '2'": (0, 40),
    "UPDATE call SET cost = 0 WHERE number = 0 AND sample_id = 4": (40, 40),
    "UPDATE blob SET data = zeroblob(10) WHERE id = (SELECT body FROM verdict WHERE id = 7)": (39, 40),
    "UPDATE blob SET data = zeroblob(10) WHERE id = (SELECT body FROM ending WHERE id = 7)": (39, 39),
    "UPDATE meta SET value = value + 1 WHERE key = 'plan'": (40, 40),
    "UPDATE meta SET value = 2 WHERE key = 'manifest'": (40, 40),
    "UPDATE meta SET value = 99 WHERE key = 'default_set'": (40, 40),
    "DELETE FROM meta": (40, 40),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_record_that_fails_its_checksum_is_not_done(run: Path, whole: Path, change: str) -> None:
    db = sqlite3.connect(run / "run.sqlite")
    db.execute(change)
    db.commit()
    db.close()
    assert verify(run)
    judged, answered = CHANGES[change]
    with read_run(whole) as reader:
        final = verdicts(reader)
    with open_run(run) as store:
        states = store.state().values()
        assert sum(state.judged for state in states) == judged
        assert sum(state.answered for state in states) == answered
        asked: list[str] = []
        asyncio.run(go_on(store, asked.append))
        assert verdicts(store) == final
        assert not [line for line in asked if line.startswith("asked")], "no call is paid again"
    assert verify(run) == []


def test_a_large_run_is_checked_for_what_decides_scores(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "CHECK_ALL", 0)
    db = sqlite3.connect(run / "run.sqlite")
    db.execute("UPDATE blob SET data = zeroblob(10) WHERE id = (SELECT body FROM ending WHERE id = 5)")
    db.commit()
    with open_run(run) as store:
        assert store.damage == ()
        with pytest.raises(StoreError, match="does not match its checksum"):
            list(store.records())
    db.execute("UPDATE verdict SET reason = 'timeout' WHERE id = (SELECT min(id) FROM verdict)")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match="damaged"):
        read_run(run)
    with open_run(run) as store:
        assert store.damage
        assert sum(state.judged for state in store.state().values()) >= SAMPLES - 2


def test_even_a_file_without_its_beginning_is_repaired_on_request(run: Path, whole: Path) -> None:
    with (run / "run.sqlite").open("r+b") as file:
        file.write(bytes(4096))
    with pytest.raises(StoreError, match="no SQLite database") as refusal:
        open_run(run)
    assert "evalkit.store repair" in refusal.value.hint
    assert main(["repair", str(run)]) == 0
    with open_run(run) as store, read_run(whole) as reader:
        assert verdicts(store) == verdicts(reader)


def replace_database(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        (run / "run.sqlite").unlink()
        make(run / "run.sqlite")

    return change


def another_program(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE meta (key, value)")
    db.commit()
    db.close()


def newer_schema(run: Path) -> None:
    db = sqlite3.connect(run / "run.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()


REFUSED: dict[str, Callable[[Path], object]] = {
    "is empty": replace_database(Path.touch),
    "no SQLite database": replace_database(lambda path: path.write_text("a letter to the editor\n" * 900)),
    "no SQLite database: foreign": replace_database(lambda path: path.write_bytes(b"SQLite format 3\0")),
    "database of another program": replace_database(another_program),
    "schema version 99; this evalkit reads version 1": newer_schema,
    "has lost its database": lambda run: (run / "run.sqlite").unlink(),
    "is not the folder of a run": lambda run: list(map(Path.unlink, run.iterdir())),
    "there is no folder": shutil.rmtree,
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_no_run_is_refused_in_one_line(run: Path, message: str) -> None:
    REFUSED[message](run)
    before = snapshot(run)
    for opener in (open_run, read_run, verify, repair):
        if opener is repair and (run / "run.sqlite").exists():
            continue
        with pytest.raises(StoreError, match=message) as refusal:
            opener(run)
        check_message(refusal.value)
    assert snapshot(run) == before


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_a_repair_of_a_foreign_file_leaves_it_alone(run: Path) -> None:
    text = b"a letter to the editor\n" * 900
    (run / "run.sqlite").write_bytes(text)
    with pytest.raises(StoreError, match="cannot be read any more"):
        repair(run)
    assert (run / "run.sqlite").read_bytes() == text


def test_a_run_whose_begin_was_interrupted_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").touch()
    (tmp_path / "run" / "run.sqlite.new").write_bytes(b"half")
    with pytest.raises(StoreError, match="interrupted before it began"):
        open_run(tmp_path / "run")
    with create_run(tmp_path / "run", {}, [("T", 0)]) as store:
        assert store.plan == [("T", 0)]


def test_damage_can_be_looked_for_by_hand(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(run)]) == 0
    assert capsys.readouterr().out == "every record is whole\n"
    db = sqlite3.connect(run / "run.sqlite")
    db.execute("UPDATE call SET cost = 0 WHERE id = (SELECT min(id) FROM call)")
    db.commit()
    db.close()
    assert main(["verify", str(run)]) == 1
    assert capsys.readouterr().out.startswith("call ")
    assert main(["verify", str(run / "nowhere")]) == 2
    assert main(["look"]) == 2


def test_every_column_is_covered_by_a_checksum(run: Path) -> None:
    """Whatever single value changes anywhere, it is found."""
    for table, column, row_id in columns_of(run):
        copy = run.parent / "copy.sqlite"
        shutil.copyfile(run / "run.sqlite", copy)
        db = sqlite3.connect(copy)
        db.execute(f"UPDATE {table} SET {column} = 12345 WHERE id = ?", (row_id,))
        db.commit()
        db.close()
        reader = connect_reader(copy)
        assert find_damage(reader, deep=True), f"{table}.{column}"
        reader.close()


def columns_of(run: Path) -> Iterator[tuple[str, str, int]]:
    db = sqlite3.connect(run / "run.sqlite")
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        found = db.execute(f"SELECT * FROM {table} LIMIT 1")
        names, row = [column[0] for column in found.description], found.fetchone()
        if row is not None and names[0] == "id":
            yield from ((table, name, row[0]) for name in names if name != "id")
    db.close()
