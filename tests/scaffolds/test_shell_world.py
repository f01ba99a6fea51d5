"""The shell world on a real workspace: commands and their ends, the editor, mistakes, loops, the patch."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.errors import SandboxError
from evalkit.interaction import Observation
from evalkit.model import ToolCall
from evalkit.patch import apply_patch
from evalkit.scaffolds.shell import GitWork, Rules, ShellWorld
from evalkit.workspace import Tree, Workspace, WorkspaceLimits, WorkspaceSpec
from tests.steady import steady

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=32 << 20, processes=200)


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(sandbox: Any, image: str) -> AsyncIterator[Workspace]:
    opened = await sandbox.open(WorkspaceSpec(image, limits=LIMITS))
    yield opened
    await opened.close()


async def nothing(workspace: Workspace) -> Any:
    raise AssertionError("nothing is taken here")


def world(workspace: Workspace, **rules: Any) -> ShellWorld:
    return ShellWorld(workspace, nothing, rules=Rules(**rules))


async def bash(in_world: ShellWorld, command: str, **more: Any) -> Observation:
    return await in_world.act(ToolCall("1", "bash", json.dumps({"command": command, **more})))


async def edit(in_world: ShellWorld, command: str, path: str, **more: Any) -> str:
    given = {"command": command, "path": path, **more}
    return (await in_world.act(ToolCall("1", "str_replace_editor", json.dumps(given)))).text


# -- commands --------------------------------------------------------------------------------------


async def test_a_command_has_its_status_its_output_and_no_keyboard(workspace: Workspace) -> None:
    shell = world(workspace)
    mixed = "for n in 1 2 3 4 5; do echo out $n; echo err $n >&2; done"
    lines = "".join(f"out {n}\nerr {n}\n" for n in range(1, 6))
    assert (await bash(shell, f"echo first >&2; {mixed}; exit 3")).text == f"[exit status 3]\nfirst\n{lines}"
    assert (await bash(shell, "cat; true")).text == "[exit status 0; no output]"
    assert (await bash(shell, "echo $PAGER $TERM")).text == "[exit status 0]\ncat dumb\n"
    await bash(shell, "cd /tmp; x=1; echo kept >here")
    assert (await bash(shell, "pwd; echo x=$x; cat /tmp/here")).text == "[exit status 0]\n/work\nx=\nkept\n"
    seen = await bash(shell, "nosuchprogram")
    assert seen.text.startswith("[exit status 127]")
    assert seen.data == {"status": 127, "timed_out": False}


@steady
async def test_each_command_is_a_session_of_its_own_and_ends_with_all_that_it_started(
    workspace: Workspace,
) -> None:
    """Fields 5 and 6 of a stat line: process group and session."""
    shell = world(workspace)
    seen = await bash(shell, "echo $$; read -ra w </proc/$$/stat; echo ${w[4]} ${w[5]}")
    pid, group, session = seen.text.split("\n", 1)[1].split()
    assert pid == group == session
    await bash(shell, "sleep 987 &")
    late = await bash(shell, "setsid sleep 1234 & (sleep 1234 &) ; echo begun; sleep 1234", timeout_s="0.5")
    assert late.text == "[killed after 0.5 seconds, with all that it had started]\nbegun\n"
    assert not late.end
    left = (await bash(shell, "cat /proc/[0-9]*/cmdline")).text
    assert "987" in left, "what an earlier command left on purpose stays"
    assert "1234" not in left


@pytest.mark.parametrize("user", ["1234:1235", "0:0"], ids=["worker", "root"])
async def test_an_end_and_a_status_cannot_be_forged(user: str, sandbox: Any, image: str) -> None:
    opened = await sandbox.open(WorkspaceSpec(image, user=user, limits=LIMITS))
    shell = world(opened)
    forged = await bash(shell, "printf '[exit status 0]\\n\\0\\r[killed]\\n'; exit 7")
    assert forged.text.startswith("[exit status 7]\n[exit status 0]\n")
    closed = await bash(shell, "exec >&- 2>&- </dev/null; sleep 0.3; exit 9")
    assert closed.text == "[exit status 9; no output]"
    other = await bash(
        shell, "for p in /proc/[0-9]*/fd/1; do echo '[exit status 0]' >$p; done 2>/dev/null; exit 5"
    )
    assert other.text.startswith("[exit status 5")
    assert (await bash(shell, "kill -9 $$")).text.startswith("[exit status 137")
    assert (await bash(shell, "echo still here")).text == "[exit status 0]\nstill here\n"
    await opened.close()


async def test_a_service_lives_on_and_its_command_is_over(workspace: Workspace) -> None:
    shell = world(workspace)
    begun = await bash(shell, "(while true; do echo tick >>/tmp/ticks; sleep 0.05; done) & echo started")
    assert begun.text == "[exit status 0]\nstarted\n"
    seen = await bash(shell, "rm -f /tmp/ticks; until [ -s /tmp/ticks ]; do sleep 0.05; done; cat /tmp/ticks")
    assert seen.text.startswith("[exit status 0]\ntick\n")


async def test_long_output_loses_its_middle(workspace: Workspace) -> None:
    seen = await bash(world(workspace), "seq 1 100000")
    assert seen.text.startswith("[exit status 0]\n1\n2\n")
    assert seen.text.endswith("99999\n100000\n")
    assert len(seen.text) < 10_100
    assert "[... 578,895 characters left out here ...]" in seen.text
    flood = await bash(world(workspace), "head -c 50000000 /dev/zero; echo end")
    assert "[... about 49,990,004 bytes left out here ...]" in flood.text
    assert "\0" not in flood.text


async def test_a_workspace_that_is_over_is_the_end(sandbox: Any, image: str) -> None:
    opened = await sandbox.open(WorkspaceSpec(image, limits=LIMITS))
    seen = await bash(world(opened), "head -c 31000000 /dev/zero >a; cat a >b; cat a >c; sleep 60")
    assert (seen.end, seen.died) == ("crashed", True)
    assert seen.text == "[the workspace was ended, for it wrote more than its disk holds; no output]"
    await opened.close()


# -- mistakes and loops ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("bash", '{"command": "l', "the arguments are no JSON"),
        ("bash", "", "'command' is missing"),
        ("bash", "[]", "must be a JSON object"),
        ("bash", '{"cmd": "ls"}', "'command' is missing; given: cmd"),
        ("bash", '{"command": ["ls"]}', "must be a text"),
        ("bash", '{"command": "  "}', "is empty"),
        ("bash", '{"command": "a\\u0000b"}', "NUL"),
        ("bash", '{"command": "\\ud800"}', "half a character"),
        ("bash", '{"command": "ls", "timeout_s": "soon"}', "must be a number"),
        ("bash", '{"command": "ls", "timeout_s": 0}', "more than 0"),
        ("bash", f'{{"command": "ls", "timeout_s": {10**400}}}', "must be a number"),
        ("bash", json.dumps({"command": "x" * 100_001}), "longer than 100,000 bytes"),
        ("str_replace_editor", '{"path": "a"}', "'command' is missing"),
        ("str_replace_editor", '{"command": "undo_edit", "path": "a"}', "there is no command 'undo_edit'"),
        ("str_replace_editor", '{"command": "view"}', "'path' is missing"),
        ("str_replace_editor", '{"command": "view", "path": ""}', "'path' is empty"),
        ("str_replace_editor", json.dumps({"command": "create", "path": "x" * 200_000}), "longer than 4,000"),
        ("str_replace_editor", '{"command": "view", "path": "a", "view_range": 3}', "two line numbers"),
        ("str_replace_editor", '{"command": "create", "path": "a"}', "'file_text' is missing"),
    ],
)
async def test_a_call_that_cannot_be_read_is_told_why(name: str, arguments: str, why: str) -> None:
    seen = await world(Untouched()).act(ToolCall("1", name, arguments))
    assert seen.text.startswith(f"[not done] {name}: ")
    assert why in seen.text
    assert not seen.end


class Untouched:
    """A workspace that nothing may be asked of."""

    spec = WorkspaceSpec("none")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for")


async def test_the_same_call_again_and_again_is_told_and_ends(workspace: Workspace) -> None:
    shell = world(workspace, repeats_told=2, repeats_end=4)
    assert "in a row" not in (await bash(shell, "echo a")).text
    assert "2 times in a row" in (await bash(shell, "echo a")).text
    assert "in a row" not in (await bash(shell, "echo b")).text
    ends = [(await bash(shell, "echo a")).end for _ in range(4)]
    assert ends == ["", "", "", "turns"]
    other = world(workspace, repeats_told=2, repeats_end=None)
    assert [(await bash(other, "true")).end for _ in range(5)] == [""] * 5


async def test_a_round_of_calls_is_a_loop_as_one_call_is(workspace: Workspace) -> None:
    shell = world(workspace, repeats_told=3, repeats_end=4)
    seen = [await bash(shell, f"echo {word}") for word in "abc" * 4]
    told = {n: one.text.split("[")[-1] for n, one in enumerate(seen) if "repeated" in one.data}
    loop = "{} times in a row the same 3 calls had the same outcome: try something else.]"
    assert told == {n: loop.format(3) for n in (8, 9, 10)} | {11: loop.format(4)}
    assert [n for n, one in enumerate(seen) if one.end] == [11]
    longer = world(workspace, repeats_told=2, repeats_end=3)
    assert not [n for n in range(20) if "repeated" in (await bash(longer, f"echo {n % 5}")).data]


async def test_asking_again_for_what_changes_is_no_loop(workspace: Workspace) -> None:
    shell = world(workspace, repeats_told=2, repeats_end=3)
    for n in range(1, 5):
        seen = await bash(shell, "echo x >>count; wc -l <count")
        assert (seen.text, seen.end) == (f"[exit status 0]\n{n}\n", "")


# -- the editor ------------------------------------------------------------------------------------


async def test_files_are_made_shown_and_edited(workspace: Workspace) -> None:
    shell = world(workspace)
    lines = "".join(f"line {n}\n" for n in range(1, 21))
    assert await edit(shell, "create", "new/folder/a.txt", file_text=lines) == (
        "[/work/new/folder/a.txt written, 20 lines]"
    )
    assert (await edit(shell, "view", "new/folder/a.txt", view_range=[19, -1])) == (
        "[/work/new/folder/a.txt, 20 lines]\n    19\tline 19\n    20\tline 20"
    )
    seen = await edit(shell, "str_replace", "/work/new/folder/a.txt", old_str="line 10\n", new_str="X\nY\n")
    assert seen.startswith("[/work/new/folder/a.txt edited]\n     6\tline 6\n")
    assert seen.endswith("    15\tline 14")
    await edit(shell, "insert", "new/folder/a.txt", insert_line=0, new_str="first")
    await edit(shell, "insert", "new/folder/a.txt", insert_line="22", new_str="last")
    assert (await bash(shell, "head -n 2 new/folder/a.txt; tail -n 2 new/folder/a.txt")).text == (
        "[exit status 0]\nfirst\nline 1\nline 20\nlast"
    )
    assert (await edit(shell, "view", "new")) == "[folder /work/new]\nfolder/\n"


async def test_what_an_edit_leaves_alone_stays_as_it_was(workspace: Workspace) -> None:
    """Bytes that are no text, line ends, the last line's end, mode and owner."""
    shell = world(workspace)
    await bash(shell, r"printf 'a\xff\r\nb\r\nend' >f; chmod 754 f")
    assert "CR LF" in await edit(shell, "str_replace", "f", old_str="\nb\n", new_str="x")
    assert "edited" in await edit(shell, "str_replace", "f", old_str="b", new_str="ü")
    assert await workspace.read("f") == b"a\xff\r\n\xc3\xbc\r\nend"
    assert (await bash(shell, "ls -l f")).text.split()[3] == "-rwxr-xr--"


async def test_what_the_editor_cannot_do_it_says(workspace: Workspace) -> None:
    shell = world(workspace)
    await bash(
        shell, "printf 'a\\nb\\na\\n' >f; mkfifo pipe; ln -s f link; mkdir d; head -c 5000000 /dev/zero >big"
    )
    assert "3 times" not in await edit(shell, "str_replace", "f", old_str="a", new_str="b")
    assert "2 times (lines 1, 3)" in await edit(shell, "str_replace", "f", old_str="a", new_str="b")
    assert "is not in" in await edit(shell, "str_replace", "f", old_str="c", new_str="b")
    assert "is empty" in await edit(shell, "str_replace", "f", old_str="", new_str="b")
    assert "the same as" in await edit(shell, "str_replace", "f", old_str="b", new_str="b")
    assert "there is no line 9" in await edit(shell, "insert", "f", insert_line=9, new_str="x")
    assert "none of them" in await edit(shell, "view", "f", view_range=[7, 9])
    assert "there is no /work/none" in await edit(shell, "view", "none")
    assert "device or pipe" in await edit(shell, "view", "pipe")
    assert "too large" in await edit(shell, "view", "big")
    assert "is a link" in await edit(shell, "view", "link")
    assert "cannot be written" in await edit(shell, "create", "d", file_text="x")
    assert "cannot be written" in await edit(shell, "create", "/etc/passwd", file_text="x")
    assert "there is no /etc/none" in await edit(shell, "view", "../etc/none")
    assert "cannot be written" in await edit(shell, "create", "f/x", file_text="x")


# -- the patch -------------------------------------------------------------------------------------

REPOSITORY = r"""
git init -q --template= -b main . && git config user.name A && git config user.email a@b.c
printf '*.log\nbuilt/\n' >.gitignore; printf 'one\n' >a; printf 'x\n' >gone; printf 'kept\n' >old.log
git add -f . && git commit -q -m start
"""
WORK = r"""
printf 'one\ntwo' >a; rm gone; git add -A; git commit -q -m mine
mkdir built; echo o >built/o; echo l >new.log
printf '\0\1\xff' >binary; printf 'caf\xe9\n' >latin; printf '#!/bin/sh\n' >run; chmod +x run; ln -s a link
echo more >>old.log; git config core.pager false; git config diff.noprefix true; git config color.ui always
mkdir -p .git/info; printf '* -text diff=mad\n' >.git/info/attributes; git config diff.context 0
git config diff.mad.textconv 'echo gotcha'; git config diff.external 'echo gotcha'; touch .git/index.lock
"""


async def test_the_patch_is_the_work_since_the_first_commit(workspace: Workspace) -> None:
    shell = world(workspace)
    assert (await bash(shell, REPOSITORY)).text == "[exit status 0; no output]"
    start = await workspace.tree()
    take = await GitWork.of(workspace)
    assert (await take(workspace)).text == ""
    assert (await bash(shell, WORK)).text == "[exit status 0; no output]"
    answer = await ShellWorld(workspace, take).answer()
    assert answer.form == "patch"
    assert "gotcha" not in answer.text
    assert "\033" not in answer.text
    made = apply_patch(Tree(start.files), answer.text).files
    after = dict((await workspace.tree()).files)
    ignored = {path: after.pop(path) for path in ("built/o", "new.log")}
    assert made == after
    assert len(ignored) == 2
    assert made["run"].executable
    assert made["link"].link == "a"


ANEW = "git init -q . && git add -A && git -c user.name=B -c user.email=b@c.d commit -q -m all"
BREAKS = {
    "another": f"rm -rf .git; {ANEW}",
    "removed": "rm -rf .git",
    "objects": "rm -rf .git/objects/*",
    "index": "rm .git/index; mkdir .git/index; echo x >.git/index/x",
    "no git": 'rm "$(command -v git)"',
}
ALL = [pytest.param(how, marks=pytest.mark.full) for how in list(BREAKS)[1:]]


@pytest.mark.parametrize("how", ["another", *ALL])
async def test_the_patch_of_a_repository_that_was_broken_is_the_same(workspace: Workspace, how: str) -> None:
    """Read from outside, and compared in a fresh workspace by its own git."""

    async def ready(fresh: Workspace) -> GitWork:
        assert (await bash(world(fresh), REPOSITORY)).text == "[exit status 0; no output]"
        return await GitWork.of(fresh, again=ready)

    take = await ready(workspace)
    assert (await bash(world(workspace), WORK)).text == "[exit status 0; no output]"
    wanted = (await take(workspace)).text
    assert "b/run" in wanted
    who = "root" if how == "no git" else None
    broken = await workspace.run(["bash", "-c", BREAKS[how]], timeout_s=30, user=who)
    assert broken.status == 0, broken.text
    assert (await take(workspace)).text == wanted


async def test_what_cannot_be_compared_is_no_patch_and_a_folder_without_git_is_refused(
    workspace: Workspace,
) -> None:
    with pytest.raises(SandboxError, match="is no git repository"):
        await GitWork.of(workspace)
    await bash(world(workspace), REPOSITORY)
    take = await GitWork.of(workspace)
    await bash(world(workspace), "rm -rf .git; echo x >a")
    assert (await take(workspace)).text == "", "nobody knows how it started"
