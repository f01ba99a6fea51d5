"""The strict verdict: every expected test seen to pass, in a run that the patch cannot steer."""

from .choice import left_out
from .run import Strict, run_strict
from .scripts import supports

__all__ = ["Strict", "left_out", "run_strict", "supports"]
