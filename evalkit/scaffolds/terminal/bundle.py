"""tmux for images without one: a read-only folder of this machine's (evalkit.tools)."""

from __future__ import annotations

import shutil
import threading

from evalkit.workspace import Bundle, WorkspaceSpec

AT = "/evalkit/terminal"
NAME = "terminal"
_turn = threading.Lock()


def terminal_bundle() -> Bundle:
    """Made at first use, from Debian's packages: some seconds. EvalkitError where they cannot be had."""
    from evalkit.tools import install

    with _turn:
        return Bundle(str(install(NAME).folder), AT)


def terminal_bundles() -> tuple[Bundle, ...]:
    """The same for a spec; none where this machine has no apt: an image's own tmux has to do then."""
    return (terminal_bundle(),) if shutil.which("apt-get") else ()


def tmux_of(spec: WorkspaceSpec) -> str:
    """The program to be used in a workspace: the bundle's, else the image's own."""
    return f"{AT}/tmux" if any(bundle.at == AT for bundle in spec.bundles) else "tmux"
