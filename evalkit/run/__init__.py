"""Runs: what is to do, in what order, with which limits; and what came of it.

`evalkit.run` is this package and, called, the function of that name in evalkit.api: whichever of the
two was imported first, `evalkit.run("mini", "oracle")` works.
"""

from __future__ import annotations

import sys
import types
from typing import Any


class _CallablePackage(types.ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from evalkit.api import run

        return run(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
