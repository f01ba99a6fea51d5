"""Images by reference, through the real engine and a small registry: pulled once, ahead, and gone afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import SandboxError
from evalkit.recipe import Part, Recipe
from evalkit.sandbox import list_leftovers, open_workspace_sandbox, remove_leftovers
from evalkit.sandbox.open_supply import open_supply, plan_images
from evalkit.sandbox.pulls import Supply
from tests.sandbox.engine_proxy import EngineProxy
from tests.sandbox.small_registry import HERE, SmallRegistry, layer
from tests.sandbox.waiting import wait_until

pytestmark = pytest.mark.docker
Open = Callable[..., Awaitable[Supply]]


@pytest.fixture
def registry(docker_engine: Any) -> Iterator[SmallRegistry]:
    """One for each test; nothing of it is left in the engine, whatever the test did."""
    served = SmallRegistry()
    yield served
    served.close()
    left = in_engine(docker_engine, served)
    for name in left:
        docker_engine.api.remove_image(name, force=True)
    assert not left, "the test left images"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, registry: SmallRegistry) -> Open:
    """open_supply with a cache folder of its own, and no patience between tries."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))

    async def open_(*references: str, **how: Any) -> Supply:
        tasks = {reference: (f"task {n}",) for n, reference in enumerate(references)}
        images = await open_supply(tasks, run_label="tests", **{"delays": (0.05, 0.05), **how})
        images.need(dict.fromkeys(references, 1))
        return images

    return open_


def in_engine(engine: Any, registry: SmallRegistry) -> set[str]:
    names = {name for image in engine.api.images() for name in image.get("RepoTags") or ()}
    return {name for name in names if name.startswith(registry.host)}


def layers_of(engine: Any, reference: str) -> list[str]:
    found: list[str] = engine.api.inspect_image(reference)["RootFS"]["Layers"]
    return found


async def test_an_image_is_pulled_once_for_all_its_users_and_goes_with_the_last(
    registry: SmallRegistry, opened: Open, docker_engine: Any
) -> None:
    reference = registry.add("one", [layer("base")])
    images = await opened(reference)
    before = registry.counts()["GET manifests"]
    ids = await asyncio.gather(*(images.take(reference) for _ in range(8)))
    assert set(ids) == {docker_engine.images.get(reference).id}
    assert registry.counts()["GET manifests"] == before + 1
    images.over(reference)
    for _ in range(7):
        images.give(reference)
    await asyncio.sleep(0.2)
    assert in_engine(docker_engine, registry) == {reference}  # one user is left
    images.give(reference)
    wait = asyncio.to_thread(wait_until, lambda: not in_engine(docker_engine, registry))
    await wait
    assert await images.take(reference) == ids[0]  # it comes back for who comes late
    images.give(reference)
    await images.close()


async def test_the_next_is_fetched_while_one_is_used(
    registry: SmallRegistry, opened: Open, docker_engine: Any
) -> None:
    base = layer("base", 100_000)
    names = [registry.add(f"i{n}", [base, layer(f"own{n}")]) for n in range(3)]
    images = await opened(*names)
    assert images.order == tuple(names)
    assert images.plan.download < 3 * 100_000
    async with images.using(names[0]):
        await asyncio.to_thread(wait_until, lambda: names[1] in in_engine(docker_engine, registry))
        assert layers_of(docker_engine, names[0])[0] == layers_of(docker_engine, names[1])[0]
        assert names[2] not in in_engine(docker_engine, registry)  # one ahead, no more
    images.over(names[0])
    async with images.using(names[1]):
        await asyncio.to_thread(wait_until, lambda: in_engine(docker_engine, registry) == {*names[1:]})
    await images.close()
    assert not in_engine(docker_engine, registry)


async def test_what_was_there_before_stays(registry: SmallRegistry, opened: Open, docker_engine: Any) -> None:
    mine, other = registry.add("mine", [layer("base")]), registry.add("other", [layer("base")])
    docker_engine.images.pull(mine)
    images = await opened(mine, other)
    assert [image.here for image in images.plan.images] == [True, False]
    assert images.plan.download == 0  # its one layer is the other's
    for reference in (mine, other):
        async with images.using(reference):
            pass
        images.over(reference)
    await images.close()
    assert in_engine(docker_engine, registry) == {mine}
    docker_engine.images.remove(mine)


async def test_a_budget_holds_and_says_what_cannot_fit(
    registry: SmallRegistry, opened: Open, docker_engine: Any
) -> None:
    names = [registry.add(f"i{n}", [layer(f"own{n}", 100_000)]) for n in range(3)]
    large = registry.add("large", [layer("large", 900_000)])
    images = await opened(*names, large, budget=420_000)
    assert images.plan.too_large == (large,)
    assert images.plan.at_once == 1
    with pytest.raises(SandboxError, match=r"takes about .* GB, over --disk-budget"):
        await images.take(large)
    await images.take(names[0])
    second = asyncio.create_task(images.take(names[1]))
    await asyncio.sleep(0.3)
    assert in_engine(docker_engine, registry) == {names[0]}  # the second waits, and nothing is fetched ahead
    images.over(names[0])
    images.give(names[0])
    await asyncio.wait_for(second, 60)
    assert in_engine(docker_engine, registry) == {names[1]}
    images.give(names[1])
    await images.close()


async def test_containers_made_ahead_let_go_of_an_image_that_nobody_needs(
    registry: SmallRegistry, opened: Open, docker_engine: Any
) -> None:
    reference = registry.add("i", [layer("base")])
    images = await opened(reference)
    box = docker_engine.containers.create(await images.take(reference), ["/none"], labels={"evalkit": "test"})
    asked = []

    async def vacate(name: str) -> None:
        asked.append(name)
        images.vacate = None
        images.give(name)  # the engine removes the container only now: the image waits for it
        threading.Timer(0.3, lambda: box.remove(force=True)).start()

    images.vacate = vacate
    images.over(reference)
    await asyncio.to_thread(wait_until, lambda: not in_engine(docker_engine, registry))
    assert asked == [reference]
    await images.close()


async def test_failures_are_the_engines_words(
    registry: SmallRegistry, opened: Open, docker_engine: Any
) -> None:
    good, bad = registry.add("good", [layer("good")]), registry.add("bad", [layer("bad")])
    none = f"{registry.host}/none:latest"
    [entry] = json.loads(registry.manifests["bad:latest"][1])["layers"]
    registry.broken.add(entry["digest"])
    lines: list[str] = []
    images = await opened(good, bad, none, say=lines.append)
    assert "404" in images.plan.images[2].unknown
    with pytest.raises(SandboxError, match=r"bad:latest cannot be pulled: .*verification failed"):
        await images.take(bad)
    with pytest.raises(SandboxError, match=r"none:latest cannot be pulled: .*manifest unknown"):
        await images.take(none)
    registry.failures = 2
    async with images.using(good):  # at the third try
        assert len(lines) == 2
        assert "again in" in lines[0]
    registry.broken.clear()
    async with images.using(bad):  # what broke once is not held against it
        pass
    await images.close()
    assert not in_engine(docker_engine, registry)


async def test_a_spent_quota_says_when_to_come_back(registry: SmallRegistry, opened: Open) -> None:
    names = [registry.add(f"i{n}", [layer(f"own{n}")]) for n in range(4)]
    registry.limit = 5
    images = await opened(*names)
    sizes = [image.manifest is not None for image in images.plan.images]
    assert sizes == [False] * 4  # asking would cost pulls that are needed
    assert "use up" in images.plan.images[0].unknown
    assert registry.pulled == 0
    assert images.plan.quotas[registry.host].remaining == 5
    registry.pulled, registry.retry_after = 5, 7200
    with pytest.raises(
        SandboxError, match=r"no more pulls \(5 in 6 h\): toomanyrequests: .*pull rate limit"
    ) as caught:
        await images.take(names[0])
    assert "in 2 h" in caught.value.hint
    registry.retry_after = None
    with pytest.raises(SandboxError, match=r"no more pulls \(5 in 6 h\)") as caught:
        await images.take(names[0])
    assert "6 h after the first" in caught.value.hint
    await images.close()


async def test_a_registry_that_asks_for_a_token_gets_the_users_login(
    registry: SmallRegistry, opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    registry.login = "me:my:secret"
    reference = registry.add("private", [layer("private")])
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    stranger = await opened(reference)
    assert "incorrect username or password" in stranger.plan.images[0].unknown
    with pytest.raises(SandboxError, match="cannot be pulled") as caught:
        await stranger.take(reference)
    assert "docker login" in caught.value.hint
    await stranger.close()
    (tmp_path / "config.json").write_text(
        json.dumps({"auths": {registry.host: {"auth": "bWU6bXk6c2VjcmV0"}}})  # me:my:secret
    )
    images = await opened(reference)
    assert images.plan.images[0].manifest is not None
    async with images.using(reference):
        pass
    await images.close()


async def test_the_image_of_this_platform_is_looked_at(registry: SmallRegistry, opened: Open) -> None:
    parts = {HERE: [layer("here", 1000)], "s390x": [layer("there", 5000)]}
    both = registry.add_index("both", {a: registry.add(f"b-{a}", x, a) for a, x in parts.items()})
    foreign = registry.add_index("foreign", {"s390x": registry.add("f", parts["s390x"], "s390x")})
    images = await opened(both, foreign)
    assert 1000 < images.plan.download < 3000
    assert f"no image for linux/{HERE}, only for linux/s390x" in images.plan.images[1].unknown
    async with images.using(both):
        pass
    await images.close()
    asked = registry.counts()["GET manifests"]
    again = await opened(both)
    assert again.plan.images[0].manifest == images.plan.images[0].manifest
    assert registry.counts()["GET manifests"] == asked  # it is kept
    await again.close()


async def test_a_supplied_image_needs_no_registry(
    registry: SmallRegistry, opened: Open, docker_engine: Any, tmp_path: Path
) -> None:
    local = registry.add("local", [layer("local")])
    docker_engine.images.pull(local)
    table = tmp_path / "map.toml"
    table.write_text(f'"task 0" = "{local}"\n"absent.*" = "{local}-none"\n"never" = "x"\n')
    lines: list[str] = []
    registry.asked.clear()
    images = await opened("absent.example/a", "absent.example/b", image_map=str(table), say=lines.append)
    assert (images.plan.pulls, registry.asked) == (0, [])
    assert images.maps("absent.example/a")
    assert "nothing here is called never" in lines[0]
    async with images.using("absent.example/a") as image_id:
        assert image_id == docker_engine.images.get(local).id
    built = Recipe("absent.example/a", (Part("part", gives=("python", "go")),))  # it would be built here
    box = await open_workspace_sandbox(images=[built.name], recipes=[built], supply=images)
    assert box.provides(built.name) - {"compose"} == {"python", "go"}  # which is the machine's
    assert box.describe()["images"] == {built.name: f"{local} {docker_engine.images.get(local).id}"}
    with pytest.raises(SandboxError, match=r"--image-map: the engine has no image .*-none"):
        await images.take("absent.example/b")
    await box.close()
    assert in_engine(docker_engine, registry) == {local}
    docker_engine.images.remove(local)


CHILD = """
import asyncio, sys
from evalkit.sandbox.open_supply import open_supply
async def main():
    images = await open_supply({name: ("t",) for name in sys.argv[1:]}, run_label="killed")
    await asyncio.gather(*map(images.take, sys.argv[1:]))
    print("taken", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_what_a_killed_run_pulled_goes_with_the_next(
    registry: SmallRegistry, opened: Open, docker_engine: Any
) -> None:
    wanted, other = registry.add("wanted", [layer("a")]), registry.add("other", [layer("b")])
    command = [sys.executable, "-c", CHILD, wanted, other]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert child.stdout is not None
    assert child.stdout.readline() == "taken\n"
    beside = await opened(other)  # another run: uses it, does not remove it
    async with beside.using(other):
        pass
    beside.over(other)
    await beside.close()
    assert in_engine(docker_engine, registry) == {wanted, other}
    mine = [t for t in list_leftovers(docker_engine) if t.id in (wanted, other)]
    assert [(t.kind, t.purpose, t.run, t.alive) for t in mine] == [("image", "pulled", "killed", True)] * 2
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not any(t.alive for t in list_leftovers(docker_engine) if t.id in (wanted, other))
    asked = registry.counts()["GET manifests"]
    images = await opened(wanted)
    assert in_engine(docker_engine, registry) == {wanted}
    async with images.using(wanted):  # taken over, not pulled again
        assert registry.counts()["GET manifests"] == asked
    await images.close()
    assert not in_engine(docker_engine, registry)


async def test_kept_images_stay_until_they_are_cleaned(
    registry: SmallRegistry, opened: Open, docker_engine: Any
) -> None:
    reference = registry.add("kept", [layer("kept")])
    images = await opened(reference, keep=True)
    async with images.using(reference):
        pass
    images.over(reference)
    await images.close()
    await (await opened("absent.invalid/a")).close()  # a later start leaves it alone
    assert in_engine(docker_engine, registry) == {reference}
    [left] = [thing for thing in list_leftovers(docker_engine) if thing.id == reference]
    assert remove_leftovers([left], docker_engine) == []
    assert not in_engine(docker_engine, registry)
    assert reference not in {thing.id for thing in list_leftovers(docker_engine)}


async def test_an_engine_that_restarts_in_mid_pull(
    registry: SmallRegistry, opened: Open, docker_engine: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reference = registry.add("slow", [layer("slow", 100_000)])
    proxy = EngineProxy(tmp_path / "engine.sock")
    await proxy.revive()
    monkeypatch.setenv("DOCKER_HOST", proxy.host)
    lines: list[str] = []
    images = await opened(reference, say=lines.append, delays=(0.5, 0.5, 0.5))
    registry.held.clear()
    taking = asyncio.create_task(images.take(reference))
    await asyncio.to_thread(wait_until, lambda: registry.counts()["GET blobs"] > 1)
    await proxy.die()
    await asyncio.to_thread(wait_until, lambda: lines)
    assert "the engine does not answer" in lines[0]
    await proxy.revive()
    registry.held.set()
    assert await taking == docker_engine.images.get(reference).id
    await proxy.die()
    with pytest.raises(SandboxError, match="Docker engine"):
        await images.take("another.example/a")
    await proxy.revive()
    images.give(reference)
    await images.close()
    await proxy.die()


async def test_closing_in_mid_pull_leaves_nothing(
    registry: SmallRegistry, opened: Open, docker_engine: Any
) -> None:
    reference = registry.add("slow", [layer("slow", 3_000_000)])
    registry.held.clear()
    images = await opened(reference)
    taking = asyncio.create_task(images.take(reference))
    await asyncio.to_thread(wait_until, lambda: registry.counts()["GET blobs"] > 1)
    taking.cancel()
    closing = asyncio.create_task(images.close())
    await asyncio.sleep(0.1)
    registry.held.set()
    await closing
    assert not in_engine(docker_engine, registry)
    with pytest.raises((asyncio.CancelledError, SandboxError)):
        await taking


def test_planning_asks_and_pulls_nothing(registry: SmallRegistry, opened: Open, docker_engine: Any) -> None:
    names = {registry.add(f"i{n}", [layer("base", 50_000), layer(f"own{n}")]): (f"t{n}",) for n in range(12)}
    plan = plan_images({**names, "127.0.0.1:1/silent": ("s",), "built": ("b",)}, built={"built"})
    assert plan.pulls == 13
    assert plan.unknown == 1
    assert "does not answer" in plan.images[12].unknown
    assert plan.to_json()["quotas"][registry.host]["needed"] == 12
    assert not in_engine(docker_engine, registry)
