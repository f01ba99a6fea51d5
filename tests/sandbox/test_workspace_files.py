"""Files of a workspace, read and written from outside while its programs do their worst: nothing of this host
is ever touched, and nothing but regular files comes out."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.patch import apply_patch, make_patch
from evalkit.sandbox import open_workspace_sandbox
from evalkit.sandbox import workspace_files as files_of
from evalkit.workspace import File, NotAFile, Tree, WorkspaceSpec

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
ODD = (b"new\nline", b"\xff\xfe", b"-rf", b"*", b"\x1b[31m", b" ", b"'\"`$(id)", "é☃".encode(), b"a" * 255)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(workspace_image: str) -> AsyncIterator[Any]:
    opened = await open_workspace_sandbox(run_label="files")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared(sandbox: Any, workspace_image: str) -> Any:
    """One for all tests: each works in a folder of its own name."""
    return await sandbox.open(WorkspaceSpec(workspace_image))


async def sh(workspace: Any, script: str, folder: str = "", user: str | None = None) -> str:
    done = await workspace.run(["sh", "-c", script], timeout_s=30, folder=folder or None, user=user)
    assert done.status == 0, done
    return str(done.text)


async def test_written_files_are_the_users_own(shared: Any) -> None:
    await shared.write(
        {"own/deep/x.sh": File(b"#!/bin/sh\necho ran\n", True), "own/y": b"text", "own/l": File(link="y")}
    )
    listed = await sh(
        shared,
        "for f in . deep deep/x.sh y l; do ls -ld $f; done; ./deep/x.sh; cat l; echo new > deep/z; rm y",
        "own",
    )
    rows = listed.splitlines()
    assert [row.split()[0] for row in rows[:5]] == [
        "drwxr-xr-x",
        "drwxr-xr-x",
        "-rwxr-xr-x",
        "-rw-r--r--",
        "lrwxrwxrwx",
    ]
    assert all(row.split()[2:4] == ["worker", "worker"] for row in rows[:5])
    assert rows[5:] == ["ran", "text"]
    assert await shared.read("own/deep/z") == b"new\n"
    assert await shared.read("/work/own/./deep//x.sh") == b"#!/bin/sh\necho ran\n"
    tree = await shared.tree("own")
    assert tree == Tree(
        {"deep/x.sh": File(b"#!/bin/sh\necho ran\n", True), "deep/z": File(b"new\n"), "l": File(link="y")}
    )


async def test_what_is_written_is_newer_than_what_was_built(shared: Any) -> None:
    await shared.write({"times/source": b"1"})
    await sh(shared, "cat source > built", "times")
    await shared.write({"times/source": b"2"})
    assert await sh(shared, "[ source -nt built ] && echo newer", "times") == "newer\n"


async def test_writing_replaces_what_stands_there(shared: Any) -> None:
    await sh(
        shared,
        "mkdir -p rep/folder/in; ln -s /etc/passwd rep/link; mkfifo rep/pipe; echo x > rep/file; ln rep/file rep/hard",
    )
    await shared.write({f"rep/{name}": b"new" for name in ("folder", "link", "pipe", "file")})
    tree = await shared.tree("rep")
    assert {name: file.data for name, file in tree.files.items()} == {"folder": b"new", "link": b"new", "pipe": b"new", "file": b"new", "hard": b"x\n"}  # fmt: skip
    assert "worker:x:1234" in await sh(shared, "cat /etc/passwd")


async def test_odd_names_go_in_and_out(shared: Any) -> None:
    before = Tree({f"odd/{os.fsdecode(name)}": File(name) for name in ODD} | {"odd/d\udcff/f": File(b"1")})
    await shared.write(before.files)
    found = await shared.tree("odd")
    assert {f"odd/{name}": file for name, file in found.files.items()} == before.files
    for name in (name for name in ODD if name != b"\xff\xfe"):
        assert await shared.read(f"odd/{name.decode()}") == name
    for act in (shared.read("odd/\udcff\udcfe"), shared.tree("odd/d\udcff")):
        with pytest.raises(
            NotAFile, match=r"cannot be read|names something outside"
        ):  # the engine does not pass such a path on
            await act
    await sh(shared, "cat -- *\n[ $(ls | wc -l) -ge 10 ]", "odd")
    start = Tree({name: File(b"start") for name in list(found.files)[:4]})
    assert apply_patch(start, make_patch(start, found)).files == found.files
    await shared.remove([*before.files, "odd/d\udcff", "odd/never was"])
    assert await shared.tree("odd") == Tree()


OUTSIDE = ["../etc/passwd", "..", "a/../../etc/passwd", "", "nul\0byte", "x" * 300, "own2/../../x"]


@pytest.mark.parametrize("path", OUTSIDE)
async def test_no_path_leads_out(shared: Any, path: str) -> None:
    for act in (shared.read(path), shared.write({path: b"x"}), shared.remove([path]), shared.tree(path)):
        with pytest.raises(NotAFile, match="not a path inside"):
            await act


@pytest.mark.parametrize("path", [".", "/", "/work", "/work/."])
async def test_the_whole_is_no_file(shared: Any, path: str) -> None:
    for act in (shared.read(path), shared.write({path: b"x"}), shared.remove([path])):
        with pytest.raises(NotAFile):
            await act


async def test_links_are_never_followed(shared: Any) -> None:
    await sh(
        shared,
        "mkdir lnk; cd lnk; ln -s /etc etc; ln -s /etc/passwd passwd; ln -s loop loop; ln -s . here; ln -s /proc/1/root/etc/passwd init; ln -s nowhere dangling; echo 1 > real",
    )
    for path in ("etc/passwd", "here/real", "loop/x", "here/here/real"):
        for act in (
            shared.read(f"lnk/{path}"),
            shared.write({f"lnk/{path}": b"x"}),
            shared.remove([f"lnk/{path}"]),
        ):
            with pytest.raises(NotAFile, match="is a link, not a folder"):
                await act
    for path in ("passwd", "init", "dangling", "loop", "etc"):
        with pytest.raises(NotAFile, match="is a link, not a file"):
            await shared.read(f"lnk/{path}")
    for path in ("etc", "here"):
        with pytest.raises(NotAFile, match="is a link, not a folder"):
            await shared.tree(f"lnk/{path}")
    tree = await shared.tree("lnk")
    assert tree.files["passwd"] == File(link="/etc/passwd")
    assert {name for name, file in tree.files.items() if file.link is None} == {"real"}
    await shared.remove(["lnk/etc", "lnk/here"])  # the links, not what they lead to
    assert await sh(shared, "cat /etc/passwd lnk/real | wc -l") == "3\n"


async def test_only_regular_files_come_out(shared: Any) -> None:
    await sh(
        shared,
        "mkdir spc; cd spc; mkfifo pipe; echo x > file; ln file hard; mkdir -p .git/hooks sub/.Git; echo x > .git/hooks/h; echo x > sub/.Git/c; chmod 000 file",
    )
    await sh(shared, "mknod spc/device c 1 5; mknod spc/block b 7 0", user="root")
    for name in ("pipe", "device", "block"):
        with pytest.raises(NotAFile, match="is a device or pipe"):
            await shared.read(f"spc/{name}")
    tree = await shared.tree("spc")
    assert tree.files == {"file": File(b"x\n"), "hard": File(b"x\n")}
    special, git = "a device or pipe", "git's own folder"
    assert tree.left_out == {
        "pipe": special,
        "device": special,
        "block": special,
        ".git": git,
        "sub/.Git": git,
    }
    assert await shared.read("spc/.git/hooks/h") == b"x\n"


async def test_a_hard_link_shows_no_more_than_the_container_has(shared: Any) -> None:
    await sh(shared, "mkdir hard; ln /etc/shadow hard/shadow || echo 'not allowed' > hard/shadow")
    said = await shared.read("hard/shadow")
    assert said in (b"not allowed\n", b"root:secret-of-the-image::\n")


async def test_sizes_are_bounded_and_nothing_large_is_kept(shared: Any) -> None:
    await sh(
        shared,
        "mkdir big; cd big; truncate -s 3G sparse; head -c 300000000 /dev/zero > zeros; head -c 1000 /dev/zero > small",
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for act in (
        shared.read("big/sparse"),
        shared.read("big/zeros"),
        shared.read("big/small", limit=999),
        shared.tree("big", limit=250 << 20),
    ):
        with pytest.raises(NotAFile, match="is too large"):
            await act
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10 < 50 << 20
    assert len(await shared.read("big/small", limit=1000)) == 1000
    await shared.remove(["big"])


async def test_many_entries_count(shared: Any) -> None:
    await sh(shared, "mkdir -p many; cd many; mkdir $(seq 3000)")
    with pytest.raises(NotAFile, match="is too large"):
        await shared.tree("many", limit=1 << 20)
    assert await shared.tree("many") == Tree()


@pytest.mark.parametrize(
    "swap",
    [
        "rm -f x; ln -s /etc/shadow x; rm x; echo mine > x",
        pytest.param("mv d e; ln -s /etc d; rm d; mv e d", marks=pytest.mark.full),
    ],
)
async def test_what_is_swapped_meanwhile(shared: Any, swap: str) -> None:
    """A file that turns into a link and back, a folder too: read as itself or not at all."""
    await sh(shared, "rm -rf race; mkdir -p race/d; echo mine > race/x; echo mine > race/d/shadow")
    swapping = asyncio.create_task(
        shared.run(["sh", "-c", f"cd race; while :; do {swap}; done"], timeout_s=30)
    )
    await asyncio.sleep(0.1)
    seen = set()
    for _ in range(8):
        for path in ("race/x", "race/d/shadow"):
            try:
                seen.add(await shared.read(path))
            except NotAFile:
                continue
    swapping.cancel()
    await asyncio.gather(swapping, return_exceptions=True)
    assert seen <= {b"mine\n", b""}
    assert await shared.commands.alive() == 0


@pytest.mark.parametrize(
    "owner_of", ["worker:others", *(pytest.param(name, marks=pytest.mark.full) for name in ("root", "77:78"))]
)
async def test_files_of_other_users(sandbox: Any, workspace_image: str, owner_of: str) -> None:
    workspace = await sandbox.open(
        WorkspaceSpec(workspace_image, root="/home/worker/new/deep", user=owner_of)
    )
    await workspace.write({"a/f": b"1"})
    numbers = {"root": "0 0", "worker:others": "1234 1300", "77:78": "77 78"}[owner_of]
    listed = await sh(workspace, "ls -lnd . a a/f; echo x > g")
    assert {" ".join(row.split()[2:4]) for row in listed.splitlines()} == {numbers}
    await workspace.close()


async def test_an_unknown_user_is_named(sandbox: Any, workspace_image: str) -> None:
    from evalkit.errors import SandboxError

    with pytest.raises(SandboxError, match="the image has no user 'nobody-here'"):
        await sandbox.open(WorkspaceSpec(workspace_image, user="nobody-here"))


async def test_paths_are_names() -> None:
    assert files_of.parts("a//./b", "/work") == ("work", "a", "b")
    assert files_of.parts("/etc/x", "/work") == ("etc", "x")
