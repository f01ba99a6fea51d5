"""What a strict run of Terminal-Bench is made of: shapes of scripts, changes that are taken, reports."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence

import pytest
from evalkit_suites.terminal_bench.strict import job_of
from evalkit_suites.terminal_bench.strict.choice import Change, Image, left_out, listed, without
from evalkit_suites.terminal_bench.strict.results import judged
from evalkit_suites.terminal_bench.strict.shape import shape_of

from evalkit.witness import Traps
from evalkit.workspace import File

from .terminal_bench_attacks import SCRIPT, files_task
from .terminal_bench_trials import core, harbor, stepped

SETUP = (
    "apt-get update\ncurl -LsSf https://astral.sh/uv/install.sh | sh\nsource $HOME/.local/bin/env\nuv init\n"
)
CORE = {
    "run-tests.sh": "#!/bin/bash\nsource $TEST_DIR/setup.sh\nuv add a==1 b\nbash $TEST_DIR/run.sh\n",
    "setup.sh": SETUP + "uv add pytest==8.4.1\n",
    "run.sh": "uv run pytest $TEST_DIR/test_outputs.py -rA\n",
}


def shape(script: str, **others: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    files = {"test.sh": script, **others}
    found = shape_of("test.sh", {name: File(text.encode()) for name, text in files.items()})
    return found.why, found.packages, found.files


def test_scripts_that_run_pytest_once_are_of_its_shape() -> None:
    assert shape(SCRIPT) == ("", (), ("test_outputs.py",))
    more = SCRIPT.replace("-w pytest-json", "-w numpy==2.3.1 -w pytest-json")
    assert shape(more) == ("", ("numpy==2.3.1",), ("test_outputs.py",))
    files = {name: File(text.encode()) for name, text in CORE.items()}
    found = shape_of("run-tests.sh", files)
    assert (found.why, found.packages, found.files) == ("", ("a==1", "b"), ("test_outputs.py",))
    pip = "pip install pytest==8.4.1 requests\npython -m pytest /tests/test_a.py /tests/test_b.py -v\n"
    assert shape(pip) == ("", ("requests",), ("test_a.py", "test_b.py"))


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("make test && echo 1 > /logs/verifier/reward.txt\n", "`make`"),
        ("pytest /tests/test_a.py\npytest /tests/test_b.py\n", "2 times"),
        ("echo 1 > /logs/verifier/reward.txt\n", "0 times"),
        ("pytest\n", "does not name"),
        ("pip install git+https://example.org/x.git\npytest /tests/test_a.py\n", "not on the index"),
        ("uvx -w torch==2.7.0 pytest /tests/test_a.py\n", "gigabytes"),
        ("cat > x <<'EOF'\nit's\nEOF\npytest /tests/test_a.py\n", "more than to run pytest"),
        ("source /tests/none.sh\npytest /tests/test_a.py\n", "more than to run pytest"),
    ],
)
def test_other_scripts_have_no_strict_verdict(script: str, why: str) -> None:
    assert why in shape(script)[0]


def test_tasks_of_other_kinds_have_none() -> None:
    assert "several steps" in str(job_of(stepped()))
    assert "own session" in str(job_of(core(same_shell=True)))
    assert "more than to run pytest" in str(job_of(harbor()))
    assert not isinstance(job_of(files_task()), str)


IMAGE = Image(
    there=frozenset(
        ["/usr/bin/cat", "/usr/lib/libc.so.6", "/etc/passwd", "/usr/bin", "/app/x", "/root/.bashrc"]
    ),
    programs=frozenset(["cat", "python3", "curl"]),
    libraries=frozenset(["libc.so.6"]),
    path=("/opt/conda/bin",),
)


def left(*paths: str, gone: Sequence[str] = ()) -> set[str]:
    changes = [Change(path) for path in paths] + [Change(path, gone=True) for path in gone]
    return set(left_out(changes, IMAGE))


def test_what_solves_a_task_is_taken() -> None:
    assert not left(
        *("/app/x", "/app/bin/cat", "/app/conftest.py", "/usr/bin/nginx", "/etc/nginx/nginx.conf"),
        *("/usr/lib/libssl.so.3", "/usr/lib/python3/dist-packages/a.py", "/home/git/.ssh/authorized_keys"),
        *("/etc/passwd", "/root/.gitconfig", "/opt/conda/lib/site-packages/x.py"),
        gone=["/app/y"],
    )


@pytest.mark.parametrize(
    "path",
    [
        *("/usr/bin/cat", "/usr/local/bin/cat", "/opt/conda/bin/python3", "/usr/local/bin/curl"),
        *("/usr/lib/libc.so.6", "/usr/local/lib/libc.so.6", "/etc/ld.so.preload", "/etc/ld.so.conf.d/a.conf"),
        *(
            "/root/.bashrc",
            "/home/agent/.profile",
            "/etc/profile.d/x.sh",
            "/etc/environment",
            "/root/.curlrc",
        ),
        *("/tests/test_outputs.py", "/logs/verifier/reward.txt", "/solution/solve.sh", "/evalkit"),
        *("/usr", "/usr/bin", "/root", "/opt/conda", "/root/.local/bin/env", "/root/.config/uv/uv.toml"),
    ],
)
def test_what_steers_who_verifies_is_not(path: str) -> None:
    assert path in left(path)


def test_programs_that_were_removed_are_there_again() -> None:
    assert left(gone=["/usr/bin/cat", "/usr/bin", "/usr/lib/libc.so.6"]) == {
        "/usr/bin/cat",
        "/usr/bin",
        "/usr/lib/libc.so.6",
    }


def test_the_loaders_list_is_not_taken_with_a_library_of_the_same_name() -> None:
    assert left("/etc/ld.so.cache", "/opt/x/libc.so.6") == {"/etc/ld.so.cache"}
    assert not left("/etc/ld.so.cache", "/usr/local/lib/libnew.so.1")


def test_an_archive_of_what_is_taken() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("app/y", "usr/bin/cat", "usr/.wh.bin", "usr/bin/deep/x"):
            archive.addfile(tarfile.TarInfo(name))
        link = tarfile.TarInfo("app/link")
        link.type, link.linkname = tarfile.LNKTYPE, "usr/bin/cat"
        archive.addfile(link)
    changes = listed(out.getvalue())
    assert Change("/usr/bin", gone=True) in changes
    with tarfile.open(fileobj=io.BytesIO(without(out.getvalue(), left_out(changes, IMAGE)))) as archive:
        assert archive.getnames() == ["app/y"]


# -- reports ---------------------------------------------------------------------------------------
TESTS = {"test_a.py": File(b"def test_one(): pass\n\nclass TestMore:\n    def test_two(self): pass\n")}
TRAPS = Traps(("test_good",), ("test_bad",))
IDS = ("test_a.py::test_one", "test_a.py::TestMore::test_two", "test_a.py::test_good", "test_a.py::test_bad")


def said(ids: Sequence[str] = IDS, failed: Sequence[str] = IDS[3:], **changes: str) -> list[str]:
    facts: list[dict[str, object]] = [{"e": "began"}, {"e": "collected", "ids": list(ids)}]
    for name in ids:
        for when in ("setup", "call", "teardown"):
            outcome = "failed" if when == "call" and name in failed else changes.get(when, "passed")
            facts.append({"e": "report", "id": name, "when": when, "outcome": outcome})
    return [json.dumps(fact) for fact in [*facts, {"e": "exit", "status": 1}]]


def faults(lines: Sequence[str]) -> str:
    return "; ".join(judged(lines, TESTS, ["test_a.py"], TRAPS)[1])


def test_what_was_seen_to_pass_passes() -> None:
    results, why = judged(said(), TESTS, ["test_a.py"], TRAPS)
    assert [(result.name, result.status) for result in results] == [(IDS[0], "passed"), (IDS[1], "passed")]
    assert not why


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        pytest.param([], "not run", id="nothing"),
        pytest.param(said(failed=IDS[2:]), "traps", id="a trap that fails"),
        pytest.param(said(failed=()), "cannot pass", id="all passed"),
        pytest.param(said(failed=(IDS[0], *IDS[3:])), "1 of 2 tests did not pass", id="one failed"),
        pytest.param(said(IDS[1:]), "1 tests were not run: test_a.py::test_one", id="one missing"),
        pytest.param(said(setup="skipped"), "2 of 2 tests did not pass", id="skipped"),
        pytest.param(said()[:-1], "did not come to their end", id="no end"),
        pytest.param([*said(), *said()[2:5]], "after the end", id="more after it"),
        pytest.param([*said()[:3], "{", *said()[3:]], "something else", id="no report"),
        pytest.param([*said()[:2], *said()], "did not come to their end", id="begun twice"),
    ],
)  # fmt: skip
def test_what_was_not_seen_to_pass_does_not(lines: Sequence[str], why: str) -> None:
    assert why in faults(lines)
