"""Compose files: read, filled in, and refused where they ask for the host. docs/workspaces.md

Nothing here starts anything; evalkit.sandbox.beside does.
"""

from evalkit.compose.plan import Build, Mount, Plan, Refused, Service
from evalkit.compose.reading import read

NO_COMPOSE = "this machine has no compose: install docker-compose, or the compose plugin of Docker's client"

__all__ = ["NO_COMPOSE", "Build", "Mount", "Plan", "Refused", "Service", "read"]
