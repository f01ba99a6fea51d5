"""evalkit: run a model over a coding benchmark, judge it without being fooled, compare honestly.

    import evalkit
    run = evalkit.run("mini", model="oracle")      # -> evalkit.Run
    frame = evalkit.load(run.folder).samples()     # -> pandas.DataFrame, one row a sample

Names are loaded when first used, so that `import evalkit` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC: dict[str, str] = {
    "run": "evalkit.api",
    "load": "evalkit.api",
    "Run": "evalkit.api",
    "Answer": "evalkit.task",
    "Task": "evalkit.task",
    "TestResult": "evalkit.task",
    "Verdict": "evalkit.task",
    "Outcome": "evalkit.outcome",
    "Suite": "evalkit.suite",
    "CommonOptions": "evalkit.suite",
    "option": "evalkit.suite",
    "Scorer": "evalkit.suite",
    "Protocol": "evalkit.protocol",
    "Prompt": "evalkit.protocol",
    "Extractor": "evalkit.protocol",
    "Message": "evalkit.model",
    "Model": "evalkit.model",
    "Reply": "evalkit.model",
    "Request": "evalkit.model",
    "Tool": "evalkit.model",
    "ToolCall": "evalkit.model",
    "World": "evalkit.interaction",
    "Partner": "evalkit.interaction",
    "Asking": "evalkit.interaction",
    "Encounter": "evalkit.interaction",
    "Observation": "evalkit.interaction",
    "Said": "evalkit.interaction",
    "Budget": "evalkit.interaction",
    "Sampled": "evalkit.suite",
    "Workspace": "evalkit.workspace",
    "WorkspaceSpec": "evalkit.workspace",
    "WorkspaceSandbox": "evalkit.workspace",
    "WorkspaceDied": "evalkit.workspace",
    "NotAFile": "evalkit.workspace",
    "Recipe": "evalkit.recipe",
    "Sampling": "evalkit.model",
    "Job": "evalkit.program",
    "Judgement": "evalkit.program",
    "Limits": "evalkit.program",
    "EvalkitError": "evalkit.errors",
}
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'evalkit' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
