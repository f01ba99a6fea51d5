"""Data from a git repository: a checkout, a clone at the pinned commit, and what is wrong with either."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import evalkit.checkout
from evalkit.checkout import cached_at, clone, local_checkout, read_checkout, unpacked
from evalkit.checkout_commit import commit_of
from evalkit.errors import DataError
from evalkit.registry import read_info
from evalkit.suite import Checkout, SuiteInfo

INFO = SuiteInfo("poly", "Poly", Path("/nowhere"))
TASKS = "*/exercises/*"


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with two exercises, and files that are none."""
    root = tmp_path / "origin"
    for name, data in {
        "python/exercises/one/one.py": b"x = 1\r\n\xc3\xa9",
        "python/exercises/one/.meta/config.json": b"{}",
        "go/exercises/two/jar/wrapper.jar": b"\xff\xfe\0",
        "go/exercises/two/run": b"#!/bin/sh\n",
        "go/other/three/x": b"",
        "README.md": b"read me",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "go/exercises/two/run").chmod(0o755)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "one")
    return root


def pinned(origin: Path, commit: str = "") -> Checkout:
    return Checkout(origin.as_uri(), commit or git(origin, "rev-parse", "HEAD"), TASKS)


def test_each_folder_that_matches_is_a_record_with_all_its_bytes(origin: Path) -> None:
    go, python = read_checkout(origin, pinned(origin))
    assert (go["task_id"], python["task_id"]) == ("go/two", "python/one")
    assert go["files"]["run"] == {"text": "#!/bin/sh\n", "executable": True}
    assert unpacked(go["files"]["jar/wrapper.jar"]) == b"\xff\xfe\0"
    assert unpacked(python["files"]["one.py"]) == b"x = 1\r\n\xc3\xa9"
    assert ".meta/config.json" in python["files"]


@pytest.mark.parametrize("change", ["edit", "new", "gone", "mode"])
def test_the_commit_is_told_only_of_what_it_is_byte_for_byte(origin: Path, change: str) -> None:
    wanted = pinned(origin)
    assert commit_of(origin, wanted, read_checkout(origin, wanted)) == wanted.commit
    git(origin, "pack-refs", "--all")
    (origin / "README.md").write_text("no exercise")
    assert commit_of(origin, wanted, read_checkout(origin, wanted)) == wanted.commit
    run = origin / "go/exercises/two/run"
    if change == "edit":
        run.write_text("#!/bin/sh\nexit 0\n")
    elif change == "new":
        run.with_name("more").write_text("")
    elif change == "gone":
        run.unlink()
    else:
        run.chmod(0o644)
    assert commit_of(origin, wanted, read_checkout(origin, wanted)) == ""


def test_a_folder_inside_another_repository_has_no_commit(origin: Path) -> None:
    inner = dataclasses.replace(pinned(origin), tasks="exercises/*")
    assert [r["task_id"] for r in read_checkout(origin / "go", inner)] == ["two"]
    assert commit_of(origin / "go", inner, read_checkout(origin / "go", inner)) == ""


def test_a_checkouts_own_configuration_runs_nothing(origin: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    for name in ("core.fsmonitor", "filter.x.clean", "core.sshCommand"):
        git(origin, "config", name, f"touch {trap}")
    (origin / "go/exercises/two/.gitattributes").write_text("* filter=x\n")
    wanted = pinned(origin)
    trap.unlink(missing_ok=True)  # git itself springs it
    commit_of(origin, wanted, read_checkout(origin, wanted))
    assert not trap.exists()


@pytest.mark.parametrize("bare", [False, True])
def test_the_pinned_commit_is_cloned_once(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: bool
) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    first = git(origin, "rev-parse", "HEAD")
    (origin / "go/exercises/two/run").write_text("later\n")
    git(origin, "commit", "-q", "-a", "-m", "two")
    if bare:
        git(tmp_path, "clone", "-q", "--bare", str(origin), "bare.git")
        git(tmp_path / "bare.git", "config", "uploadpack.allowAnySHA1InWant", "true")
        origin = tmp_path / "bare.git"
    wanted = pinned(origin, first)
    root = clone(wanted)
    assert unpacked(read_checkout(root, wanted)[0]["files"]["run"]) == b"#!/bin/sh\n"
    assert commit_of(root, wanted, read_checkout(root, wanted)) == first
    assert clone(dataclasses.replace(wanted)) == root == cached_at(wanted)
    assert local_checkout(INFO, wanted, None) == root
    assert [p.name for p in root.parent.iterdir()] == [root.name]


def test_hooks_and_links_of_a_repository_do_nothing(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    (origin / "go/exercises/two/link").symlink_to("/etc/passwd")
    git(origin, "add", ".")
    git(origin, "commit", "-q", "-m", "link")
    hooks, trap = tmp_path / "hooks", tmp_path / "sprung"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {trap}\n")
        (hooks / name).chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(hooks))
    files = read_checkout(clone(pinned(origin)), pinned(origin))[0]["files"]
    trap.unlink(missing_ok=True)
    assert files["link"] == {"text": "/etc/passwd"}  # a file that says where the link went


@pytest.mark.parametrize("what", ["commit", "repository", "git"])
def test_what_cannot_be_cloned_is_one_error_with_the_way_out(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    wanted = pinned(origin)
    if what == "commit":
        wanted = dataclasses.replace(wanted, commit="1" * 40)
    elif what == "repository":
        wanted = dataclasses.replace(wanted, git=(tmp_path / "none").as_uri())
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="cannot clone") as caught:
        clone(wanted)
    assert "--data PATH" in caught.value.hint
    assert not any((tmp_path / "cache" / "checkouts").iterdir())


def test_data_is_found_by_path_then_in_the_data_folder(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    wanted = dataclasses.replace(pinned(origin), git="https://example.org/somebody/origin.git")
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    assert local_checkout(INFO, wanted, origin) == origin
    assert local_checkout(INFO, wanted, None) is None
    monkeypatch.setenv("EVALKIT_DATA", str(tmp_path))
    assert local_checkout(INFO, wanted, None) == origin
    with pytest.raises(DataError, match=r"nothing matches \*/exercises/\*") as caught:
        local_checkout(INFO, wanted, origin / "go")
    assert "root of a checkout" in caught.value.hint
    with pytest.raises(DataError, match="no such folder"):
        local_checkout(INFO, wanted, tmp_path / "none")


def test_links_special_files_and_giants_are_not_read(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = pinned(origin)
    odd = origin / "go/exercises/two/odd"
    odd.symlink_to("/etc/passwd")
    with pytest.raises(DataError, match=r"cannot read .*odd"):
        read_checkout(origin, wanted)
    odd.unlink()
    os.mkfifo(odd)
    with pytest.raises(DataError, match="no regular file"):
        read_checkout(origin, wanted)
    odd.unlink()
    monkeypatch.setattr(evalkit.checkout, "FILE_BYTES", 4)
    with pytest.raises(DataError, match="too large"):
        read_checkout(origin, wanted)
    (origin / "rust").mkdir()
    (origin / "rust/exercises").symlink_to(origin / "go/exercises")
    monkeypatch.setattr(evalkit.checkout, "FILE_BYTES", 100)
    assert len(read_checkout(origin, wanted)) == 2


def test_a_suite_that_names_a_repository_names_commit_and_folders(tmp_path: Path) -> None:
    def info(text: str) -> Any:
        (tmp_path / "suite.toml").write_text(text)
        return read_info(tmp_path)

    whole = '[data]\ngit = "https://example.org/x"\ncommit = "abc"\ntasks = "*/y"\n'
    assert info(whole).checkout == Checkout("https://example.org/x", "abc", "*/y")
    with pytest.raises(DataError, match="git needs 'commit' too"):
        info('[data]\ngit = "https://example.org/x"\n')
