"""The strict verdict: every expected test seen to pass, in a run that the patch cannot steer."""

from .choice import left_out, taken
from .run import Strict, run_strict
from .scripts import unsupported

__all__ = ["Strict", "left_out", "run_strict", "taken", "unsupported"]
