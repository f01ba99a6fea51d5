"""SWE-bench: issues of real repositories, solved by a patch, graded by the repositories' own tests."""

from .grading import grade_log

__all__ = ["grade_log"]
