"""The code that runs inside the containers, and how it gets there: as text on their standard input.

Nothing is mounted, copied or baked into an image, so the containers' file systems hold no file of
ours that a program could read, and an image never goes stale.
"""

from __future__ import annotations

import functools
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

INSIDE = Path(__file__).parent / "inside"
PACKAGE = "evalkit_inside"

BOOT = """
import builtins, importlib.abc, importlib.util, json, os, struct, sys

own = dict(vars(builtins))  # what a program does to the built-ins does not reach this code

def read(n):
    data = b""
    while len(data) < n:
        data += os.read(0, n - len(data)) or sys.exit("no code came")
    return data

class Sent(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    def find_spec(self, name, path=None, target=None):
        if name in sent["modules"]:
            return importlib.util.spec_from_loader(name, self, is_package=name in sent["packages"])
    def is_package(self, name):
        return name in sent["packages"]
    def get_source(self, name):
        return sent["modules"][name]
    def exec_module(self, module):
        name = module.__name__
        module.__dict__["__builtins__"] = own
        exec(compile(sent["modules"][name], name, "exec", dont_inherit=True), module.__dict__)

sent = json.loads(read(struct.unpack(">I", read(4))[0]))
sys.meta_path.insert(0, Sent())
for name in sent["alias"]:
    module = importlib.import_module(name)
    sys.modules[name.partition(".")[2]] = module
importlib.import_module(sent["main"]).main(sent["config"])
"""


@functools.cache
def modules() -> dict[str, str]:
    """Text of each module inside, by its name there."""
    found = {}
    for path in sorted(INSIDE.rglob("*.py")):
        parts = [PACKAGE, *path.relative_to(INSIDE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text("utf-8")
    return found


@functools.cache
def digest() -> str:
    """sha256 of all the code that runs inside: part of how a verdict came about."""
    return hashlib.sha256(json.dumps([BOOT, modules()], sort_keys=True).encode()).hexdigest()


def first_message(main: str, config: dict[str, Any]) -> bytes:
    """What a container that runs BOOT is sent first: the code, and what to start with which settings."""
    code = modules()
    sent = {
        "modules": code,
        "packages": [name for name in code if any(other.startswith(name + ".") for other in code)],
        "alias": [name for name in code if ".evalkit_judge" in name] if main == "judge_main" else [],
        "main": f"{PACKAGE}.{main}",
        "config": config,
    }
    data = json.dumps(sent).encode()
    return struct.pack(">I", len(data)) + data
