"""Ask the official parsers what they make of the replies in replies.jsonl, and write that beside each.

python -m tests.parity.terminus.record HARBOR TERMINAL_BENCH

Folders of the packages in the unpacked wheels harbor 0.25.0 and terminal-bench 0.2.18. Needs pydantic.
Both packages' parsers of Terminus 2 gave the same, but for warnings (harbor's are taken), 2026-11.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

REPLIES = Path(__file__).with_name("replies.jsonl")
TERMINUS_2 = "agents/terminus_2/terminus_{kind}_plain_parser.py"
NAMES = {"json": "TerminusJSONPlainParser", "xml": "TerminusXMLPlainParser"}


def main(harbor: Path, terminal_bench: Path) -> None:
    parsers = {
        kind: [loaded(folder / TERMINUS_2.format(kind=kind), name) for folder in (harbor, terminal_bench)]
        for kind, name in NAMES.items()
    }
    schema = schema_of(terminal_bench / "agents" / "terminus_1.py")
    rows = [json.loads(line) for line in REPLIES.read_text().splitlines()]
    for row in rows:
        made = by_schema(schema, row["reply"])
        if row["kind"] != "schema":
            made, older = (
                by_parser(getattr(m, NAMES[row["kind"]])(), row["reply"]) for m in parsers[row["kind"]]
            )
            assert made | {"warned": 0} == older | {"warned": 0}, row["reply"]
        row.update(made)
    REPLIES.write_text("".join(json.dumps(row) + "\n" for row in rows))


def by_parser(parser: Any, reply: str) -> dict[str, Any]:
    read = parser.parse_response(reply)
    commands = [[c.keystrokes, min(c.duration, 60)] for c in read.commands]
    return {"commands": commands, "complete": bool(read.is_task_complete), "error": bool(read.error)} | {
        "warned": bool(read.warning)
    }


def by_schema(batch: Any, reply: str) -> dict[str, Any]:
    try:
        read = batch.model_validate_json(reply)
    except ValueError:
        return {"commands": [], "complete": False, "error": True}
    commands = [[c.keystrokes, c.is_blocking, c.timeout_sec] for c in read.commands]
    return {"commands": commands, "complete": read.is_task_complete, "error": False}


def loaded(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_{path.parts[-4]}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def schema_of(path: Path) -> Any:
    """The classes of the schema alone: the module imports half of its package."""
    text = path.read_text()
    names: dict[str, Any] = {}
    head = "from pydantic import BaseModel, ConfigDict, Field\n"
    body = text[text.index("class Command(") : text.index("class Terminus(")]
    exec(compile(head + body, str(path), "exec", dont_inherit=True), names)
    return names["CommandBatchResponse"]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
