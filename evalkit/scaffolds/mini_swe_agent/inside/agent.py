"""One rollout of mini-swe-agent, in the Python that it is installed in: `agent.py CONFIG MODEL_CLASS`.

Everything that it does is the package's own: its configuration, prompts, agent, model class, parsing and rule
of submission. Only two things lead elsewhere, over lines of JSON on stdin and stdout:

    ─▶ {"ready": {"version": ...}}
    ◀─ {"start": {"task", "root", "machine", "base_url", "key", "step_limit", "cost_limit"}}
    ─▶ {"execute": {"command", "cwd", "env", "timeout", "interpreter"}}    a command, for the workspace
    ◀─ {"output", "returncode", "exception_info", ["extra"]}
    ─▶ {"ended": {"exit_status", "submission", "calls", "exception"}}

and to the model at `base_url`. Once it is loaded, this process can open no other connection and start no
program. It ends when its stdin does: a killed evalkit leaves nothing behind.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
from typing import Any, BinaryIO

from minisweagent import __version__
from minisweagent.agents.default import DefaultAgent
from minisweagent.config import builtin_config_dir
from minisweagent.environments.docker import DockerEnvironment
from minisweagent.models import get_model_class
from yaml import safe_load

MODEL = "openai/evalkit"  # litellm's word for "an endpoint that speaks as OpenAI's does"
LISTENING = ("127.0.0.1", "localhost")


class Lines:
    """Both directions of the talk with evalkit."""

    def __init__(self, given: BinaryIO, said: BinaryIO) -> None:
        self._given, self._said = given, said
        self._arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._given:
            self._arrived.put(json.loads(line))
        os._exit(1)  # whoever started it is gone

    def say(self, message: dict[str, Any]) -> None:
        self._said.write(json.dumps(message).encode() + b"\n")
        self._said.flush()

    def ask(self, message: dict[str, Any]) -> Any:
        self.say(message)
        return self._arrived.get()


class Elsewhere(DockerEnvironment):  # type: ignore[misc]
    """Its environment for containers, with another way to run a command: evalkit's workspace."""

    def __init__(self, lines: Lines, machine: dict[str, str], **config: Any) -> None:
        self._lines = lines
        self._machine = machine
        super().__init__(**config)

    def _start_container(self) -> None:
        """It is there."""

    def get_template_vars(self, **more: Any) -> dict[str, Any]:
        """Of the machine that is worked on, not of the one that the agent itself runs on."""
        return {**self.config.model_dump(), **self._machine, **more}

    def execute(self, action: dict[str, Any], cwd: str = "", *, timeout: int | None = None) -> dict[str, Any]:
        asked = {
            "command": action.get("command", ""),
            "cwd": cwd or self.config.cwd,
            "env": self.config.env,
            "timeout": timeout or self.config.timeout,
            "interpreter": self.config.interpreter,
        }
        output: dict[str, Any] = self._lines.ask({"execute": asked})
        self._check_finished(output)
        return output


class Agent(DefaultAgent):  # type: ignore[misc]
    """Theirs, without the whole of each output, which it would keep for its trajectory alone."""

    def add_messages(self, *messages: dict[str, Any]) -> list[dict[str, Any]]:
        for message in messages:
            message.get("extra", {}).pop("raw_output", None)
        return list(super().add_messages(*messages))


def main() -> None:
    lines = Lines(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what the package prints is no part of the talk
    logging.getLogger("minisweagent").setLevel(logging.WARNING)
    config = safe_load((builtin_config_dir / f"{sys.argv[1]}.yaml").read_text())
    model_class = get_model_class(MODEL, sys.argv[2])
    start = lines.ask({"ready": {"version": __version__}})["start"]
    only_to(int(start["base_url"].split(":")[2].split("/")[0]))
    lines.say({"ended": run(lines, config, model_class, start)})


def run(lines: Lines, config: dict[str, Any], model_class: Any, start: dict[str, Any]) -> dict[str, Any]:
    class Counted(model_class):  # type: ignore[misc]
        def _calculate_cost(self, response: Any) -> dict[str, float]:
            """As the endpoint says it: litellm knows no price of ours."""
            return {"cost": float(getattr(response.usage, "cost", None) or 0.0)}

    asked = config["model"] | {"model_name": MODEL}
    asked.pop("model_class", None)
    asked["model_kwargs"] |= {
        "api_base": start["base_url"],
        "api_key": start["key"],
        "max_retries": 0,  # evalkit tries again by itself
        "timeout": 86_400,
    }
    places = config["environment"] | {"image": "", "cwd": start["root"]}
    places.pop("environment_class", None)
    places.setdefault("interpreter", ["/bin/sh", "-c"])  # mini's own environment: the shell of where it runs
    limits = {"step_limit": start["step_limit"], "cost_limit": start["cost_limit"]}
    agent_config = {**config["agent"], **limits}
    # its words name the folder of SWE-bench's images
    if folder := config["environment"].get("cwd"):
        agent_config["instance_template"] = agent_config["instance_template"].replace(folder, start["root"])
    agent = Agent(Counted(**asked), Elsewhere(lines, start["machine"], **places), **agent_config)
    said: dict[str, Any] = {"exception": None}
    try:
        said |= agent.run(start["task"])
    except Exception as e:  # as its own runner does: the name is the exit status
        names = [name.__name__ for name in type(e).__mro__]
        said |= {"exit_status": type(e).__name__, "exception": {"types": names, "text": str(e)[:1000]}}
    return {
        "exit_status": said.get("exit_status", ""),
        "submission": said.get("submission", ""),
        "calls": agent.n_calls,
        "exception": said["exception"],
    }


def only_to(port: int) -> None:
    """No connection but to the model, and no program of this machine's, from here on."""

    def watch(event: str, given: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            address = given[1]
            if not (isinstance(address, tuple) and address[0] in LISTENING and address[1] == port):
                raise PermissionError(f"mini-swe-agent may reach the model only, not {address!r}")
        elif event == "socket.getaddrinfo" and given[0] not in LISTENING:
            raise PermissionError(f"mini-swe-agent may reach the model only, not {given[0]!r}")
        elif event in ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn"):
            raise PermissionError(f"mini-swe-agent starts no program here ({event})")

    sys.addaudithook(watch)


if __name__ == "__main__":
    main()
