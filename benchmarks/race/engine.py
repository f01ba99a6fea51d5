"""A container, or a `docker exec`, for each sample: the engine's API from threads, a lean client.

The image is the judge's own. The program is the argument of a bare `python3 -I -S`, so that nothing has
to be copied in; the exit status is the verdict. No time limit: work that ends is all they are given.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from evalkit.sandbox.engine import labels
from race.child import Row, problems, program, serve

PYTHON = ["python3", "-I", "-S", "-B", "-c"]
SLEEP = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: exit())\nwhile True: signal.pause()"


def create(client: Any, image: str, label: str, command: list[str]) -> str:
    """A container with the restrictions that users of this way set; not started.

    Its labels replace those that it would have from the image, whose owner is long gone: it would be reaped.
    """
    host = client.api.create_host_config(
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=1 << 30,
        pids_limit=64,
        log_config={"type": "none"},
    )
    made = client.api.create_container(
        image, command, user="10000:10000", host_config=host, labels=labels("benchmark", label)
    )
    return str(made["Id"])


def by_exec(client: Any, container: str, text: str) -> int:
    made = client.api.exec_create(container, [*PYTHON, text], user="10000:10000")["Id"]
    client.api.exec_start(made)
    return int(client.api.exec_inspect(made)["ExitCode"])


def by_container(client: Any, image: str, label: str, text: str) -> int:
    container = create(client, image, label, [*PYTHON, text])
    try:
        client.api.start(container)
        return int(client.api.wait(container)["StatusCode"])
    finally:
        client.api.remove_container(container, force=True)


def main() -> None:
    way, folder, image, label = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    import docker
    import docker.errors

    client = docker.from_env(timeout=120)
    texts = problems(folder)
    container = create(client, image, label, [*PYTHON, SLEEP])
    client.api.start(container)  # of the exec; to the other it shows which process reaps what is orphaned
    act: Callable[[str], int] = {
        "exec": lambda text: by_exec(client, container, text),
        "container": lambda text: by_container(client, image, label, text),
    }[way]

    def judge(sample: Row) -> str:
        status = act(program(texts[sample["task_id"]], sample["completion"]))
        return "failed" if status else "passed"

    def run(samples: list[Row], at_once: int) -> list[str]:
        with ThreadPoolExecutor(at_once) as threads:
            return list(threads.map(judge, samples))

    try:
        serve(folder, run, {"container": container})
    finally:
        with contextlib.suppress(docker.errors.NotFound):
            client.api.remove_container(container, force=True)


if __name__ == "__main__":
    main()
