"""Services beside a workspace, by the compose that this machine has: reached by name, walled in, gone with it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from evalkit.errors import SandboxError
from evalkit.sandbox import list_leftovers, open_workspace_sandbox
from evalkit.sandbox.beside import compose_program
from evalkit.workspace import Beside, WorkspaceLimits, WorkspaceSpec
from tests import workspace_image as images
from tests.sandbox.waiting import wait_until

pytestmark = [
    pytest.mark.docker,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not compose_program(), reason="this machine has no compose (make compose)"),
]
LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=64 << 20, processes=100)
SERVES = """
import socket
server = socket.create_server(("", 8000))
while True:
    asker, _ = server.accept()
    asker.sendall(open("/site/page", "rb").read())
    asker.close()
"""
ASKS = "import socket, sys; print(socket.create_connection((sys.argv[1], 8000), 5).recv(100).decode())"


def asks(host: str) -> list[str]:
    return ["python3", "-c", ASKS, host]


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, python=True) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(image: str) -> AsyncIterator[Any]:
    opened = await open_workspace_sandbox(images=[image], computing=2, run_label="beside")
    yield opened
    await opened.close()


def beside(main: str, **web: Any) -> Beside:
    file = {
        "services": {
            "client": {
                "build": ".",
                "environment": ["FROM_FILE=$TOLD"],
                "volumes": ["./logs:/logs", "common:/common", "./site/page:/copied/page"],
                "tmpfs": ["/quick"],
                "depends_on": {"web": {"condition": "service_healthy"}},
            },
            "web": {
                "image": main,
                "command": ["python3", "-c", SERVES],
                "container_name": "site.example",
                "ports": ["8000:8000"],
                "volumes": ["./site:/site", "common:/common"],
                "healthcheck": {"test": ["CMD", *asks("localhost")], "interval": "1s", "retries": 30},
                **web,
            },
        },
        "volumes": {"common": {}},
    }
    files = {
        "compose.yaml": json.dumps(file).encode(),
        "site/page": b"hello from $beside",
        "site/run.sh": b"#!/bin/sh\n",
        "Dockerfile": b"FROM x",
        "secret/of/tests": b"42",
    }
    return Beside("compose.yaml", "client", tuple(files.items()), (("TOLD", "yes"),))


def left(engine: Any, run: str) -> list[str]:
    return [f"{thing.kind} {thing.id[:12]}" for thing in list_leftovers(engine) if thing.run == run]


async def test_services_are_reached_by_name_and_nothing_else_is(
    sandbox: Any, image: str, docker_engine: Any
) -> None:
    spec = WorkspaceSpec(image, limits=LIMITS, beside=beside(image), env=(("MINE", "too"),))
    workspace = await sandbox.open(spec)
    for name in ("web", "site.example"):
        got = await workspace.run(asks(name), timeout_s=20)
        assert (got.status, got.text) == (0, "hello from $beside\n")
    said = await workspace.run(
        ["sh", "-c", "echo $FROM_FILE $MINE; cat /copied/page; echo; ls /secret"], timeout_s=20
    )
    assert said.text.startswith("yes too\nhello from $beside")
    (box,) = docker_engine.api.containers(filters={"label": "com.docker.compose.service=web"})
    facts = docker_engine.api.inspect_container(box["Id"])
    host, state = facts["HostConfig"], facts["State"]
    assert (host["Privileged"], host["PortBindings"] or {}) == (False, {})
    assert (host["Memory"], host["PidsLimit"]) == (LIMITS.memory_bytes, LIMITS.processes)
    assert ("NET_RAW" in host["CapDrop"], "no-new-privileges" in host["SecurityOpt"]) == (True, True)
    assert state["Health"]["Status"] == "healthy"
    assert [m["RW"] for m in facts["Mounts"] if m["Type"] == "bind"] == [False]
    # the services' volume is the workspace's, too, and its engine's other ways out are closed
    await workspace.run(["sh", "-c", "echo shared >/common/note"], timeout_s=20, user="0:0")
    other = docker_engine.api.exec_create(box["Id"], ["cat", "/common/note"], user="0:0")
    assert docker_engine.api.exec_start(other) == b"shared\n"
    own = next(iter(facts["NetworkSettings"]["Networks"].values()))
    bridge = docker_engine.api.inspect_network("bridge")["IPAM"]["Config"][0]
    ways = [own["Gateway"] or "10.0.0.1", bridge.get("Gateway", "172.17.0.1"), "1.1.1.1"]
    for out in await asyncio.gather(*(workspace.run(asks(way), timeout_s=20) for way in ways)):
        assert (out.status, "refused" in out.text) == (1, False), f"somebody is there: {out.text}"
    await workspace.close()


@pytest.mark.full
async def test_two_at_once_do_not_meet_and_the_world_is_reached_as_asked(
    sandbox: Any, image: str, docker_engine: Any
) -> None:
    spec = WorkspaceSpec(image, limits=LIMITS, network=True, beside=beside(image))
    one, two = await asyncio.gather(sandbox.open(spec), sandbox.open(spec))
    boxes = docker_engine.api.containers(filters={"label": "com.docker.compose.service=web"})
    ours = [box for box in boxes if box["Labels"]["evalkit.run"] == "beside"]
    addresses = {}
    for box in ours:
        for name, network in box["NetworkSettings"]["Networks"].items():
            addresses[network["IPAddress"]] = name
    assert len(ours) == 2
    names = "import socket; print(*sorted({a[4][0] for a in socket.getaddrinfo('web', 8000)}))"
    seen = []
    for workspace in (one, two):
        (found,) = (await workspace.run(["python3", "-c", names], timeout_s=20)).text.split()
        seen.append(addresses[found])
    assert len(set(seen)) == 2, "each has a web of its own"
    assert all(name.endswith("_default") for name in seen)
    internal = [docker_engine.api.inspect_network(name)["Internal"] for name in addresses.values()]
    assert sorted(internal) == [False, False, True, True], (
        "services have a way out that is not the workspace's"
    )
    await one.close()
    await two.close()


def full(*values: Any) -> Any:
    return pytest.param(*values, marks=pytest.mark.full)


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ({"command": ["sh", "-c", "echo no such thing >&2; exit 3"]}, "no such thing"),
        full(
            {"healthcheck": {"test": ["CMD", "sh", "-c", "exit 1"], "interval": "1s", "retries": 1}},
            "not healthy",
        ),
        ({"image": "evalkit/not-here:1"}, "evalkit/not-here:1"),
        full({"command": ["/no/such/program"]}, "/no/such/program"),
        ({"privileged": True}, "'privileged'"),
    ],
    ids=["it ends", "it is not healthy", "no image", "no program", "refused"],
)
async def test_services_that_do_not_come_up_are_errors_that_say_why(
    web: dict[str, Any], said: str, sandbox: Any, image: str, docker_engine: Any
) -> None:
    before = set(left(docker_engine, "beside"))
    with pytest.raises(SandboxError, match=said):
        await sandbox.open(WorkspaceSpec(image, limits=LIMITS, beside=beside(image, **web)))
    assert set(left(docker_engine, "beside")) <= before


@pytest.mark.full
async def test_nothing_is_left_of_those_that_are_closed(image: str, docker_engine: Any) -> None:
    opened = await open_workspace_sandbox(images=[image], run_label="beside-closed")
    workspace = await opened.open(WorkspaceSpec(image, limits=LIMITS, beside=beside(image)))
    kinds = {thing.partition(" ")[0] for thing in left(docker_engine, "beside-closed")}
    assert kinds == {"container", "network", "volume"}
    await workspace.close()
    await opened.close()
    assert left(docker_engine, "beside-closed") == []


OPENS = """
import asyncio, sys
from evalkit.sandbox import open_workspace_sandbox
from evalkit.workspace import WorkspaceSpec
from tests.sandbox.test_beside import LIMITS, beside

async def main():
    sandbox = await open_workspace_sandbox(run_label="beside-killed")
    await sandbox.open(WorkspaceSpec(sys.argv[1], limits=LIMITS, beside=beside(sys.argv[1])))
    print("on", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.parametrize("moment", ["up", pytest.param("starting", marks=pytest.mark.full)])
async def test_nothing_is_left_of_an_evalkit_that_is_killed(
    moment: str, image: str, docker_engine: Any
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", OPENS, image], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    if moment == "up":
        assert await asyncio.to_thread(process.stdout.readline) == b"on\n"
    await asyncio.to_thread(wait_until, lambda: left(docker_engine, "beside-killed"))
    process.kill()
    process.communicate()
    await asyncio.to_thread(wait_until, lambda: not left(docker_engine, "beside-killed"))
