"""Packages of others in environments of their own: which there are, and how they come and go.

docs/agents.md says what they are for.
"""

from evalkit.tools.environment import Installed, bundle_of, install, installed, python_of, remove
from evalkit.tools.known import ToolPackage, tool_names, tool_package
from evalkit.tools.wheels import wheels

__all__ = [
    "Installed",
    "ToolPackage",
    "bundle_of",
    "install",
    "installed",
    "python_of",
    "remove",
    "tool_names",
    "tool_package",
    "wheels",
]
