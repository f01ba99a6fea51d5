"""When the sandbox itself breaks: pairs are replaced, engines die and return, nothing stays behind."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import SandboxError
from evalkit.program import Job, Limits
from evalkit.sandbox import containers, list_leftovers, open_program_sandbox, pair, reap
from evalkit.sandbox.judgement import judgement
from tests.sandbox.asking import CHECK, check
from tests.sandbox.engine_proxy import ENGINE, EngineProxy
from tests.sandbox.waiting import wait_until
from tests.steady import steady

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

SLOW = "import time\ndef f(n):\n    time.sleep(0.8)\n    return n"
GOOD = "def f(n): return n"
TEST = "assert candidate(5) == 5"


async def _pair(sandbox: Any) -> Any:
    """The pair in use, once there is one."""
    async with asyncio.timeout(20):
        while sandbox._pair is None or sandbox._pair.broken:
            await asyncio.sleep(0.05)
    return sandbox._pair


def _nurseries(client: Any, container: str) -> tuple[list[int], int]:
    """Their process ids, and how many programs run."""
    listed = client.api.top(container, ps_args="-eo pid,ppid,uid")["Processes"]
    ids = [tuple(map(int, process)) for process in listed]
    first = min(ids, key=lambda process: process[1] in {pid for pid, _, _ in ids})[0]
    children = [(pid, uid) for pid, parent, uid in ids if parent == first]
    nurseries = [pid for pid, uid in children if uid == 0]
    return nurseries, len(children) - len(nurseries)


def _kill_nurseries(client: Any, container: str) -> None:
    """As the kernel does where memory is used up, once three programs run."""
    wait_until(lambda: _nurseries(client, container)[1] >= 3)
    for pid in _nurseries(client, container)[0]:
        os.kill(pid, signal.SIGKILL)


@steady
async def test_a_nursery_killed_for_want_of_memory_takes_no_sample_and_no_pair_with_it(
    sandbox: Any, docker_engine: Any
) -> None:
    pair = await _pair(sandbox)
    running = [asyncio.create_task(check(sandbox, SLOW.replace("0.8", "2"), TEST)) for _ in range(3)]
    try:
        await asyncio.to_thread(_kill_nurseries, docker_engine, pair.made.answers)
    except (PermissionError, ProcessLookupError):
        pytest.skip("the containers' processes are not this user's to kill")
    # slots whose nurseries are dead
    running += [asyncio.create_task(check(sandbox, GOOD, TEST)) for _ in range(40)]
    assert {said.status for said in await asyncio.gather(*running)} == {"passed"}
    after = await asyncio.gather(*(check(sandbox, GOOD, TEST) for _ in range(9)))
    assert [said.status for said in after] == ["passed"] * 9
    assert sandbox._pair is pair


@pytest.mark.parametrize("side", ["answers", "judge"])
@steady
async def test_a_pair_killed_in_the_middle_is_replaced(sandbox: Any, docker_engine: Any, side: str) -> None:
    broken = await _pair(sandbox)
    running = [asyncio.create_task(check(sandbox, SLOW, TEST)) for _ in range(3)]
    await asyncio.sleep(0.3)
    await asyncio.to_thread(docker_engine.api.kill, getattr(broken.made, side))
    assert [said.status for said in await asyncio.gather(*running)] == ["passed"] * 3
    assert (await check(sandbox, GOOD, TEST)).status == "passed"  # also where those were done before it died
    assert sandbox._pair is not broken
    ours = {thing.id for thing in list_leftovers(docker_engine)}
    assert not ours & {broken.made.answers, broken.made.judge, broken.made.volume}


async def test_a_program_that_breaks_pairs_is_a_broken_sandbox_and_harms_no_neighbour(
    sandbox: Any, docker_engine: Any
) -> None:
    """Every pair that gets the poison is killed, as if it had found a hole."""
    poison = asyncio.create_task(check(sandbox, "import time\ntime.sleep(60)", TEST, wall_s=30.0))

    async def kill_what_runs_it() -> None:
        for _ in range(2):
            pair = await _pair(sandbox)
            await asyncio.sleep(0.6)
            await asyncio.to_thread(docker_engine.api.kill, pair.made.answers)
            async with asyncio.timeout(10):
                while not pair.broken:
                    await asyncio.sleep(0.05)

    neighbours = [asyncio.create_task(check(sandbox, SLOW, TEST)) for _ in range(2)]
    await kill_what_runs_it()
    with pytest.raises(SandboxError, match="broke twice"):
        await poison
    assert [said.status for said in await asyncio.gather(*neighbours)] == ["passed"] * 2
    assert (await check(sandbox, GOOD, TEST)).status == "passed"


async def test_an_engine_that_dies_is_one_clear_error_and_may_return(
    docker_engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path(ENGINE).exists():
        pytest.skip("the engine is not at its usual socket, which the test would stand before")
    proxy = EngineProxy(tmp_path / "engine.sock")
    await proxy.revive()
    monkeypatch.setenv("DOCKER_HOST", proxy.host)
    mortal = await open_program_sandbox(judges=2, run_label="mortal")
    made = mortal._pair.made
    try:
        running = asyncio.create_task(check(mortal, SLOW, TEST))
        await asyncio.sleep(0.3)
        await proxy.die()
        for attempt in (running, check(mortal, GOOD, TEST)):
            with pytest.raises(SandboxError) as caught:
                await attempt
            assert "Docker engine" in caught.value.message
            assert "\n" not in caught.value.message
            assert caught.value.hint
        await proxy.revive()
        assert (await check(mortal, GOOD, TEST)).status == "passed"
    finally:
        await mortal.close()
        await proxy.die()
    await asyncio.to_thread(_wait_gone, docker_engine, {made.answers, made.judge})


OWNER = """
import asyncio, sys
from evalkit.sandbox import open_program_sandbox
from tests.sandbox.asking import check
async def main():
    sandbox = await open_program_sandbox(judges=1, run_label="owner")
    print(sandbox._pair.made.answers, sandbox._pair.made.judge, sandbox._pair.made.volume, flush=True)
    await check(sandbox, "import time\\ntime.sleep(60)", "candidate(1)", wall_s=50.0)
asyncio.run(main())
"""


async def test_a_killed_owner_leaves_nothing_that_stays(docker_engine: Any) -> None:
    """The containers end with their owner's streams; what remains is found by its dead owner."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert owner.stdout is not None
    things = set((await asyncio.to_thread(owner.stdout.readline)).split())
    assert len(things) == 3
    await asyncio.sleep(0.5)
    assert {t.id for t in list_leftovers(docker_engine) if t.alive and t.run == "owner"} == things
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    volume = min(things, key=lambda name: -len(name)) if len(things) == 3 else ""
    await asyncio.to_thread(_wait_gone, docker_engine, {t for t in things if _is_container(docker_engine, t)})
    left = [t for t in list_leftovers(docker_engine) if t.id in things]
    assert all(not t.alive for t in left), volume
    reap(docker_engine)
    assert not [t for t in list_leftovers(docker_engine) if t.id in things]


def _is_container(client: Any, name: str) -> bool:
    return any(box["Id"] == name for box in client.api.containers(all=True))


def _wait_gone(client: Any, containers: set[str]) -> None:
    wait_until(lambda: not containers & {box["Id"] for box in client.api.containers(all=True)})


async def test_a_closed_sandbox_says_so_and_left_nothing(docker_engine: Any) -> None:
    opened = await open_program_sandbox(judges=1, run_label="brief")
    made = opened._pair.made
    facts = opened.describe()
    assert facts["judge_numpy"]
    assert facts["answers_python"].startswith("3.11")
    assert len(facts["code"]) == 64
    await opened.close()
    with pytest.raises(SandboxError, match="closed"):
        await check(opened, GOOD, TEST)
    left = {t.id for t in list_leftovers(docker_engine)}
    assert not left & {made.answers, made.judge, made.volume}


@steady
async def test_a_judge_that_says_nothing_any_more_is_a_broken_pair(
    docker_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its container stands still, and no stream ends: only the host's own clock can tell."""
    monkeypatch.setattr(pair, "GRACE_S", 0.5)
    monkeypatch.setattr(pair, "WATCH_S", 0.1)
    opened = await open_program_sandbox(judges=1, run_label="frozen")
    try:
        for _ in range(3):  # a result is waited for by the longest limit so far
            assert (await check(opened, GOOD, TEST, wall_s=2.0)).status == "passed"
        frozen = opened._pair
        await asyncio.to_thread(docker_engine.api.pause, frozen.made.judge)
        async with asyncio.timeout(60):
            assert (await check(opened, GOOD, TEST, wall_s=2.0)).status == "passed"
        assert frozen.broken.startswith("no result came within")
        assert opened._pair is not frozen
    finally:
        await opened.close()


@pytest.mark.parametrize(
    "result",
    [{"tests": 5}, {"tests": [["a"]]}, {"measured": {"wall_s": "x"}}, {"measured": []}, {"status": "won"}],
    ids=str,
)
async def test_a_result_of_another_form_is_the_judges_fault(result: dict[str, Any]) -> None:
    """A stranger's test runs in the process that writes the result: it may write anything."""
    said = judgement({"status": "passed", "detail": "", "tests": [], "measured": {}} | result)
    assert said.status == "grader"
    assert said.verdict().reason == "grader"


FORGES = """
import json, os, struct
def judge(answer, task):
    body = json.dumps({"status": "passed", "tests": 5}).encode()
    parts = struct.pack(">I", len(body)) + body
    os.write(3, struct.pack(">I", len(parts) + 1) + b"l" + parts)
    yield
"""


async def test_a_foreign_test_that_writes_its_own_result_harms_its_task_alone(sandbox: Any) -> None:
    said = await sandbox.judge(Job(GOOD, FORGES, {}, Limits()))
    assert said.status == "grader"
    assert (await check(sandbox, GOOD, TEST)).status == "passed"


async def test_gold_is_measured_again_after_the_engine_was_away_and_for_each_task(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "def check(candidate):\n    assert candidate(5) == 5"
    job = Job(GOOD, CHECK, {"test": text, "entry_point": "f", "helpers": "", "text": ""}, gold=GOOD)

    async def away() -> None:
        raise SandboxError("the engine is away")

    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "_current", away)
        with pytest.raises(SandboxError):
            await sandbox._rights.gold_s(job)
    assert 0 < await sandbox._rights.gold_s(job) < job.limits.wall_s
    other = dataclasses.replace(job, task={**job.task, "test": text.replace("== 5", "== 6")})
    assert await sandbox._rights.gold_s(other) == job.limits.wall_s  # gold does not pass there


async def test_a_start_that_is_cancelled_or_closed_in_the_middle_leaves_nothing(
    docker_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    making, make = threading.Event(), containers.make

    def noticed(*args: Any) -> Any:
        making.set()
        return make(*args)

    monkeypatch.setattr(containers, "make", noticed)
    label = f"cut-{os.getpid()}"
    starting = asyncio.create_task(open_program_sandbox(judges=1, run_label=label))
    await asyncio.to_thread(making.wait, 30)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not [t for t in list_leftovers(docker_engine) if t.run == label]

    opened = await open_program_sandbox(judges=1, run_label=label)
    opened._pair._break("for the test")
    making.clear()
    replacing = asyncio.create_task(check(opened, GOOD, TEST))
    await asyncio.to_thread(making.wait, 30)
    await opened.close()
    with pytest.raises(SandboxError, match="closed"):
        await replacing
    assert not [t for t in list_leftovers(docker_engine) if t.run == label]
