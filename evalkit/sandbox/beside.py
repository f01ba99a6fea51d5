"""Services that stand beside a workspace: started by compose, gone with it.

The main service is the workspace's own container, which joins the networks of the others under its names. All
of it has evalkit's labels. A process of its own (beside_guard) takes it away, also where evalkit is killed.
docs/workspaces.md
"""

from __future__ import annotations

import asyncio
import functools
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from evalkit.compose import Plan, Refused, read
from evalkit.compose.mounts import exists
from evalkit.errors import SandboxError
from evalkit.sandbox.beside_file import compose_file, of_main
from evalkit.sandbox.beside_guard import PROJECT
from evalkit.sandbox.engine import labels
from evalkit.sandbox.workspace_calls import Calls
from evalkit.sandbox.workspace_container import PURPOSE, Place
from evalkit.workspace import Beside, WorkspaceSpec

NEED = "compose"  # the word for it in Task.needs
UP_S = 300.0  # until all of them are started, and what the main service waits for is as it should be
DOWN_S = 60.0
LOOK_S = 0.3
PASSED = (
    *("PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"),
    *("DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"),
)


@functools.cache
def compose_program() -> tuple[str, ...]:
    """The command of compose that this machine has: the plugin of Docker's client, or docker-compose, which
    needs no plugin; () where there is neither."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]):
            with suppress(OSError, subprocess.TimeoutExpired):
                said = subprocess.run([*command, "version"], capture_output=True, timeout=30)
                if said.returncode == 0:
                    return command
    return ()


def plan_of(beside: Beside) -> Plan:
    """SandboxError where its file is refused."""
    try:
        return read(beside)
    except Refused as e:
        raise SandboxError(f"no services beside the workspace: {e}") from None


def references(plan: Plan, beside: Beside) -> dict[str, str]:
    """Service -> reference of its image: what it was built as, or what the file names."""
    built = dict(beside.images)
    found = {service.name: built.get(service.name) or service.image for service in plan.others}
    for service in plan.others:
        if service.build and service.name not in built:
            raise SandboxError(
                f"no image of the service {service.name} was built", "it is built by its suite"
            )
    return found


class Project:
    """What stands beside one workspace. `name` is that of the compose project."""

    def __init__(self, plan: Plan, spec: WorkspaceSpec, calls: Calls, run: str) -> None:
        assert spec.beside is not None
        self.name = f"evalkit-{secrets.token_hex(6)}"
        self.plan, self._calls = plan, calls
        self._spec, self._run = spec, run
        self._files = dict(spec.beside.files)
        self._guard: asyncio.subprocess.Process | None = None

    async def up(self, images: Mapping[str, str]) -> None:
        """Start them, and wait as the main service would. `images`: service -> id. SandboxError."""
        if not (program := compose_program()):
            raise SandboxError("this machine has no compose", "install docker-compose")
        marks = labels(PURPOSE, self._run) | {PROJECT: self.name}
        folder = tempfile.mkdtemp(prefix="evalkit-beside-")
        try:
            await asyncio.to_thread(self._write, Path(folder), images, marks)
            command = [*program, "-p", self.name, "-f", f"{folder}/compose.json", "up", "-d", "--no-build"]
            self._guard = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "evalkit.sandbox.beside_guard", self.name, folder, *command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={name: os.environ[name] for name in PASSED if name in os.environ},
                start_new_session=True,
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # from now on it is the guard's
            raise
        try:
            async with asyncio.timeout(UP_S):
                await self._started()
                for name, how in self.plan.main.after.items():
                    await self._until(name, how)
        except TimeoutError:
            raise SandboxError(f"the services beside a workspace are not ready after {UP_S:g} s") from None

    async def close(self) -> None:
        """Take them away; the workspace's own container has to be gone. Never raises for what is gone."""
        guard, self._guard = self._guard, None
        if guard is None:
            return
        assert guard.stdin is not None
        guard.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(guard.wait(), DOWN_S)

    def place(self) -> Place:
        """Where the main service's container stands."""
        main = self.plan.main
        known = {name: (main.name, *others) for name, others in main.networks.items() if self._made(name)}
        return Place(
            networks={f"{self.name}_{name}": others for name, others in known.items()},
            env=main.env,
            volumes={at: f"{self.name}_{name}" for at, name in of_main(self.plan, self._files).items()},
            memory=tuple(mount.at for mount in main.mounts if mount.kind == "memory"),
            hosts=main.settings.get("extra_hosts") or (),
            dns=main.settings.get("dns") or (),
        )

    def own_files(self) -> bytes:
        """A tar archive of what the file mounts in the main service and no volume holds: it has copies."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for mount in self.plan.main.mounts:
                if mount.kind == "folder" and exists(mount, self._files):
                    for path, data in self._below(mount.source).items():
                        member = tarfile.TarInfo(f"{mount.at}/{path}".strip("/"))
                        member.size, member.mode = len(data), _mode(data)
                        archive.addfile(member, io.BytesIO(data))
        return out.getvalue()

    def _made(self, network: str) -> bool:
        return any(network in service.networks for service in self.plan.others)

    def _below(self, source: str) -> dict[str, bytes]:
        if source in self._files:
            return {"": self._files[source]}
        start = f"{source}/" if source else ""
        return {path[len(start) :]: data for path, data in self._files.items() if path.startswith(start)}

    def _write(self, folder: Path, images: Mapping[str, str], marks: Mapping[str, str]) -> None:
        """The file, and what is mounted of the task's own: nothing else of it lies on this host."""
        spec = self._spec
        file = compose_file(self.plan, self.name, images, self._files, f"{folder}/files", marks, spec)
        (folder / "compose.json").write_text(json.dumps(file))
        for service in self.plan.others:
            for mount in service.mounts:
                if mount.kind == "folder" and exists(mount, self._files):
                    for path, data in self._below(mount.source).items():
                        to = folder / "files" / mount.source / path
                        to.parent.mkdir(parents=True, exist_ok=True)
                        to.write_bytes(data)
                        to.chmod(_mode(data))
        folder.chmod(0o711)  # services have users of their own

    async def _started(self) -> None:
        guard = self._guard
        assert guard is not None
        assert guard.stdout is not None
        line = await guard.stdout.readline()
        said = json.loads(line) if line else {"status": None, "said": "its guard ended"}
        if said["status"] != 0:
            words = " ".join(str(said["said"]).split())[-400:]
            raise SandboxError(f"compose could not start the services beside a workspace: {words}")

    async def _until(self, name: str, how: str) -> None:
        """Until a service is as the main one waits for it."""
        while True:
            state = await self._calls(_state, self._calls.client, self.name, name)
            health = (state.get("Health") or {}).get("Status", "")
            if how == "service_started" or (how == "service_healthy" and health == "healthy"):
                return
            over = state.get("Status") == "exited"
            if over and how == "service_completed_successfully" and state.get("ExitCode") == 0:
                return
            if over or health == "unhealthy":
                log = await self._calls(_log, self._calls.client, self.name, name)
                what = f"ended with {state.get('ExitCode')}" if over else "is not healthy"
                raise SandboxError(f"the service {name} beside a workspace {what}: {log}")
            await asyncio.sleep(LOOK_S)


def _mode(data: bytes) -> int:
    return 0o755 if data.startswith((b"#!", b"\x7fELF")) else 0o644


def _box(client: Any, project: str, service: str) -> str:
    marks = [f"{PROJECT}={project}", f"com.docker.compose.service={service}"]
    found = client.api.containers(all=True, filters={"label": marks})
    if not found:
        raise SandboxError(f"the service {service} beside a workspace is gone")
    return str(found[0]["Id"])


def _state(client: Any, project: str, service: str) -> dict[str, Any]:
    facts: dict[str, Any] = client.api.inspect_container(_box(client, project, service))
    return dict(facts["State"])


def _log(client: Any, project: str, service: str) -> str:
    data = client.api.logs(_box(client, project, service), tail=20)
    return " ".join(data.decode("utf-8", "replace").split())[-300:]
