"""Repositories made by real git, each of which keeps what came after the base commit in another place."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from evalkit_suites.swebench import start

ANSWER = "the answer is 42"
WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "a"), ("EMAIL", "a@b"), ("DATE", "2020-01-01T00:00:00Z"))
}


@dataclass(frozen=True)
class Repository:
    """`base` is checked out on the branch main; `old` came before it, and has the annotated tag v1."""

    path: Path
    old: str
    base: str

    def git(self, *words: str, text: str = "") -> str:
        return git(self.path, *words, text=text)

    def later(self) -> str:
        """A commit above the base commit that holds the answer; main and the files stay as they were."""
        (self.path / "answer.txt").write_text(ANSWER)
        self.git("add", "-A")
        tree = self.git("write-tree")
        self.git("reset", "-q", "--hard")
        return self.git("commit-tree", tree, "-p", self.base, "-m", f"Fix it: {ANSWER}")

    def file(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


def git(folder: Path, *words: str, text: str = "") -> str:
    """What it prints. With the configuration of the repository alone."""
    env = {**os.environ, **start.PLAIN, **WHO}
    done = subprocess.run(["git", *words], cwd=folder, env=env, input=text.encode(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "replace").strip()


def repository(path: Path) -> Repository:
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    for name in ("old", "base"):
        (path / "code.py").write_text(f"print('{name}')\n")
        git(path, "add", "-A")
        git(path, "commit", "-q", "-m", name)
        if name == "old":
            git(path, "tag", "-a", "v1", "-m", "the first")
    git(path, "tag", "plain", "v1^{commit}")
    return Repository(path, git(path, "rev-parse", "HEAD~1"), git(path, "rev-parse", "HEAD"))


# -- where the answer may lie ------------------------------------------------------------------------
def branch(made: Repository) -> str:
    later = made.later()
    made.git("branch", "fix", later)
    return later


def tags(made: Repository) -> str:
    later = made.later()
    made.git("tag", "v2", later)
    made.git("tag", "-a", "v3", "-m", ANSWER, later)
    made.git("tag", "-a", "v4", "-m", ANSWER, "v3")
    made.git("tag", "a-tree", f"{later}^{{tree}}")
    return later


def packed_names(made: Repository) -> str:
    later = tags(made)
    made.git("branch", "fix", later)
    made.git("pack-refs", "--all")
    return later


def remote(made: Repository) -> str:
    later = made.later()
    made.git("config", "remote.up stream.url", "https://example.invalid/x.git")
    made.git("remote", "add", "origin", "https://example.invalid/x.git")
    made.git("config", "branch.main.remote", "origin")
    made.git("update-ref", "refs/remotes/origin/main", later)
    made.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    made.file(".git/FETCH_HEAD", f"{later}\tbranch 'main' of x\n")
    return later


def reflog(made: Repository) -> str:
    later = made.later()
    made.git("reset", "-q", "--hard", later)
    made.git("reset", "-q", "--hard", made.base)
    assert later in (made.path / ".git/logs/HEAD").read_text()
    assert (made.path / ".git/ORIG_HEAD").exists()
    return later


def unnamed(made: Repository) -> str:
    made.git("hash-object", "-w", "--stdin", text=ANSWER)
    return made.later()


def unnamed_in_a_pack(made: Repository) -> str:
    later = reflog(made)
    made.git("repack", "-a", "-d", "-q")
    made.git("reflog", "expire", "--expire=now", "--all")
    return later


def kept_pack(made: Repository) -> str:
    later = unnamed_in_a_pack(made)
    for pack in (made.path / ".git/objects/pack").glob("*.pack"):
        pack.chmod(0o644)
        pack.with_suffix(".keep").touch()
        pack.with_suffix(".promisor").touch()
    return later


def cruft_pack(made: Repository) -> str:
    later = reflog(made)
    made.git("reflog", "expire", "--expire=now", "--all")
    made.git("repack", "-a", "-d", "-q", "--cruft")
    assert list((made.path / ".git/objects/pack").glob("*.mtimes"))
    return later


def indexes_of_packs(made: Repository) -> str:
    later = branch(made)
    made.git("repack", "-a", "-d", "-q", "--write-bitmap-index")
    made.git("commit-graph", "write", "--reachable")
    made.git("multi-pack-index", "write")
    return later


def borrowed(made: Repository) -> str:
    later = branch(made)
    other = made.path.parent / "other.git"
    made.path.rename(made.path.parent / "first")
    first = made.path.parent / "first"
    git(first, "clone", "-q", "--mirror", ".", str(other))
    git(first, "clone", "-q", "--shared", "-b", "main", str(other), str(made.path))
    assert (made.path / ".git/objects/info/alternates").exists()
    return later


def stash(made: Repository) -> str:
    (made.path / "code.py").write_text(ANSWER)
    made.git("stash", "-q")
    return made.later()


def notes(made: Repository) -> str:
    made.git("notes", "add", "-m", ANSWER, made.base)
    return made.later()


def work_tree(made: Repository) -> str:
    later = made.later()
    made.git("worktree", "add", "-q", "--detach", str(made.path.parent / "elsewhere"), later)
    return later


def staged(made: Repository) -> str:
    (made.path / "code.py").write_text(ANSWER)
    made.git("add", "-A")
    (made.path / "code.py").write_text("print('base')\n")
    return made.later()


def replaced(made: Repository) -> str:
    later = made.later()
    made.git("replace", made.base, later)
    made.file(".git/info/grafts", f"{made.base} {later}\n")
    return later


def unfinished(made: Repository) -> str:
    later = made.later()
    made.git("merge", "--no-commit", "--no-ff", "-q", later)
    made.git("reset", "-q", "--hard")
    made.file(".git/MERGE_HEAD", f"{later}\n")
    made.file(".git/sequencer/todo", f"pick {later}\n")
    made.file(".git/rebase-merge/onto", f"{later}\n")
    return later


def hostile(made: Repository) -> str:
    """Settings that run programs or hide what is there; each would leave a file."""
    later = packed_names(made)
    ran = made.path.parent / "ran"
    hooks = ("reference-transaction", "pre-commit", "post-checkout", "pre-auto-gc", "post-index-change")
    for hook in hooks:
        made.file(f".git/hooks/{hook}", f"#!/bin/sh\ntouch {ran}\nexit 1\n").chmod(0o755)
    made.file(".git/other-hooks/reference-transaction", f"#!/bin/sh\ntouch {ran}\nexit 1\n").chmod(0o755)
    settings = {
        "core.hooksPath": ".git/other-hooks",
        "core.fsmonitor": f"touch {ran}; false",
        "core.pager": f"touch {ran}",
        "core.logAllRefUpdates": "always",
        "gc.pruneExpire": "never",
        "gc.reflogExpire": "never",
        "repack.packKeptObjects": "false",
        "receive.denyDeletes": "true",
        "transfer.hideRefs": "refs/heads/fix",
        "core.commitGraph": "true",
        "log.showSignature": "true",
        "gpg.program": f"touch {ran}",
        "alias.remote": f"!touch {ran}",
        "status.showUntrackedFiles": "no",
        "color.ui": "always",
    }
    for name, value in settings.items():
        made.git("config", name, value)
    return later


PLACES = (
    branch, tags, packed_names, remote, reflog, unnamed, unnamed_in_a_pack, kept_pack, cruft_pack,
    indexes_of_packs, borrowed, stash, notes, work_tree, staged, replaced, unfinished, hostile,
)  # fmt: skip
