"""What Aider's linter would say of files: errors that keep them from being compiled, by path.

It runs in the workspace, with the image's parsers: the sources are hostile. Python: whether it compiles,
and flake8's fatal classes. Other languages: syntax errors, as tree-sitter finds them. An image without
these parsers finds nothing. Source: aider/linter.py of Aider-AI/aider, read 2025-11.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from evalkit.workspace import Workspace

PROGRAM = Path(__file__).with_name("inside") / "lint.py"
PATIENCE_S = 60.0
OUTPUT_BYTES = 1 << 20


async def lint(workspace: Workspace, folder: str, paths: Sequence[str]) -> dict[str, str]:
    """Path -> its errors, as text; files without any are not in it."""
    if not paths:
        return {}
    executed = await workspace.run(
        ["python3", "-I", "-c", PROGRAM.read_text(), *paths],
        timeout_s=PATIENCE_S,
        folder=folder,
        output_bytes=OUTPUT_BYTES,
    )
    found: dict[str, str] = {}
    for line in executed.text.splitlines():
        try:
            path, text = json.loads(line)
        except (ValueError, TypeError):
            continue
        if path in paths and isinstance(text, str):
            found[path] = text
    return found
