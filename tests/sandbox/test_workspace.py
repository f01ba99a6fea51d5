"""Workspaces: how they are locked down, what commands do there, and how they end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from evalkit.errors import SandboxError
from evalkit.sandbox import list_leftovers, open_workspace_sandbox
from evalkit.sandbox.beside import compose_program
from evalkit.workspace import Executed, File, Tree, WorkspaceDied, WorkspaceLimits, WorkspaceSpec
from tests import workspace_image as images
from tests.steady import steady

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
WHO = ["sh", "-c", 'while read -r a b c; do [ "$a" != Uid: ] || echo "$b"; done </proc/self/status']
LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=64 << 20, processes=200)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(workspace_image: str) -> AsyncIterator[Any]:
    opened = await open_workspace_sandbox(images=[workspace_image], computing=2, run_label="workspaces")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared(sandbox: Any, workspace_image: str) -> Any:
    """One for all tests that do it no harm."""
    return await sandbox.open(WorkspaceSpec(workspace_image, limits=LIMITS))


@pytest_asyncio.fixture(loop_scope="session")
async def own(sandbox: Any, workspace_image: str) -> AsyncIterator[Any]:
    workspace = await sandbox.open(WorkspaceSpec(workspace_image, limits=LIMITS))
    yield workspace
    await workspace.close()


async def sh(workspace: Any, script: str, timeout_s: float = 30.0, **how: Any) -> Executed:
    done: Executed = await workspace.run(["sh", "-c", script], timeout_s=timeout_s, **how)
    return done


# -- locked down -----------------------------------------------------------------------------------


async def test_it_is_locked_down(shared: Any, docker_engine: Any) -> None:
    facts = docker_engine.api.inspect_container(shared.container)
    host = facts["HostConfig"]
    assert (facts["Mounts"], host["Binds"], host["Privileged"]) == ([], None, False)
    assert (host["NetworkMode"], host["CapAdd"], host["CapDrop"]) == ("none", None, ["NET_RAW"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["Memory"], host["MemorySwap"]) == (LIMITS.memory_bytes, LIMITS.memory_bytes)
    assert host["LogConfig"]["Type"] == "none"
    assert host["PidsLimit"] < 300
    status = (await sh(shared, "cat /proc/self/status", user="root")).text
    facts = dict(line.split(":\t", 1) for line in status.splitlines())
    assert (facts["NoNewPrivs"], facts["Seccomp"]) == ("1", "2")
    effective = int(facts["CapEff"], 16)
    net_raw, sys_admin, chown, low_ports = 1 << 13, 1 << 21, 1 << 0, 1 << 10
    assert effective & (chown | low_ports) == chown | low_ports
    assert not effective & (net_raw | sys_admin)
    assert (await sh(shared, "cat /proc/net/dev | tail -n +3")).text.split(":")[0].strip() == "lo"
    said = (await sh(shared, "id; env; ulimit -c; ls -ld . /work")).text
    assert "uid=1234(worker)" in said
    for line in ("FROM_IMAGE=yes", "HOME=/home/worker", "HOSTNAME=workspace", "PWD=/work"):
        assert f"\n{line}\n" in said
    assert "evalkit" not in said.lower()
    assert "worker worker" in said.splitlines()[-1]


async def test_a_network_where_it_is_asked_for(docker_engine: Any, workspace_image: str) -> None:
    """One for all that ask, of whatever run, in which they do not see each other."""
    sandbox = await open_workspace_sandbox(run_label="ws-network")
    spec = WorkspaceSpec(workspace_image, network=True)
    both = await asyncio.gather(sandbox.open(spec), sandbox.open(spec))
    assert "eth0:" in (await sh(both[1], "cat /proc/net/dev")).text
    facts = docker_engine.api.inspect_network("evalkit-open")
    assert facts["Options"]["com.docker.network.bridge.enable_icc"] == "false"
    assert {workspace.container for workspace in both} <= set(facts["Containers"])
    await sandbox.close()
    assert docker_engine.api.inspect_network("evalkit-open")["Id"] == facts["Id"]  # for the next
    assert not [thing for thing in list_leftovers(docker_engine) if thing.run == "ws-network"]
    assert not [thing for thing in list_leftovers(docker_engine) if thing.run == "ws-network"]


async def test_a_network_that_is_left_and_joined_again(docker_engine: Any, workspace_image: str) -> None:
    """Phases of one task may differ in theirs: a service of the workspace's own stays reachable."""
    sandbox = await open_workspace_sandbox(run_label="ws-phases")
    links = ["sh", "-c", "ls /sys/class/net"]
    try:
        workspace = await sandbox.open(WorkspaceSpec(workspace_image, network=True))
        seen = []
        for on in (True, False, False, True):
            await workspace.network(on)
            seen.append((await workspace.run(links, timeout_s=20)).text.split())
        assert ["eth" in " ".join(names) for names in seen] == [True, False, False, True]
        closed = await sandbox.open(WorkspaceSpec(workspace_image))
        await closed.network(False)
        with pytest.raises(SandboxError, match="no network to join"):
            await closed.network(True)
    finally:
        await sandbox.close()


async def test_a_root_of_the_image_s_own_and_files_of_root_s(
    docker_engine: Any, workspace_image: str
) -> None:
    sandbox = await open_workspace_sandbox(run_label="ws-root")
    try:
        limits = WorkspaceLimits(cpus=4096.0)  # as many as there are
        workspace = await sandbox.open(WorkspaceSpec(workspace_image, root="", user="1000", limits=limits))
        own = docker_engine.api.inspect_image(workspace_image)["Config"]["WorkingDir"] or "/"
        assert workspace.root == own
        assert (await workspace.run(["sh", "-c", "pwd"], timeout_s=20)).text.strip() == own
        await workspace.write({"/given/a": b"a"}, as_root=True)
        denied = await workspace.run(["sh", "-c", "echo b >/given/a"], timeout_s=20)
        assert denied.status != 0
        assert (await workspace.tree("/given")).files["a"].owner == 0
        named = [(await workspace.run(WHO, timeout_s=20, user=user)).text.strip() for user in (None, "", "7")]
        assert named == ["1000", "1234", "7"]
    finally:
        await sandbox.close()


async def test_its_root_can_be_written_and_its_users_changed(shared: Any) -> None:
    made = await sh(
        shared, "echo 1 > /usr/installed && chmod 4755 /usr/installed && ls -l /usr/installed", user="root"
    )
    assert made.text.startswith("-rwsr-xr-x")


async def test_a_shell_is_all_that_an_image_needs(docker_engine: Any, sandbox: Any) -> None:
    with images.made(
        docker_engine, ["sh"], "USER 77:78", 'ENTRYPOINT ["/nothing"]', "WORKDIR /else"
    ) as image:
        workspace = await sandbox.open(WorkspaceSpec(image, root="/a/b", env=(("MINE", "x y"),)))
        await workspace.write({"f": b"here\n"})
        said = await sh(
            workspace, "read x < f; echo $x $PWD $MINE; (while :; do :; done) & while :; do :; done", 1.0
        )
        assert (said.text, said.timed_out, said.ended) == ("here /a/b x y\n", True, "")
        assert await workspace.tree() == Tree({"f": File(b"here\n")})
        await workspace.close()
        await sandbox._pool.vacate(image)
        await asyncio.gather(*sandbox._pool._leaving)


async def test_images_are_known_or_named_in_the_error(sandbox: Any, workspace_image: str) -> None:
    machine = {"compose"} if compose_program() else set()  # whatever the image
    assert sandbox.provides(workspace_image) == {"shell", "tests"} | machine
    assert sandbox.provides("no/such:image") == machine
    assert sandbox.describe()["images"][workspace_image] == workspace_image
    with pytest.raises(SandboxError, match="no/such:image") as failed:
        await sandbox.open(WorkspaceSpec("no/such:image"))
    assert "docker pull" in failed.value.hint


# -- commands --------------------------------------------------------------------------------------


async def test_what_a_command_says_and_gets(shared: Any) -> None:
    done = await sh(shared, "for i in 1 2 3; do echo out$i; echo err$i >&2; done; exit 7")
    assert (done.status, done.timed_out, done.ended, done.dropped) == (7, False, "", 0)
    assert sorted(done.text.split()) == ["err1", "err2", "err3", "out1", "out2", "out3"]
    assert (await sh(shared, "echo a; sleep 0.3; echo b >&2; sleep 0.3; echo c")).output == b"a\nb\nc\n"
    sent = bytes(range(256)) * 2000
    assert (await shared.run(["cat"], timeout_s=30, stdin=sent)).output == sent
    assert (await sh(shared, "cat; echo end")).output == b"end\n"
    assert (
        await sh(shared, 'echo "$X"; id -u; pwd', env={"X": "a b\n*"}, user="root", folder="/tmp")
    ).text == "a b\n*\n0\n/tmp\n"
    words = ["a b", "$X", "*", "", "it's \"\\\n"]
    plain = await shared.run(["sh", "-c", 'for w; do echo "<$w>"; done', "sh", *words], timeout_s=30)
    assert plain.text == "".join(f"<{word}>\n" for word in words)
    missing = await shared.run(["no-such-program"], timeout_s=30)
    assert (missing.status, "not found" in missing.text) == (127, True)
    assert (await sh(shared, "true", folder="nowhere")).status == 126


async def test_output_is_bounded_and_heard_as_it_comes(shared: Any) -> None:
    heard: list[bytes] = []
    done = await sh(shared, "seq 200000", output_bytes=1000, on_output=heard.append)
    everything = "".join(f"{n}\n" for n in range(1, 200001)).encode()
    assert b"".join(heard) == everything
    assert len(done.output) == 1000
    assert done.dropped == len(everything) - 1000
    assert everything.startswith(done.output[:500])
    assert everything.endswith(done.output[500:])
    first = asyncio.Event()
    running = asyncio.create_task(sh(shared, "echo now; sleep 60", on_output=lambda data: first.set()))
    await asyncio.wait_for(first.wait(), 30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_computes_waits_for_a_place(shared: Any) -> None:
    """Each waits until another was there, however long that takes to start, and then for a third."""
    script = (
        "echo + >> turns; until [ $(wc -c < turns) -ge 4 ]; do sleep 0.1; done; sleep 0.2; echo - >> turns"
    )
    said = await asyncio.gather(*(sh(shared, script, 30.0, computes=True) for _ in range(4)))
    assert {done.status for done in said} == {0}
    assert any(done.beside for done in said)
    assert await most_at_once(shared) == 2


async def test_one_that_computes_alone_has_nobody_beside_it(shared: Any) -> None:
    script = "echo + >> turns; sleep 0.1; echo - >> turns"
    before = asyncio.create_task(sh(shared, script, 30.0, computes=True))
    alone = "echo + >> turns; sleep 0.1; echo + >> turns; sleep 0.1; echo - >> turns; echo - >> turns"
    said = await asyncio.gather(
        before, *(sh(shared, how, 30.0, computes=True, alone=how is alone) for how in (script, alone, script))
    )
    assert {done.status for done in said} == {0}
    assert not said[2].beside
    assert await most_at_once(shared) == 2, "the one alone counts as two"


@steady
async def test_the_cpu_that_a_command_had_says_whether_it_was_starved(shared: Any) -> None:
    spun = await sh(shared, "while :; do :; done", 1.5, computes=True)  # starting takes some of it
    slept = await sh(shared, "sleep 60", 0.6, computes=True)
    assert spun.timed_out
    assert slept.timed_out
    assert spun.cpu_s is not None
    assert slept.cpu_s is not None
    assert spun.cpu_s > 5 * slept.cpu_s
    assert not spun.starved(1.5), "nobody was beside it"
    late = Executed(None, b"", timed_out=True, beside=True, cpu_s=120.0)
    assert late.starved(180.0)
    assert replace(late, cpu_s=None).starved(180.0), "where it is not known it may have been"
    for other in (
        {"cpu_s": 179.0},
        {"cpu_s": 2.0},
        {"beside": False},
        {"timed_out": False},
        {"ended": "disk"},
    ):
        assert not replace(late, **other).starved(180.0)


async def most_at_once(workspace: Any) -> int:
    """By the marks of those that began and ended; the file is gone afterwards."""
    most = now = 0
    for mark in (await workspace.read("turns")).decode().split():
        now += 1 if mark == "+" else -1
        most = max(most, now)
    await workspace.remove(["turns"])
    return most


# -- ends ------------------------------------------------------------------------------------------


async def alive(workspace: Any) -> int:
    return int(await workspace.commands.alive())


@steady
async def test_services_live_on_and_late_commands_do_not(shared: Any) -> None:
    """What one command left on purpose survives the next one's end, with what that one had detached."""
    await shared.quiet()
    service = await sh(shared, "setsid sh -c 'while :; do sleep 0.2; done' & echo started", 20.0)
    assert (service.status, service.output) == (0, b"started\n")  # although its output is still held open
    assert service.wall_s < 5
    late = await sh(
        shared, "(setsid sh -c 'trap \"\" TERM; sleep 60 & sleep 60' &); sleep 60 & echo on; sleep 60", 1.0
    )
    assert (late.status, late.timed_out, late.output, late.ended) == (None, True, b"on\n", "")
    assert 1 <= await alive(shared) <= 2  # the service, and its own sleep
    assert await shared.read("/etc/passwd")  # beside it
    await shared.quiet()
    assert await alive(shared) == 0


async def test_a_cancelled_command_is_gone(shared: Any) -> None:
    heard = asyncio.Event()
    script = "setsid sleep 60 & (sleep 60 &) ; echo on; sleep 60"
    running = asyncio.create_task(sh(shared, script, 60.0, on_output=lambda data: heard.set()))
    await asyncio.wait_for(heard.wait(), 30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await alive(shared) == 0


BOMBS = {
    "forks": "f() { f | f & }; f; sleep 60",
    "computes": "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (while :; do :; done) & done; sleep 60",
    "detaches": "for i in 1 2 3; do (while :; do setsid sleep 60 & done) & done; while :; do :; done",
    "kills": "trap '' TERM INT; while :; do kill -9 -1; done",
    "stops": "(while :; do kill -STOP $$; done) & sleep 60",
}
FULL = [pytest.param(bomb, marks=pytest.mark.full, id=name) for name, bomb in list(BOMBS.items())[1:]]


@pytest.mark.parametrize("bomb", [pytest.param(BOMBS["forks"], id="forks"), *FULL])
async def test_nothing_of_a_bomb_is_left(own: Any, bomb: str) -> None:
    began = time.monotonic()
    done = await sh(own, bomb, 1.0)
    assert done.timed_out
    assert time.monotonic() - began < 15
    if not done.ended:
        assert await alive(own) == 0
        assert (await sh(own, "echo usable")).output == b"usable\n"


async def test_what_a_bomb_that_choked_on_itself_left_is_ended(own: Any) -> None:
    done = await sh(own, "while :; do sleep 60 & done", 60.0)  # the shell ends when it cannot fork any more
    assert done.status == 2
    await own.quiet()
    assert await alive(own) == 0
    assert (await sh(own, "echo usable")).output == b"usable\n"


async def test_a_disk_is_not_filled(own: Any) -> None:
    at_once = await sh(own, "head -c 100000000 /dev/zero > large")
    assert at_once.status != 0
    assert (await sh(own, "ls -l large")).text.split()[4] == str(LIMITS.disk_bytes)
    own.life._look = 0.0  # it is looked at every few seconds
    done = await sh(own, "while :; do head -c 20000000 /dev/zero >> second; sleep 0.1; done", 60.0)
    assert (done.ended, done.status, done.timed_out) == ("disk", None, False)
    with pytest.raises(WorkspaceDied, match="disk"):
        await own.read("large")


async def test_memory_ends_programs_not_workspaces(own: Any) -> None:
    done = await sh(own, "x=0123456789; while :; do x=$x$x; done", 60.0)
    assert (done.status, done.ended) == (137, "")
    assert (await sh(own, "echo usable")).output == b"usable\n"


@pytest.mark.parametrize("how", ["from inside", "by the engine", "idle"])
async def test_a_dead_container_is_no_output(own: Any, docker_engine: Any, how: str) -> None:
    if how == "from inside":
        with pytest.raises(WorkspaceDied):
            await sh(own, "kill -9 -1; exit 0", user="root")
    elif how == "by the engine":
        running = asyncio.create_task(sh(own, "sleep 60"))
        await asyncio.sleep(0.3)
        docker_engine.api.kill(own.container)
        with pytest.raises(WorkspaceDied):
            await running
    else:
        docker_engine.api.kill(own.container)
    for act in (
        sh(own, "true"),
        own.read("x"),
        own.write({"x": b""}),
        own.tree(),
        own.remove(["x"]),
        own.quiet(),
    ):
        with pytest.raises(WorkspaceDied):
            await act


# -- many ------------------------------------------------------------------------------------------


def ours(engine: Any, label: str) -> list[str]:
    only = {"label": f"evalkit.run={label}"}
    return [box["Id"] for box in engine.api.containers(all=True, filters=only)]


async def test_none_is_used_twice_and_none_is_left(docker_engine: Any, workspace_image: str) -> None:
    sandbox = await open_workspace_sandbox(run_label="ws-pool", computing=1)
    spec = WorkspaceSpec(workspace_image, limits=LIMITS)
    seen = set()
    for _ in range(4):
        workspace = await sandbox.open(spec)
        seen.add(workspace.container)
        assert (await sh(workspace, "ls; echo mine > mine")).output == b""
        await workspace.close()
        with pytest.raises(WorkspaceDied, match="closed"):
            await workspace.read("mine")
    assert len(seen) == 4
    left_open = await sandbox.open(spec)
    opening = [asyncio.create_task(sandbox.open(spec)) for _ in range(3)]
    await asyncio.sleep(0.05)
    for task in opening:
        task.cancel()
    await asyncio.gather(*opening, return_exceptions=True)
    assert len(ours(docker_engine, "ws-pool")) >= 1
    await sandbox.close()
    assert ours(docker_engine, "ws-pool") == []
    assert left_open.keeper.gone.is_set()
    with pytest.raises(SandboxError, match="closed"):
        await sandbox.open(spec)


async def test_facts_for_the_manifest_are_plain(sandbox: Any) -> None:
    facts = json.loads(json.dumps(sandbox.describe()))
    assert facts["engine"]
    assert facts["computing"] == 2
    assert sandbox.in_flight == 4
