"""Tasks of Terminal-Bench 2.0 and later: task.toml, instruction.md, environment/, solution/, tests/test.sh.

Read as harbor 0.25.0 reads them, in every version of the schema (1.0 to 1.4), with the older names of fields.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.errors import DataError

from .compose import Main, read_compose
from .fields import Fields, below, shown, text_of
from .networks import Policy, read_policy
from .states import state_of
from .trial import Environment, Healthcheck, Phase, Solution, Step, Trial

FILE = "task.toml"
SCRIPT = "/tests/test.sh"
COMPOSE = "environment/docker-compose.yaml"
MAIN = "main"
SCHEMA = "1.4"  # what a task has that names none
BUILD_S, VERIFIER_S = 600.0, 600.0
MIB = 1 << 20
PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
CANARY = re.compile(r"(<!--.*canary.*-->|#.*canary.*)", re.IGNORECASE)
NO_STEP = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def read_harbor(folder: str, files: Mapping[str, Any]) -> Trial:
    """DataError names the task and the field."""
    root = task_fields(files, folder)
    main = read_compose(files, COMPOSE, folder, MAIN) if COMPOSE in files else None
    baseline, environment = environment_of(root, files, main, folder)
    metadata = root.table("metadata")
    steps = steps_of(root, files, folder, baseline, main)
    package = root.table("task")
    if root.has("task") and not PACKAGE.fullmatch(package.text("name")):
        package.wrong("name", f"is not of the form org/name: {shown(package.get('name'))}")
    solution_env = root.table("solution").env()
    return Trial(
        folder,
        "harbor",
        files,
        with_needs(environment, files, root),
        tuple(with_env(step, solution_env) for step in steps),
        reward="final" if strategy(root) == "final" else "mean",
        difficulty=str(metadata.get("difficulty") or ""),
        category=str(metadata.get("category") or ""),
        tags=tags_of(metadata, package),
        state=state_of("harbor", folder, metadata),
        schema=root.text("schema_version", root.text("version", SCHEMA)),
        name=package.text("name", ""),
    )


def task_fields(files: Mapping[str, Any], task: str) -> Fields:
    try:
        return Fields(f"{task}: {FILE}", tomllib.loads(text_of(files, FILE, task)))
    except (tomllib.TOMLDecodeError, RecursionError) as e:
        raise DataError(f"{task}: cannot read {FILE}: {' '.join(str(e).split())[:200]}") from None


def strategy(root: Fields) -> str:
    return root.choice("multi_step_reward_strategy", "mean", ("mean", "final"))


def tags_of(metadata: Fields, package: Fields) -> tuple[str, ...]:
    """Metadata is free: tags that are no texts are none."""
    tags = metadata.get("tags")
    found = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    return tuple(dict.fromkeys([*found, *package.texts("keywords")]))


# -- the environment -------------------------------------------------------------------------------


def environment_of(
    root: Fields, files: Mapping[str, Any], main: Main | None, task: str
) -> tuple[Policy, Environment]:
    """Its network, and what the work is done in."""
    fields = root.table("environment")
    image, dockerfile = fields.text("docker_image", ""), "environment/Dockerfile"
    context = "environment"
    if main and main.build:
        context, dockerfile = main.build[0], f"{main.build[0]}/{main.build[1]}".lstrip("/")
    image = image or (main.image if main and not main.build else "")
    if not image and dockerfile not in files:
        raise DataError(f"{task}: neither {dockerfile} nor environment.docker_image in {FILE}")
    environment = Environment(
        image=image,
        dockerfile=dockerfile if dockerfile in files else "",
        context=context,
        compose=COMPOSE if main and main.services else "",
        service=MAIN,
        services=main.services if main else (),
        build_timeout_s=fields.time("build_timeout_sec", BUILD_S) or BUILD_S,
        cpus=fields.number("cpus", main.cpus if main else None),
        memory_bytes=size_of(fields, "memory", main.memory_bytes if main else None),
        storage_bytes=size_of(fields, "storage", None),
        gpus=fields.whole("gpus"),
        workdir=fields.text("workdir", main.workdir if main else ""),
        env=(*(main.env if main else ()), *fields.env()),
        healthcheck=healthcheck_of(fields),
        needs=main.needs if main else (),
    )
    policy = read_policy(fields)
    return Policy("no-network") if main and main.offline else policy or Policy(), environment


def size_of(fields: Fields, what: str, default: int | None) -> int | None:
    """Bytes of `memory_mb`, or of the older `memory` ("2G"), which must not say something else."""
    new = fields.number(f"{what}_mb")
    old = fields.get(what)
    if isinstance(old, str):
        found = re.fullmatch(r"(\d+(?:\.\d*)?)\s*([GMK])", old.strip().upper())
        if not found:
            fields.wrong(what, f"is no size as 1G or 512M: {shown(old)}")
        mib = int(float(found[1]) * {"G": 1024, "M": 1, "K": 1 / 1024}[found[2]])
        if new is not None and new != mib:
            fields.wrong(what, f"says {mib} MB, {what}_mb {new:g}")
        new = mib
    return default if new is None else int(new * MIB)


def healthcheck_of(fields: Fields) -> Healthcheck | None:
    if not fields.has("healthcheck"):
        return None
    check = fields.table("healthcheck")
    return Healthcheck(
        check.text("command"),
        check.seconds("interval_sec", 5.0),
        check.time("timeout_sec", 30.0) or 30.0,
        check.seconds("start_period_sec", 0.0),
        check.seconds("start_interval_sec", 5.0),
        check.whole("retries", 3),
    )


def with_needs(environment: Environment, files: Mapping[str, Any], root: Fields) -> Environment:
    """With what it asks for that cannot be had here."""
    fields = root.table("environment")
    verifiers = [root.table("verifier"), *(step.table("verifier") for step in root.tables("steps"))]
    needs = [
        *(["a GPU"] if environment.gpus else []),
        *(["a TPU"] if fields.has("tpu") else []),
        *(["Windows"] if fields.text("os", "linux").lower() == "windows" else []),
        *(["MCP servers"] if fields.tables("mcp_servers") else []),
        *(["a verifier in a container of its own"] if any(map(is_apart, verifiers)) else []),
        *(["rules of a .harborignore"] if any(path.endswith(".harborignore") for path in files) else []),
        *(f"{name} in the host's environment" for name in dict.fromkeys(root.lacking)),
        *environment.needs,
    ]
    if fields.text("os", "linux").lower() not in ("linux", "windows"):
        fields.wrong("os", f"is neither linux nor windows: {shown(fields.get('os'))}")
    return replace(environment, needs=tuple(needs))


def is_apart(verifier: Fields) -> bool:
    mode = verifier.choice("environment_mode", "", ("", "shared", "separate"))
    if mode == "shared" and verifier.has("environment"):
        verifier.wrong("environment", "cannot be where environment_mode is shared")
    return mode == "separate" or verifier.has("environment")


# -- steps -----------------------------------------------------------------------------------------


def steps_of(
    root: Fields, files: Mapping[str, Any], task: str, network: Policy, main: Main | None
) -> tuple[Step, ...]:
    listed = root.tables("steps")
    if not listed:
        if "tests/test.sh" not in files:
            raise DataError(f"{task}: no tests/test.sh")
        phases = phases_of(root, root, network, main)
        words = instruction_of(files, "instruction.md", task)
        return (Step("", words, *phases, solution=solution_of(files, "solution")),)
    names = [checked_name(step) for step in listed]
    if len({unicodedata.normalize("NFC", name).casefold() for name in names}) < len(names):
        root.wrong("steps", f"have the same name twice: {shown(names)}")
    return tuple(step_of(step, root, files, task, phases_of(step, root, network, main)) for step in listed)


def step_of(
    step: Fields, root: Fields, files: Mapping[str, Any], task: str, phases: tuple[Phase, Phase]
) -> Step:
    name = step.text("name")
    folder = f"steps/{name}"
    tests = tuple(place for place in ("tests", f"{folder}/tests") if below(files, place))
    if not any(f"{place}/test.sh" in files for place in tests):
        raise DataError(f"{task}: neither {folder}/tests/test.sh nor tests/test.sh")
    own = f"{folder}/solution"
    return Step(
        name,
        instruction_of(files, f"{folder}/instruction.md", task),
        *phases,
        tests=tests,
        solution=solution_of(files, own if below(files, own) else "solution"),
        healthcheck=healthcheck_of(step),
        least=least_of(step),
        workdir=f"{folder}/workdir" if below(files, f"{folder}/workdir") else "",
    )


def checked_name(step: Fields) -> str:
    name = step.text("name")
    if not name.strip() or name in (".", "..") or name.endswith((".", " ")) or NO_STEP.search(name):
        step.wrong("name", f"is no name of a folder: {shown(name)}")
    return name


def least_of(step: Fields) -> tuple[tuple[str, float], ...]:
    """A number is that of the reward "reward"; a table names rewards."""
    if isinstance(step.get("min_reward"), Mapping):
        table = step.table("min_reward")
        names, lowest = list(table.values), float("-inf")
        return tuple((name, table.number(name, 0.0, least=lowest) or 0.0) for name in names)
    found = step.number("min_reward", least=float("-inf"))
    return () if found is None else (("reward", found),)


def phases_of(step: Fields, root: Fields, network: Policy, main: Main | None) -> tuple[Phase, Phase]:
    """Agent and verifier of a step: what it does not say, the task says."""
    agent, agents = step.table("agent"), root.table("agent")
    verifier, verifiers = step.table("verifier"), root.table("verifier")
    image_user = main.user if main else ""
    allowed = read_policy(agent) or read_policy(agents) or network
    checked = read_policy(verifier) or read_policy(verifiers) or network
    return (
        Phase(
            agent.time("timeout_sec", agents.time("timeout_sec", None)),
            agent.user() or agents.user() or image_user,
            allowed.mode,
            allowed.hosts,
        ),
        Phase(
            verifier.time("timeout_sec", verifiers.time("timeout_sec", VERIFIER_S)),
            verifier.user() or verifiers.user() or image_user,
            checked.mode,
            checked.hosts,
            tuple(dict([*verifiers.env(), *verifier.env()]).items()),
        ),
    )


def instruction_of(files: Mapping[str, Any], path: str, task: str) -> str:
    """Without the lines at its head by which training data can be searched for it."""
    lines = text_of(files, path, task).split("\n")
    while lines and CANARY.match(lines[0].strip()):
        lines.pop(0)
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines)


def solution_of(files: Mapping[str, Any], folder: str) -> Solution | None:
    script = f"{folder}/solve.sh"
    return Solution(folder, script) if script in files else None


def with_env(step: Step, env: tuple[tuple[str, str], ...]) -> Step:
    if not step.solution or not env:
        return step
    return replace(step, solution=replace(step.solution, env=env))
