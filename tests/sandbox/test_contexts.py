"""Images from Dockerfiles, built for real on a small base: what is in them, what they say of themselves."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import BuildFailed, SandboxError
from evalkit.recipe import Context, Part, Recipe
from evalkit.sandbox import build_context, build_recipe, open_workspace_sandbox
from evalkit.sandbox.context_plan import plan_builds
from evalkit.sandbox.contexts import FROM
from evalkit.sandbox.leftovers import list_leftovers
from evalkit.sandbox.package_index import certificates
from evalkit.workspace import WorkspaceSpec
from tests.sandbox.waiting import wait_until
from tests.workspace_image import made

pytestmark = pytest.mark.docker
NAME = "evalkit-tests/contexts"
BASE = "evalkit-tests/context-base:1"
DOCKERFILE = """\
ARG VERSION=1
FROM no-such.invalid/base:${VERSION} AS first
USER 0
RUN mkdir -p /app && echo first >/app/first
FROM first
WORKDIR /app
COPY . .
RUN ls /app >/app/listed; ls /tmp >>/app/listed
ENV MINE="a \\"b\\" $"
USER worker
ENTRYPOINT ["/bin/sh"]
CMD ["-c", "true"]
"""
CONTEXT = Context(
    image=f"{NAME}:1",
    files=(
        ("Dockerfile", DOCKERFILE.encode()),
        (".dockerignore", b"# not this\nsecret*\nnotes/*\n!notes/kept\n"),
        ("run.sh", b"#!/bin/sh\necho ran\n"),
        ("data/bytes", bytes(range(256))),
        ("secret.txt", b"x"),
        ("notes/a", b"x"),
        ("notes/kept", b"x"),
    ),
    executable=("run.sh",),
    extra=(
        Part(
            "words",
            (),
            files=(("opt/words", "said\n"), ("opt/hi", "#!/bin/sh\n")),
            links=(("opt/l", "words"),),
        ),
        Part("made", (), make=("cat /opt/l >/opt/made",)),
        Part("breaks", (), make=("echo the reason", "false")),
    ),
    env=(("GREETING", 'good "day" $HOME'),),
)


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    """With a name: the engine removes a nameless image together with what was made of it."""
    with made(docker_engine) as image:
        docker_engine.api.tag(image, *BASE.split(":"))
        yield image


@pytest.fixture
def base(image: str) -> dict[str, str]:
    """An image map for CONTEXT."""
    return {"no-such.invalid/*": BASE}


@pytest.fixture(autouse=True)
def gone(docker_engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    yield
    for image in docker_engine.images.list(NAME):
        docker_engine.images.remove(image.id, force=True)


def test_it_holds_what_the_dockerfile_makes_and_says_on_what(
    docker_engine: Any, base: dict[str, str], image: str
) -> None:
    said: list[str] = []
    built = build_context(CONTEXT, base, said.append)
    assert built.seconds > 0
    assert not built.foreign
    assert built.lacks == {"breaks": "the reason"}
    assert "without breaks: the reason" in said
    (name, taken), *others = built.bases.items()
    assert (name, taken, others) == (
        "no-such.invalid/base:1",
        f"{BASE} {image} (--image-map)",
        [],
    )

    config = docker_engine.images.get(CONTEXT.image).attrs["Config"]
    assert (config["User"], config["WorkingDir"]) == ("worker", "/app")
    assert (config["Entrypoint"], config["Cmd"]) == (["/bin/sh"], ["-c", "true"])
    assert {'MINE=a "b" $', 'GREETING=good "day" $HOME', "FROM_IMAGE=yes"} <= set(config["Env"])
    assert json.loads(config["Labels"][FROM]) == built.bases

    look = "ls -l run.sh; cat listed; ls notes; wc -c <data/bytes; cat /opt/made; /opt/hi; ls /tmp; id -u"
    told = docker_engine.containers.run(CONTEXT.image, ["-c", look], network_mode="none", remove=True)
    lines = told.decode().splitlines()
    assert lines[0].startswith("-rwxr-xr-x")
    assert "secret.txt" not in lines
    assert lines[-4:] == ["kept", "256", "said", "1234"], lines


@pytest.mark.full
def test_it_is_built_once_until_something_changes(docker_engine: Any, base: dict[str, str]) -> None:
    first = build_context(CONTEXT, base)
    assert build_context(CONTEXT, base) == replace(first, seconds=0.0)
    with pytest.raises(BuildFailed, match=r"begins with no-such.invalid/base:1, which cannot be had"):
        build_context(CONTEXT)  # what was supplied then is not now
    assert build_context(CONTEXT, base, force=True).seconds > 0

    other = replace(CONTEXT, files=(*CONTEXT.files, ("more", b"")))
    assert other.key != CONTEXT.key
    assert replace(CONTEXT, image="x:1").key == CONTEXT.key
    built = build_context(other, base)
    assert built.id != first.id
    assert [image.tags for image in docker_engine.images.list(NAME)] == [[f"{NAME}:1"]]


def test_one_that_was_not_made_here_stays(docker_engine: Any, base: dict[str, str], image: str) -> None:
    docker_engine.api.tag(image, NAME, "1")
    assert build_context(CONTEXT).foreign
    assert docker_engine.images.get(CONTEXT.image).id == image
    docker_engine.api.remove_image(CONTEXT.image)


def test_a_failing_step_is_told_with_the_end_of_its_log(
    docker_engine: Any, base: dict[str, str], tmp_path: Path
) -> None:
    lines = "FROM no-such.invalid/base:1\nUSER 0\nRUN echo much; sleep 0.2; echo the reason >&2; exit 7\n"
    with pytest.raises(BuildFailed) as failure:
        build_context(of(lines), base)
    e = failure.value
    assert e.reason == "build"
    assert "Step 3/3 : RUN echo much" in e.message
    assert "code: 7" in e.message
    assert "the reason" in e.message
    log = Path(e.hint.partition("the whole log: ")[2])
    assert log.is_relative_to(tmp_path / "cache")
    assert "much\nthe reason" in log.read_text()
    assert not [box for box in docker_engine.api.containers(all=True) if "echo much" in box["Command"]]


@pytest.mark.full
@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("FROM no-such.invalid/base:1\nRUN --mount=type=cache,target=/a true\n", "needs BuildKit"),
        ("RUN true\n", "no FROM line"),
        (
            "FROM no-such.invalid/base:1\nUSER 0\nRUN while :; do echo x; sleep 0.2; done\n",
            "not done after 2 s",
        ),
        ("FROM no-such.invalid/base:1\nUSER 0\nRUN sleep 60\n", "not done after 2 s"),
    ],
)
def test_what_cannot_be_built(docker_engine: Any, base: dict[str, str], lines: str, why: str) -> None:
    with pytest.raises(SandboxError, match=why):
        build_context(replace(of(lines), timeout_s=2), base)


def of(lines: str) -> Context:
    return Context(image=f"{NAME}:1", files=(("Dockerfile", lines.encode()),))


def test_a_supplied_image_must_be_there() -> None:
    with pytest.raises(SandboxError, match="--image-map: the engine has no image none/such:1"):
        build_context(CONTEXT, {"no-such.invalid/base:1": "none/such:1", "*": "other"})


@pytest.mark.full
def test_steps_have_the_certificates_that_this_host_names_and_images_do_not(
    docker_engine: Any, base: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.pem"
    mine.write_text("these\n")
    monkeypatch.setenv("PIP_CERT", str(mine))
    assert certificates(told=True) == "these\n"
    build_context(of("FROM no-such.invalid/base:1\nUSER 0\nRUN cat $PIP_CERT >/seen\nUSER worker\n"), base)
    told = docker_engine.containers.run(
        f"{NAME}:1", ["sh", "-c", "cat /seen; ls /tmp; id -u; env"], network_mode="none", remove=True
    ).decode()
    assert told.startswith("these\n1234\n")
    assert "CERT" not in told


async def test_a_run_builds_when_it_first_needs_it_and_once(docker_engine: Any, base: dict[str, str]) -> None:
    asked: list[str] = []
    small = of("FROM no-such.invalid/base:1\nUSER 0\nRUN mkdir /app && echo first >/app/first\nUSER worker\n")
    broken = of("FROM no-such.invalid/base:1\nUSER 0\nRUN exit 3\n")
    broken = replace(broken, image=f"{NAME}:broken")

    def make(context: Context) -> Context:
        asked.append(context.image)
        return context

    contexts = {c.image: (lambda c=c: make(c)) for c in (small, broken)}
    assert plan_builds(contexts, base)["to_build"] == [small.image, broken.image]
    asked.clear()
    sandbox = await open_workspace_sandbox(images=[*contexts], contexts=contexts, image_map=base)
    try:
        assert asked == []
        assert sandbox.identity(small.image) == ""
        spec = WorkspaceSpec(small.image, root="/app")
        one, two = await asyncio.gather(sandbox.open(spec), sandbox.open(spec))
        assert asked == [small.image]
        assert (await one.run(["cat", "first"], timeout_s=10)).output == b"first\n"
        await asyncio.gather(one.close(), two.close())
        for _ in range(2):
            with pytest.raises(BuildFailed, match="code: 3"):
                await sandbox.open(replace(spec, image=broken.image))
        assert asked == [small.image, broken.image]
        told = sandbox.describe()["images"][small.image]
        assert told.startswith("sha256:")
        assert " from no-such.invalid/base:1 = " in told
    finally:
        await sandbox.close()
    plan = plan_builds(contexts, base)
    assert (plan["images"], plan["here"], plan["to_build"]) == (2, 1, [broken.image])
    assert plan["bases"] == {"no-such.invalid/base:1": f"supplied, {BASE}"}


BUILD = """
import sys
from evalkit.recipe import Context
from evalkit.sandbox import build_context
lines = "FROM base.invalid/x\\nUSER 0\\nRUN sleep 298\\n"
build_context(Context("evalkit-tests/contexts:1", (("Dockerfile", lines.encode()),)), {"base.invalid/x": sys.argv[1]})
"""


@pytest.mark.full
def test_a_killed_build_leaves_nothing_that_is_not_found(docker_engine: Any, image: str) -> None:
    def steps() -> int:
        return sum("sleep 298" in box["Command"] for box in docker_engine.api.containers(all=True))

    building = subprocess.Popen([sys.executable, "-c", BUILD, BASE])
    wait_until(lambda: steps() == 1)
    building.kill()
    building.wait()
    wait_until(lambda: steps() == 0)
    found = docker_engine.api.images(filters={"label": "evalkit", "dangling": True})
    layers = [layer["Id"] for layer in found if layer["ParentId"] == image]
    assert len(layers) == 1, "what was made before the step that was killed is found by its labels"
    docker_engine.images.remove(layers[0])


@pytest.mark.full
def test_a_system_from_packages_is_a_debian_whose_apt_works(docker_engine: Any) -> None:
    system = Recipe("test-system", (), (), (), (), system=True)
    above = Recipe(
        "test-system-above",
        (Part("hi", (), debs=("hello",)),),
        (),
        (),
        (),
        system=True,
        root="/app",
        below=system,
    )
    try:
        build_recipe(above)
        look = "dpkg --audit; dpkg --get-selections | grep -c install; hello; pwd; ls -A /var/lib/apt/lists"
        told = docker_engine.containers.run(above.tag, ["sh", "-c", look], network_mode="none", remove=True)
        count, hello, folder, *rest = told.decode().splitlines()
        assert (int(count) > 80, hello, folder, rest) == (True, "Hello, world!", "/app", [])
        install = "apt-get update -qq && apt-get install -y -qq sl >/dev/null 2>&1 && dpkg -s sl | head -n 2"
        told = docker_engine.containers.run(above.tag, ["sh", "-c", install], remove=True)
        assert told.decode().splitlines() == ["Package: sl", "Status: install ok installed"]
        known = {thing.purpose for thing in list_leftovers(docker_engine) if thing.kind == "image"}
        assert {system.tag, above.tag} <= known
    finally:
        for tag in (above.tag, system.tag):
            docker_engine.images.remove(tag, force=True)
