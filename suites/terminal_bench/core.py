"""Tasks of terminal-bench-core: task.yaml, run-tests.sh, solution.sh or solution.yaml, a compose file.

Read as terminal-bench 0.2.18 reads them, and those of May 2025, which have one instruction a difficulty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.errors import DataError

from .compose import Main, read_compose
from .fields import Fields, read_yaml, shown
from .states import state_of
from .trial import Environment, Phase, Solution, Step, Trial, Typed

FILE = "task.yaml"
COMPOSE = "docker-compose.yaml"
SCRIPT = "run-tests.sh"
DIFFICULTIES = ("easy", "medium", "hard", "unknown")
PARSERS = ("pytest", "swebench", "swelancer", "mlebench", "sweperf")
AGENT_S, TESTS_S = 360.0, 60.0
BASE = "base"  # of several descriptions, the one whose task has the folder's own name
ENV = (("TEST_DIR", "/tests"),)  # of a container that no compose file gives it to


def variants(files: Mapping[str, Any], task: str) -> tuple[str, ...]:
    """Keys of its descriptions, where it has such (May 2025): each is a task of its own."""
    fields = task_fields(files, task)
    if fields.has("instruction") or not fields.has("descriptions"):
        return ()
    keys = tuple(each.text("key") for each in fields.tables("descriptions"))
    if not keys or len(set(keys)) != len(keys):
        fields.wrong("descriptions", f"is no list of descriptions with a key each: {shown(keys)}")
    return keys


def id_of(folder: str, variant: str) -> str:
    return folder if variant in ("", BASE) else f"{folder}.{variant}"


def read_core(folder: str, files: Mapping[str, Any], variant: str = "") -> Trial:
    """DataError names the task and the field."""
    task = id_of(folder, variant)
    fields = task_fields(files, task)
    if SCRIPT not in files:
        raise DataError(f"{task}: no {SCRIPT}: a task of terminal-bench-core has one")
    main = read_compose(files, COMPOSE, task) if COMPOSE in files else None
    environment, user = environment_of(files, main, task)
    step = Step(
        "",
        instruction_of(fields, variant),
        Phase(fields.time("max_agent_timeout_sec", AGENT_S), user),
        Phase(fields.time("max_test_timeout_sec", TESTS_S), "root"),
        script="/tests/run-tests.sh",
        solution=solution_of(files, task),
    )
    return Trial(
        task,
        "core",
        files,
        environment,
        (step,),
        difficulty=fields.choice("difficulty", None, DIFFICULTIES),
        category=fields.text("category", "software_engineering"),
        tags=fields.texts("tags"),
        parser=fields.choice("parser_name", "pytest", PARSERS),
        same_shell=fields.truth("run_tests_in_same_shell", False),
        state=state_of("core", folder, fields),
        schema="2025-05" if variant else "2025-07",
    )


def task_fields(files: Mapping[str, Any], task: str) -> Fields:
    document = read_yaml(files, FILE, task)
    if not isinstance(document, Mapping):
        raise DataError(f"{task}: {FILE}: no table of fields: {shown(document)}")
    return Fields(f"{task}: {FILE}", document)


def instruction_of(fields: Fields, variant: str) -> str:
    if not variant:
        return fields.text("instruction")
    found = [each for each in fields.tables("descriptions") if each.get("key") == variant]
    if not found:
        fields.wrong("descriptions", f"has none of the key {variant!r}")
    return found[0].text("description")


def environment_of(files: Mapping[str, Any], main: Main | None, task: str) -> tuple[Environment, str]:
    """With the user of the agent, "" being the image's."""
    if main is None:
        if "Dockerfile" not in files:
            raise DataError(f"{task}: neither {COMPOSE} nor Dockerfile: nothing says where the work is done")
        return Environment(dockerfile="Dockerfile", service="client", env=ENV), ""
    context, dockerfile = main.build or ("", "")
    if main.build and (place := f"{context}/{dockerfile}".lstrip("/")) not in files:
        raise DataError(f"{task}: {COMPOSE}: the service {main.name} is built from {place}, which is missing")
    if not main.build and not main.image:
        raise DataError(f"{task}: {COMPOSE}: the service {main.name} has neither build nor image")
    environment = Environment(
        image="" if main.build else main.image,
        dockerfile=f"{context}/{dockerfile}".lstrip("/") if main.build else "",
        context=context,
        compose=COMPOSE if main.services else "",
        service=main.name,
        services=main.services,
        cpus=main.cpus,
        memory_bytes=main.memory_bytes,
        workdir=main.workdir,
        env=main.env,
        needs=main.needs,
    )
    return environment, main.user


def solution_of(files: Mapping[str, Any], task: str) -> Solution | None:
    """solution.sh before solution.yaml, as officially."""
    if "solution.sh" in files:
        return Solution(script="solution.sh")
    if "solution.yaml" not in files:
        return None
    lines = read_yaml(files, "solution.yaml", task)
    if not isinstance(lines, list):
        raise DataError(f"{task}: solution.yaml: no list of commands: {shown(lines)}")
    where = f"{task}: solution.yaml"
    return Solution(typed=tuple(map(typed_of, Fields(where, {"commands": lines}).tables("commands"))))


def typed_of(line: Fields) -> Typed:
    return Typed(
        line.text("command"),
        line.seconds("min_timeout_sec", 0.0),
        line.seconds("max_timeout_sec", 180.0),
        line.truth("block", False),
        line.truth("append_enter", True),
    )
