"""A process of its own that starts what stands beside a workspace, and takes it away when nobody needs it.

    python -m evalkit.sandbox.beside_guard PROJECT FOLDER COMPOSE...

It runs COMPOSE, says how that ended in a line of JSON, and then waits for the end of its input: this comes
when the workspace is closed, and also when evalkit is killed. Then everything with the label of PROJECT is
removed, and FOLDER. If it is killed itself, the next start of evalkit removes what it leaves, by its labels.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from typing import Any

PROJECT = "evalkit.project"  # label
PATIENCE_S = 30.0
SAID = 4000  # characters of compose's own words


def main() -> None:
    project, folder, *compose = sys.argv[1:]
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # its end is its input's
        signal.signal(each, signal.SIG_IGN)
    running = subprocess.Popen(
        compose,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    threading.Thread(target=tell, args=(running,), daemon=True).start()
    while os.read(0, 4096):
        pass
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    with suppress(OSError):
        shutil.rmtree(folder)
    clear(project)


def tell(running: subprocess.Popen[bytes]) -> None:
    words = running.communicate()[0].decode("utf-8", "replace")
    with suppress(OSError):
        print(json.dumps({"status": running.returncode, "said": words[-SAID:]}), flush=True)


def clear(project: str) -> None:
    """Containers first; a network or a volume goes when its last container has."""
    import docker

    client = docker.from_env(timeout=60)
    end = time.monotonic() + PATIENCE_S
    while not gone(client, project) and time.monotonic() < end:
        time.sleep(0.2)


def gone(client: Any, project: str) -> bool:
    """One try; whether nothing is left."""
    import docker.errors
    import requests

    api, only = client.api, {"label": f"{PROJECT}={project}"}
    try:
        todo: list[Any] = []
        for box in api.containers(all=True, filters=only):
            todo.append(partial(api.remove_container, box["Id"], force=True, v=True))
        if not todo:
            todo += [partial(api.remove_network, network["Id"]) for network in api.networks(filters=only)]
            for volume in api.volumes(filters=only)["Volumes"] or []:
                todo.append(partial(api.remove_volume, volume["Name"], force=True))
        for act in todo:
            with suppress(docker.errors.APIError):
                act()
    except (docker.errors.DockerException, requests.RequestException):
        return False
    return not todo


if __name__ == "__main__":
    main()
