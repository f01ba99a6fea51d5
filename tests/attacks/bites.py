"""Runs a naive scorer on a case, in a throw-away container: locked as far as naive scorers allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evalkit.sandbox.engine import labels
from evalkit.selftest.cases import Case

NAIVE = Path(__file__).with_name("naive")
ORDER = ("basics", "status", "words", "values", "several", "programs", "run")  # each needs those before it
BOOT = """
import json, os, sys, types
asked = json.loads(sys.stdin.read())
for name in ("tests", "tests.attacks", "tests.attacks.naive"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = []
for name, text in asked["modules"]:
    module = sys.modules["tests.attacks.naive." + name] = types.ModuleType(name)
    setattr(sys.modules["tests.attacks.naive"], name, module)
    exec(compile(text, name, "exec", dont_inherit=True), vars(module))
if os.getpid() == 1:
    module.main(asked)
"""
MEMORY = 1 << 30


def observed(client: Any, image: str, case: Case, scorer: str) -> dict[str, Any]:
    """`observed`: pass, fail, timeout, dropped, crash or hang; `survivors`: processes left over."""
    asked = {
        "modules": [(name, (NAIVE / f"{name}.py").read_text("utf-8")) for name in ORDER],
        "scorer": scorer,
        "case": {
            **{name: getattr(case, name) for name in ("code", "other", "limit_s")},
            **{name: getattr(case.task, name) for name in ("name", "io")},
            "check": case.task.check if case.task.kind == "function" else "",
        },
    }
    user = "0:0" if scorer == "root" else "65534:65534"
    host = client.api.create_host_config(
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=MEMORY,
        memswap_limit=MEMORY,
        pids_limit=100,
        tmpfs={"/tmp": f"size=64m,nr_inodes=2000,mode=0755,uid={user.partition(':')[0]},exec"},
        shm_size=4 << 20,
    )
    made = client.api.create_container(
        image,
        ["python3", "-s", "-B", "-c", BOOT],
        user=user,
        environment={"EXAMPLE_API_KEY": "none", "LANG": "C.UTF-8"},
        working_dir="/tmp",
        stdin_open=True,
        host_config=host,
        labels=labels("test", run="naive"),
    )["Id"]
    try:
        attached = client.api.attach_socket(made, params={"stdin": 1, "stream": 1})
        raw = getattr(attached, "_sock", attached)
        client.api.start(made)
        raw.sendall(json.dumps(asked).encode())
        raw.shutdown(1)
        try:
            client.api.wait(made, timeout=30)
        except Exception:  # requests' own: it did not even end
            return {"observed": "hang", "survivors": 0}
        attached.close()
        output = client.api.logs(made, stdout=True, stderr=False).decode("utf-8", "replace").splitlines()
        if output:
            return dict(json.loads(output[-1]))
        state = client.api.inspect_container(made)["State"]
        if state["OOMKilled"] or state["ExitCode"] == 137:
            return {"observed": "crash", "survivors": 0}
        errors = client.api.logs(made, stdout=False, stderr=True).decode("utf-8", "replace")
        raise RuntimeError(f"the naive scorer's container said nothing: {state['ExitCode']} {errors[-2000:]}")
    finally:
        client.api.remove_container(made, force=True)


def bites(case: Case, seen: dict[str, Any]) -> bool:
    """Whether the case did to a naive scorer what it is there for."""
    if seen["survivors"]:
        return True
    if case.expect == "passed":
        return bool(seen["observed"] != "pass")
    return seen["observed"].split()[0].rstrip(":") in ("pass", "crash", "hang", "dropped")
