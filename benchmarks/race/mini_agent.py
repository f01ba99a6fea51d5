"""mini-swe-agent by itself, in the Python that it is installed in: `python mini_agent.py IMAGE URL TASK`.

Its default agent, its own DockerEnvironment, its model class and its configuration for SWE-bench, as its own
runner puts them together; nothing of evalkit. It says how it ended, as one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    image, url, task = sys.argv[1:]
    os.environ.update(MSWEA_COST_TRACKING="ignore_errors", MSWEA_SILENT_STARTUP="1", OPENAI_API_KEY="none")
    from minisweagent.agents.default import DefaultAgent
    from minisweagent.config import builtin_config_dir
    from minisweagent.environments.docker import DockerEnvironment
    from minisweagent.models.litellm_model import LitellmModel
    from yaml import safe_load

    config: dict[str, Any] = safe_load((builtin_config_dir / "benchmarks" / "swebench.yaml").read_text())
    for part in ("environment", "model"):
        config[part].pop("environment_class", None)
    config["model"]["model_name"] = "openai/scripted"
    config["model"]["model_kwargs"]["api_base"] = url
    environment = DockerEnvironment(**config["environment"], image=image)
    try:
        agent = DefaultAgent(LitellmModel(**config["model"]), environment, **config["agent"])
        ended = agent.run(task)
    finally:
        environment.cleanup()
    print(json.dumps({"exit_status": ended["exit_status"], "calls": agent.n_calls}))


if __name__ == "__main__":
    main()
