"""What a container has made of its image, taken out of it and brought into another one of the same image."""

from __future__ import annotations

import io
import tarfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.sandbox import open_workspace_sandbox
from evalkit.workspace import Bundle, NotAFile, WorkspaceSpec

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
# everything below the root's folders that has a mode, an owner, a size and a target, a line each
LISTED = "cd /; ls -lanR --time-style=+%s etc home app made bin odd 2>/dev/null | cat -v"
MADE = r"""
mkdir -p /made/a/b /app; echo one > /made/a/one; ln /made/a/one /made/a/b/two; ln -s ../one /made/a/b/link
chmod 4751 /made/a/one; chmod 1777 /made/a/b; mkfifo /made/pipe; echo mine > /app/mine
mkdir /made/closed; echo secret > /made/closed/file; chmod 600 /made/closed/file; chmod 700 /made/closed
rm /bin/seq; rm -rf /home; mkdir /home; echo new > /home/file
rm /bin/touch; mkdir /bin/touch; echo in > /bin/touch/inside
echo more >> /etc/passwd; chmod 640 /etc/shadow; mv /bin/wc /etc/wc; ln -s circle /etc/circle
mkdir /odd; : > "$(printf '/odd/\377\376')"; echo 2 > "$(printf '/odd/new\nline')"; ln -s / "/odd/ root"
"""
ENGINES = (" ..", " hosts", " hostname", " resolv.conf", "/mounts")
MANY = "mkdir /app/many; n=0; while [ $n -lt 90 ]; do echo $n > /etc/n$n; n=$((n+1)); done"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(workspace_image: str) -> AsyncIterator[Any]:
    opened = await open_workspace_sandbox(run_label="changes")
    yield opened
    await opened.close()


async def sh(workspace: Any, script: str, user: str = "0") -> str:
    done = await workspace.run(["sh", "-c", script], timeout_s=30, folder="/", user=user)
    assert done.status == 0, done
    return str(done.text)


def listed(text: str) -> list[list[str]]:
    """Without what the engine makes anew, and how many links and blocks it says that folders have."""
    rows = [line.split() for line in text.splitlines() if line and not line.endswith(ENGINES)]
    return [row[:1] + row[2:4] + row[5:] if row[0][0] == "d" else row for row in rows if row[0] != "total"]


def names(changes: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(changes), errors="surrogateescape") as archive:
        return [name for name in archive.getnames() if name != "sbin"]  # the engine's: see its init


@pytest.mark.parametrize("more", ["true", MANY], ids=["path by path", "all at once"])
async def test_a_fresh_container_with_the_changes_is_like_the_first(
    sandbox: Any, workspace_image: str, more: str
) -> None:
    first = await sandbox.open(WorkspaceSpec(workspace_image))
    await sh(first, MADE + more)
    await sh(first, "mkdir -p /made/free && chmod 777 /made/free")
    await sh(first, "echo mine > /made/free/mine", "1234:1235")
    want = listed(await sh(first, LISTED))
    changes = await first.changes()
    second = await first.another()
    await second.apply(changes)
    assert listed(await sh(second, LISTED)) == want
    assert any(row[:4] == ["-rwsr-x--x", "2", "0", "0"] for row in want), "owners, modes, hard links"
    assert await sh(second, "cat /made/a/b/two /made/closed/file /bin/touch/inside /app/mine") == (
        "one\nsecret\nin\nmine\n"
    )
    assert await sh(second, "cat '/odd/new\nline'; [ -p /made/pipe ] && echo pipe") == "2\npipe\n"
    assert await sh(second, "[ ! -e /bin/seq ] && [ ! -e /home/worker ] && echo gone") == "gone\n"
    await first.close()
    await second.close()


async def test_nothing_changed_is_nothing(sandbox: Any, workspace_image: str) -> None:
    workspace = await sandbox.open(WorkspaceSpec(workspace_image))
    changes = await workspace.changes(without=["/work"])
    assert names(changes) == []
    await workspace.apply(changes)
    await workspace.close()


async def test_what_is_mounted_or_left_out_does_not_come(
    sandbox: Any, workspace_image: str, tmp_path: Any
) -> None:
    (tmp_path / "program").write_text("of the host's")
    spec = WorkspaceSpec(workspace_image, bundles=(Bundle(str(tmp_path), "/opt/ours/tool"),))
    workspace = await sandbox.open(spec)
    await sh(
        workspace, "echo 1 > /opt/ours/mine; mkdir -p /logs/deep /log; echo > /logs/deep/x; echo > /log/y"
    )
    found = names(await workspace.changes(without=["/logs", "/work"]))
    assert sorted(found) == ["log", "log/y", "opt", "opt/ours", "opt/ours/mine"]
    await workspace.close()


async def test_programs_that_run_on_cannot_change_what_is_read(sandbox: Any, workspace_image: str) -> None:
    workspace = await sandbox.open(WorkspaceSpec(workspace_image, user="0"))
    script = "mkdir /made; while :; do ln -sfn /etc /made/x; rm /made/x; mkdir /made/x; rm -r /made/x; done"
    process = await workspace.start(["sh", "-c", script], folder="/")
    for _ in range(5):
        assert not any(name.startswith("made/x/") for name in names(await workspace.changes()))
    await process.kill()
    await workspace.close()


async def test_more_than_the_limit_is_refused(sandbox: Any, workspace_image: str) -> None:
    workspace = await sandbox.open(WorkspaceSpec(workspace_image, user="0"))
    await sh(workspace, "truncate -s 40M /tmp/large")
    with pytest.raises(NotAFile, match="too large"):
        await workspace.changes(limit=32 << 20)
    assert len(await workspace.changes(limit=64 << 20)) > 40 << 20
    await workspace.close()


async def test_a_name_that_would_hide_another_is_left_out(sandbox: Any, workspace_image: str) -> None:
    workspace = await sandbox.open(WorkspaceSpec(workspace_image, user="0"))
    await sh(
        workspace, "mkdir /made; : > /etc/.wh.passwd; : > /made/.wh.x; mkdir /made/.wh.y; : > /made/.wh.y/z"
    )
    assert [name for name in names(await workspace.changes()) if ".wh." in name] == []
    await workspace.close()


def tar(*members: tuple[str, bytes, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, text in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, text if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            member.size = len(text) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


FILE, FOLDER, LINK, HARD, DEVICE = (
    *(tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE),
)


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(tar(("../out", FILE, "x")), id="above the root"),
        pytest.param(tar(("a/../../out", FILE, "x")), id="above it on the way"),
        pytest.param(tar(("link", LINK, "/etc"), ("link/passwd", FILE, "x")), id="through a link of its own"),
        pytest.param(b"no archive at all" * 100, id="no archive"),
        pytest.param(tar(("a", FILE, "x" * 9000))[:4000], id="cut"),
    ],
)
async def test_archives_that_lead_elsewhere_are_refused(
    sandbox: Any, workspace_image: str, hostile: bytes
) -> None:
    workspace = await sandbox.open(WorkspaceSpec(workspace_image, user="0"))
    before = await workspace.read("/etc/passwd")
    with pytest.raises(NotAFile):
        await workspace.apply(hostile)
    assert await workspace.read("/etc/passwd") == before
    await workspace.close()


async def test_our_own_places_and_devices_are_left_out(
    sandbox: Any, workspace_image: str, tmp_path: Any
) -> None:
    spec = WorkspaceSpec(workspace_image, user="0", bundles=(Bundle(str(tmp_path), "/opt/tool"),))
    workspace = await sandbox.open(spec)
    await workspace.apply(
        tar(
            ("opt/tool/planted", FILE, "x"),
            (".wh.proc", FILE, ""),
            ("opt/.wh.tool", FILE, ""),
            ("dev/shm/x", FILE, "x"),
            ("device", DEVICE, ""),
            ("hard", HARD, "etc/shadow"),
            ("good", FILE, "x"),
        )
    )
    assert await sh(workspace, "ls -d /opt/tool /good /device /hard 2>/dev/null || :") == "/good\n/opt/tool\n"
    assert list(tmp_path.iterdir()) == []
    await workspace.close()


async def test_links_to_what_is_left_out_are_files(sandbox: Any, workspace_image: str) -> None:
    """A package manager's store and what it has linked from there, after so many other changes that all of it
    is read at once."""
    workspace = await sandbox.open(WorkspaceSpec(workspace_image, user="0"))
    await sh(
        workspace,
        MANY + "; mkdir /cache /store; echo same > /cache/x; ln /cache/x /store/a; ln /store/a /store/b",
    )
    changes = await workspace.changes(without=["/cache"])
    fresh = await workspace.another()
    await fresh.apply(changes)
    assert (
        await sh(fresh, "cat /store/a /store/b; [ /store/a -ef /store/b ] && echo one") == "same\nsame\none\n"
    )
    await workspace.close()
    await fresh.close()
