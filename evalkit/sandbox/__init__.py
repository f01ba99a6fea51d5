"""Where code that a model wrote is executed: never in this process, never on this host.

    sandbox = await open_program_sandbox(judges=4, run_label="...")
    judgement = await sandbox.judge(Job(program, judge, task))

docs/judge.md and docs/workspaces.md say how it works. Names are loaded when first used: docker is a slow
import.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "open_workspace_sandbox": "evalkit.sandbox.workspace_sandbox",
    "open_program_sandbox": "evalkit.sandbox.program_sandbox",
    "build_image": "evalkit.sandbox.image",
    "build_image_of": "evalkit.sandbox.builds",
    "build_context": "evalkit.sandbox.contexts",
    "build_recipe": "evalkit.sandbox.recipes",
    "cache_folder": "evalkit.cache",
    "checks": "evalkit.sandbox.doctor",
    "list_leftovers": "evalkit.sandbox.leftovers",
    "remove_leftovers": "evalkit.sandbox.leftovers",
    "reap": "evalkit.sandbox.leftovers",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'evalkit.sandbox' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
