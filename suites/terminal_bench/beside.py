"""What stands beside the container in which a task's work is done: the other services of its compose file.

The file is followed as far as evalkit.compose does; its variables are those that the harnesses give. Their
folders for logs become folders of the container, and are shared with others only where these have them, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.checkout import unpacked
from evalkit.compose import Plan, Refused, read
from evalkit.errors import SandboxError
from evalkit.recipe import Context
from evalkit.workspace import Beside

from .trial import Format, Trial

CORE = {
    "T_BENCH_TEST_DIR": "/tests",
    "T_BENCH_CONTAINER_LOGS_PATH": "/logs",
    "T_BENCH_CONTAINER_AGENT_LOGS_PATH": "/agent-logs",
    "T_BENCH_TASK_LOGS_PATH": "./logs-of-the-task",
    "T_BENCH_TASK_AGENT_LOGS_PATH": "./logs-of-the-agent",
    "T_BENCH_TASK_DOCKER_CLIENT_CONTAINER_NAME": "client",
    "T_BENCH_TASK_DOCKER_CLIENT_IMAGE_NAME": "client",
    "T_BENCH_TASK_DOCKER_NAME_PREFIX": "task",
}
HARBOR = {
    "CONTEXT_DIR": ".",
    "MAIN_IMAGE_NAME": "main",
    "PREBUILT_IMAGE_NAME": "main",
    "HOST_VERIFIER_LOGS_PATH": "./logs-of-the-verifier",
    "ENV_VERIFIER_LOGS_PATH": "/logs/verifier",
    "HOST_AGENT_LOGS_PATH": "./logs-of-the-agent",
    "ENV_AGENT_LOGS_PATH": "/logs/agent",
    "HOST_ARTIFACTS_PATH": "./artifacts",
    "ENV_ARTIFACTS_PATH": "/logs/artifacts",
}
# of core, whose compose file stands among them: what the agent is not to see is mounted nowhere
HIDDEN = ("tests/", "solution.sh", "solution.yaml", "run-tests.sh")


def beside_of(trial: Trial) -> Beside | None:
    """None for a task of one container. Images that compose would build are named as `built` names them."""
    if not trial.environment.services:
        return None
    images = {name: context.image for name, context in built(trial).items()}
    return replace(_beside(trial), images=tuple(images.items()))


def built(trial: Trial) -> dict[str, Context]:
    """Service -> how its image is built, of those beside the main one that the compose file builds."""
    if not trial.environment.services:
        return {}
    from .build import image_of

    where = trial.environment.compose.rpartition("/")[0]
    found = {}
    for service in _plan(_beside(trial)).others:
        if build := service.build:
            folder = "/".join(filter(None, (where, build.context)))
            called = f"{trial.id} {service.name}"
            found[service.name] = image_of(trial, called, folder, build.dockerfile, build.args)
    return found


def refusal(files: Mapping[str, Any], compose: str, main: str, form: Format) -> str:
    """Why the compose file of a task of several containers is not followed, in words; "" where it is."""
    try:
        read(_of(files, compose, main, form))
    except Refused as e:
        return str(e)
    return ""


def _plan(beside: Beside) -> Plan:
    try:
        return read(beside)
    except Refused as e:  # such tasks are not run
        raise SandboxError(f"{beside.compose}: {e}") from None


def _beside(trial: Trial) -> Beside:
    where = trial.environment
    return _of(trial.files, where.compose, where.service, trial.format)


def _of(files: Mapping[str, Any], compose: str, main: str, form: Format) -> Beside:
    where, _, name = compose.rpartition("/")
    prefix = f"{where}/" if where else ""
    inside = {
        path.removeprefix(prefix): unpacked(content)
        for path, content in files.items()
        if path.startswith(prefix) and not (form == "core" and path.startswith(HIDDEN))
    }
    env = CORE if form == "core" else HARBOR
    return Beside(name, main, tuple(sorted(inside.items())), tuple(env.items()))
