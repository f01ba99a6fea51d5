"""How a suite's image is built where no registry has it: `evalkit sandbox build SUITE`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

# What any workspace is given: a shell, the usual small tools, git without its Perl. Debian packages.
TOOLS = (
    "base-files",
    "base-passwd",
    "bash",
    "coreutils",
    "dash",
    "diffutils",
    "findutils",
    "git",
    "grep",
    "gzip",
    "hostname",
    "libc-bin",
    "mawk",
    "procps",
    "sed",
    "tar",
    "tzdata",
)
# Of their dependencies, what serves installation or rare commands of git.
UNUSED = (
    "debconf",
    "dpkg",
    "git-man",
    "liberror-perl",
    "libperl5.36",
    "perl",
    "perl-modules-5.36",
    "usrmerge",
)
LAYOUT = 1  # raise it when evalkit.sandbox makes another image of the same recipe


@dataclass(frozen=True)
class Part:
    """One ingredient of an image, and what tasks may need that it gives (`Task.needs`).

    Where it cannot be had, the image is made without it: tasks that need what it gives are `not_run`, with
    the reason. `debs` are Debian packages; `pip` are requirements, pinned and with all that they depend on,
    whose wheels are unpacked into the folder `pip_into`; `npm` packages (pinned) go into `npm_into` with what
    they depend on. `files` are written as they are (path -> text; executable where it begins with "#!"),
    `links` made (path -> target). Then the shell commands `make` are run, as root; at last `check`, a command
    that must succeed as the image's user. Nothing of these has a network.
    """

    name: str
    gives: tuple[str, ...]
    debs: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    pip_into: str = ""
    npm: tuple[str, ...] = ()
    npm_into: str = ""
    files: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    make: tuple[str, ...] = ()
    check: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """An image of Debian, PyPI and npm parts over `tools`. `env`: the image's environment.

    Its user is `work`, number 1000, at home in /home/work; what lies there is that user's.
    `unused`: packages that something depends on, but that the image can do without.
    """

    name: str
    parts: tuple[Part, ...]
    env: tuple[tuple[str, str], ...] = ()
    tools: tuple[str, ...] = TOOLS
    unused: tuple[str, ...] = UNUSED

    @property
    def tag(self) -> str:
        """Its name in the engine: changes with the recipe."""
        text = json.dumps([LAYOUT, asdict(self)], sort_keys=True)
        return f"evalkit/{self.name}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
