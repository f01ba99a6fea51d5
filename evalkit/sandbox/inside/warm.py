"""Work done once in the supervisor, so that no program's process has to do it again."""

from __future__ import annotations

import contextlib
import gc
import importlib

# what answers to short problems import most
MODULES = (
    *(
        "abc",
        "array",
        "bisect",
        "builtins",
        "calendar",
        "cmath",
        "collections",
        "collections.abc",
        "contextlib",
    ),
    *("copy", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq"),
    *(
        "inspect",
        "io",
        "itertools",
        "json",
        "keyword",
        "locale",
        "math",
        "numbers",
        "operator",
        "os",
        "queue",
    ),
    *(
        "random",
        "re",
        "shutil",
        "statistics",
        "string",
        "struct",
        "subprocess",
        "sys",
        "tempfile",
        "textwrap",
    ),
    *("threading", "time", "traceback", "types", "typing", "unicodedata", "uuid"),
)

EXERCISE = '''
from typing import List, Dict, Tuple, Optional, Any
import math, re
class Exercise:
    """Touch the compiler, the allocator and common paths once."""
    def __init__(self, items): self.items = sorted(items, key=lambda x: -x)
    def run(self) -> List[int]:
        table = {str(i): i ** 2 for i in self.items if i % 2}
        return [v for k, v in sorted(table.items()) if re.match(r"[0-9]+", k)]
def f(n: int) -> int:
    try:
        return n if n < 2 else f(n - 1) + f(n - 2)
    except (ValueError, TypeError):
        return 0
result = (Exercise(range(20)).run(), f(8), math.sqrt(2), "a b".split(), f"{1.5:.2f}", {1, 2} & {2})
'''


def warm() -> None:
    """Import, exercise, and leave the heap as it will be shared by every child."""
    for name in MODULES:
        importlib.import_module(name)
    for _ in range(3):
        exec(compile(EXERCISE, "<warm>", "exec"), {})
    gc.collect()
    gc.disable()
    gc.freeze()


def add(module: str) -> None:
    """Import one more module for every child to come, where it exists."""
    with contextlib.suppress(ImportError):
        importlib.import_module(module)
        gc.collect()
        gc.freeze()
