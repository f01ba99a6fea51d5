"""The strict verdict: a task's own tests, seen to pass in a run that the agent cannot steer."""

from .job import Job, job_of
from .run import Strict, prove_files, prove_live
from .tools import tools
from .verdict import bundles, changes_of, proven_live, with_strict

__all__ = [
    "Job",
    "Strict",
    "bundles",
    "changes_of",
    "job_of",
    "prove_files",
    "prove_live",
    "proven_live",
    "tools",
    "with_strict",
]
