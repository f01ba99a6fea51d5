"""The integrity of the start: repositories made by real git, each of which keeps the answer in another place.

What a model must not find is one text, ANSWER, in a commit that came after the base commit. Afterwards no
object of the repository holds it, and no file of .git names the commit.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.swebench import start
from evalkit_suites.swebench.workplace import assignment_of

from evalkit.errors import SandboxError
from evalkit.sandbox import open_workspace_sandbox
from evalkit.task import Answer
from evalkit.workspace import Workspace
from tests.suites.swebench_made import Made, image_of
from tests.suites.swebench_places import (
    ANSWER,
    PLACES,
    WHO,
    Repository,
    borrowed,
    branch,
    git,
    hostile,
    kept_pack,
    repository,
    work_tree,
)

SCRIPT = (Path(start.__file__).parent / "inside" / "start.sh").read_text()


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    return repository(tmp_path / "testbed")


def fit(made: Repository, base: str = "") -> str:
    """The script's last line."""
    env = {"PATH": os.environ["PATH"], "HOME": str(made.path.parent), **start.PLAIN}
    words = ["sh", "-c", SCRIPT, "sh", base or made.base]
    done = subprocess.run(words, cwd=made.path, env=env, capture_output=True, text=True)
    last = done.stdout.strip().rpartition("\n")[2]
    assert (done.returncode == 0) == last.startswith("fit "), (done.stdout, done.stderr)
    return last


def assert_clean(made: Repository, later: str) -> None:
    """Nothing of the answer is left, and all that led to the base commit is."""
    objects = made.git("cat-file", "--batch-all-objects", "--batch")
    assert ANSWER not in objects
    for path in (made.path / ".git").rglob("*"):
        if path.is_file() and path.stat().st_size < 1 << 20:
            assert later.encode() not in path.read_bytes(), path
    assert made.git("log", "--all", "--format=%H").split() == [made.base, made.old]
    assert made.git("describe").startswith("v1-1-g")
    assert made.git("tag").split() == ["plain", "v1"]
    assert made.git("for-each-ref", "refs/heads", "--format=%(refname)") == "refs/heads/main"
    assert made.git("remote") == ""
    assert made.git("status", "--porcelain") == ""
    made.git("fsck", "--full", "--strict")
    assert not (made.path / ".git" / "evalkit-start").exists()


QUICK = (borrowed, kept_pack, work_tree, hostile)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(place, id=place.__name__, marks=[] if place in QUICK else pytest.mark.full)
        for place in PLACES
    ],
)
def test_the_answer_is_gone(made: Repository, place: Callable[[Repository], str]) -> None:
    later = place(made)
    (made.path.parent / "ran").unlink(missing_ok=True)  # of what the place itself ran
    assert fit(made) == f"fit {made.base}"
    assert not (made.path.parent / "ran").exists()
    assert_clean(made, later)
    assert not (made.path.parent / "elsewhere").exists()
    assert not (made.path.parent / "other.git" / "objects").exists()
    assert fit(made) == f"fit {made.base}"  # what is clean stays as it is


def test_a_detached_head_needs_no_branch(made: Repository) -> None:
    later = branch(made)
    made.git("checkout", "-q", "--detach", made.base)
    made.git("branch", "-f", "main", later)
    assert fit(made) == f"fit {made.base}"
    assert made.git("for-each-ref", "refs/heads") == ""
    assert ANSWER not in made.git("cat-file", "--batch-all-objects", "--batch")


def test_a_shallow_clone_is_fit(made: Repository) -> None:
    later = branch(made)
    first = made.path.rename(made.path.parent / "first")
    git(first, "clone", "-q", "--depth", "1", "-b", "main", f"file://{first}", str(made.path))
    made.git("fetch", "-q", "--depth", "1", "origin", "fix")
    made.git("tag", "v1")
    assert ANSWER in made.git("cat-file", "--batch-all-objects", "--batch")
    assert fit(made) == f"fit {made.base}"
    assert ANSWER not in made.git("cat-file", "--batch-all-objects", "--batch")
    assert made.git("log", "--all", "--format=%H") == made.base
    assert later not in (made.path / ".git/shallow").read_text()


# -- what HEAD may be --------------------------------------------------------------------------------
def test_the_images_own_commit_may_stand_above_the_base(made: Repository) -> None:
    (made.path / "tox.ini").write_text("[pytest]\n")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "SWE-bench")
    assert fit(made) == f"fit {made.git('rev-parse', 'HEAD')}"


def ahead(made: Repository) -> None:
    made.git("reset", "-q", "--hard", made.later())


def far_ahead(made: Repository) -> None:
    for _ in range(2):
        made.git("commit", "-q", "--allow-empty", "-m", "SWE-bench")


def behind(made: Repository) -> None:
    made.git("reset", "-q", "--hard", made.old)


def nothing(made: Repository) -> None:
    made.git("checkout", "-q", "--orphan", "empty")


def no_repository(made: Repository) -> None:
    (made.path / ".git").rename(made.path.parent / ".git")


def linked(made: Repository) -> None:
    first = made.path.rename(made.path.parent / "first")
    git(first, "worktree", "add", "-q", "--detach", str(made.path), made.base)


def remote_of_another_file(made: Repository) -> None:
    included = made.file("included", '[remote "origin"]\n\turl = https://example.invalid/x.git\n')
    made.git("config", "include.path", str(included))


def incomplete(made: Repository) -> None:
    blob = made.git("rev-parse", "v1:code.py")
    (made.path / ".git/objects" / blob[:2] / blob[2:]).unlink()


UNFIT: dict[Callable[[Repository], None], str] = {
    ahead: "1 commits above the base commit: Fix it",
    far_ahead: "2 commits above the base commit",
    behind: "is not in the history of HEAD",
    nothing: "no commit",
    no_repository: "the repository's root is",
    linked: "a work tree of another repository",
    remote_of_another_file: "a remote that is not in its own configuration",
    incomplete: "its objects cannot be listed",
}


@pytest.mark.parametrize("case", UNFIT, ids=lambda case: case.__name__)
def test_what_cannot_be_mended_is_not_fit(made: Repository, case: Callable[[Repository], None]) -> None:
    case(made)
    last = fit(made)
    assert last.startswith("unfit ")
    assert UNFIT[case] in last


# -- in a workspace ----------------------------------------------------------------------------------
TEA = Made(
    "tea",
    files={"tea.py": "cups = 0\n"},
    tests={"test_tea.py": "def test_it(): pass\n"},
    solution={"tea.py": "cups = 4\n"},
    fail_to_pass=("test_tea.py::test_it",),
    pass_to_pass=(),
)


@pytest.fixture(scope="module")
def within(docker_engine: Any) -> Iterator[Callable[..., Any]]:
    """Calls with a fresh workspace and its assignment."""
    with asyncio.Runner() as runner, image_of(docker_engine, TEA) as row:
        sandbox = runner.run(open_workspace_sandbox(computing=2))
        assignment = assignment_of(row, image=row["image"], network=False)

        async def once(use: Callable[..., Any]) -> Any:
            workspace = await sandbox.open(assignment.spec)
            try:
                return await use(workspace, assignment)
            finally:
                await workspace.close()

        try:
            yield lambda use: runner.run(once(use))
        finally:
            runner.run(sandbox.close())


async def sh(workspace: Workspace, command: str) -> str:
    env = {**start.ALONE, **WHO}
    done = await workspace.run(["/bin/sh", "-c", command], timeout_s=60, env=env)
    assert done.status == 0, done.text
    return done.text.strip()


@pytest.mark.docker
def test_an_agent_starts_clean_and_its_patch_has_its_own_work_only(within: Callable[..., Any]) -> None:
    async def use(workspace: Workspace, assignment: Any) -> None:
        await sh(workspace, f"echo '{ANSWER}' >tea.py; git commit -qam later; git tag later")
        await sh(workspace, "git reset -q --hard HEAD~1; echo dirty >left.txt; echo '# edited' >>tea.py")
        take = await assignment.ready(workspace)
        assert await sh(workspace, "git tag; git fsck --unreachable --no-reflogs | grep commit || true") == ""
        assert ANSWER not in await sh(workspace, "git cat-file --batch-all-objects --batch")
        assert await take(workspace) == Answer("", "patch")  # what the image left lying about is not its work
        await sh(workspace, "echo 'cups = 4' >>tea.py")
        patch = (await take(workspace)).text
        assert [line for line in patch.split("\n") if line.startswith(("+", "-"))] == [
            "--- a/tea.py", "+++ b/tea.py", "+cups = 4",
        ]  # fmt: skip

    within(use)


@pytest.mark.docker
def test_an_image_from_the_future_is_an_error_of_ours(within: Callable[..., Any]) -> None:
    async def use(workspace: Workspace, assignment: Any) -> None:
        await sh(workspace, "git commit -q --allow-empty -m Fix")
        with pytest.raises(SandboxError, match="no fit start: 2 commits above the base commit: Fix"):
            await assignment.ready(workspace)

    within(use)
