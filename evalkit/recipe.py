"""How images are built where no registry has them: `evalkit sandbox build SUITE`.

A `Recipe` is the image of all of a suite's tasks, a `Build` that of one task from a repository, a `Context`
that of one task from a Dockerfile of its own. docs/images.md
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

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
# What came later than the first names of images: those that do without keep theirs.
LATER = ("system", "python", "root", "below", "python_into", "wheels", "wheels_into", "apt", "args", "others")


def _facts(value: Any) -> Any:
    """What goes into an image's name."""
    return asdict(
        value,
        dict_factory=lambda items: {
            k: v for k, v in items if v not in ("", (), None, False) or k not in LATER
        },
    )


@dataclass(frozen=True)
class Part:
    """One ingredient of an image, and what tasks may need that it gives (`Task.needs`).

    Where it cannot be had, the image is made without it: tasks that need what it gives are `not_run`, with
    the reason. `debs` are Debian packages; `pip` are requirements, pinned and with all that they depend on,
    whose wheels are unpacked into the folder `pip_into`; `npm` packages (pinned) go into `npm_into` with what
    they depend on. `files` are written as they are (path -> text; executable where it begins with "#!"),
    `links` made (path -> target). Then the shell commands `make` are run, as root; at last `check`, a command
    that must succeed as the image's user. Nothing of these has a network.

    Only of what is laid over a Context's images: `python` ("3.13") goes into the folder `python_into`, `apt`
    are packages for the image's own apt, `wheels` requirements whose wheels, with all that they depend on,
    are kept in `wheels_into` and as an index in `wheels_into`/simple, for the Python of `python_into` or else
    the image's own. These three, and `make` after them, have a network while the image is made.
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
    python: str = ""
    python_into: str = ""
    apt: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    wheels_into: str = ""


@dataclass(frozen=True)
class Recipe:
    """An image of Debian, PyPI and npm parts over `tools`. `env`: the image's environment.

    Its user is `work`, number 1000, at home in /home/work; what lies there is that user's.
    `unused`: packages that something depends on, but that the image can do without.

    `system`: one as a Dockerfile may begin from, instead of a registry's. Its packages (`tools` and the
    parts' `debs`) are installed with their scripts, apt works in it and knows this host's mirrors, and its
    user is root, in the folder `root`. It is laid over `below`, another such system, or begins with Debian's
    essential packages. `python` ("3.13") is in /usr/local, as in the images of that name.
    """

    name: str
    parts: tuple[Part, ...]
    env: tuple[tuple[str, str], ...] = ()
    tools: tuple[str, ...] = TOOLS
    unused: tuple[str, ...] = UNUSED
    system: bool = False
    python: str = ""
    root: str = ""
    below: Recipe | None = None

    @property
    def tag(self) -> str:
        """Its name in the engine: changes with the recipe."""
        text = json.dumps([LAYOUT, _facts(self)], sort_keys=True)
        return f"evalkit/{self.name}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Build:
    """The image of one task: a git repository at a commit, installed into a Python of frozen packages.

    `image` is the reference that tasks name it by. Over the recipe `base` it holds:

    - in `prefix` a Python `python` ("3.9") with `pins` (`name==version`) and nothing else: pip, setuptools
      and wheel go in first, the others as they are, without what they say that they depend on;
    - in `root` the repository, with the history that `commit` has and nothing later: one branch, the tags on
      the way, no remote. It comes from `git`, an address, or the mirror that the user names for `repository`;
    - `files` (path -> text), written before;
    - what the bash lines `install` make, run as root in `root`, ending at the first that fails. These alone
      have a network, and only while the image is built: setup.py is the repository's code;
    - in `wheels` what building the project asks for ([build-system] of its pyproject.toml at `commit`, after
      `install`), so that it can be built again without a network: PIP_NO_INDEX=1 PIP_FIND_LINKS=`wheels`.

    `again`, bash lines, are tried in the finished image without a network; what became of it is said, and
    stands in the image's labels. The image's user is root, its folder `root`.
    """

    image: str
    repository: str
    git: str
    commit: str
    base: Recipe
    root: str = "/testbed"
    python: str = ""
    prefix: str = "/opt/python"
    pins: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    install: tuple[str, ...] = ()
    wheels: str = "/opt/evalkit/wheels"
    again: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Changes with anything that goes in."""
        text = json.dumps([LAYOUT, _facts(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Context:
    """The image of one task from its Dockerfile, by the engine's own builder.

    `image` is the reference that tasks name it by; `files` are what the Dockerfile may copy (path -> bytes),
    `executable` those of them that are programs, `dockerfile` its path there. `bases`: for names in its FROM
    lines, recipes that stand for them where the user's --image-map, the engine and a registry have nothing by
    that name. `below` are parts laid over the last stage's base before the Dockerfile is built, in a layer
    that tasks share (verifier tools); `extra` those laid over the result, with `env`. `args` are of its
    ARGs, `timeout_s` is the build's. The build has a network, as `docker build` does. `others`: images that
    are needed with it, of services beside its workspace, by references of their own.
    """

    image: str
    files: tuple[tuple[str, bytes], ...] = field(repr=False, default=())
    executable: tuple[str, ...] = ()
    dockerfile: str = "Dockerfile"
    bases: tuple[tuple[str, Recipe], ...] = ()
    below: tuple[Part, ...] = ()
    extra: tuple[Part, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    timeout_s: float = 600.0
    args: tuple[tuple[str, str], ...] = ()
    others: tuple[Context, ...] = field(repr=False, default=())

    @property
    def key(self) -> str:
        """Changes with anything that goes in but its name, and others'."""
        files = [(path, hashlib.sha256(data).hexdigest()) for path, data in self.files]
        known = {**_facts(replace(self, files=(), others=())), "files": files, "image": ""}
        text = json.dumps([LAYOUT, known], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
