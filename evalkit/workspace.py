"""Workspaces: what the rest of evalkit knows about the sandbox in which an agent works on files.

One container per rollout, from the task's image: commands are run in it, files are put into it and taken
out of it, and what was made of them is a `Tree` (evalkit.patch makes a patch of two). Nothing in it is
believed: the engine reads and writes files from outside, every clock is outside, and what comes out is
data. docs/workspaces.md says how it is locked down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evalkit.errors import SandboxError

SLEEPING, WHOLE = 0.1, 0.9  # shares of a core: below and above, company is not why a command was late


@dataclass(frozen=True)
class WorkspaceLimits:
    """Limits of one workspace. Sizes are bytes; `disk_bytes` bounds what its container writes in all. More
    `cpus` than the engine has are as many as it has."""

    memory_bytes: int = 4 << 30
    disk_bytes: int = 4 << 30
    processes: int = 1024
    cpus: float | None = None


@dataclass(frozen=True)
class Bundle:
    """Programs that an image lacks: a folder of this machine's, which a workspace sees at `at` and cannot
    change. Nothing secret may lie in it."""

    folder: str
    at: str


@dataclass(frozen=True)
class Beside:
    """Services that stand beside a workspace and share its network: a compose file and what it builds from.

    `files` are the compose file's folder (path -> bytes), `compose` its name there, `main` the service that
    the workspace itself stands for: all others are started before it. `env`: variables that the file names.
    `images`: service -> reference of its image, of those that the file would have built.
    """

    compose: str
    main: str
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = ()
    images: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class WorkspaceSpec:
    """What a workspace is made of: workspaces of equal specs are alike, and may be made ahead of need.

    `image` is a reference (see --image-map) or the name of a suite's own image; `root` the folder of the
    work, made if it is missing. `user`, `env` and `root`: the image's own where they are empty.
    """

    image: str
    root: str = "/work"
    user: str = ""
    env: tuple[tuple[str, str], ...] = ()
    network: bool = False
    limits: WorkspaceLimits = field(default_factory=WorkspaceLimits)
    bundles: tuple[Bundle, ...] = ()
    beside: Beside | None = None


@dataclass(frozen=True)
class Executed:
    """A command that has ended. `output` holds both its streams as they came, head and tail where it was more
    than asked for, `dropped` bytes of it gone in between.

    `status` is None where it was killed: it went over its time (`timed_out`). `ended`: why the workspace's
    container had to be ended with it ("disk", "unkillable"), which is its programs' doing; "" is none.
    `beside`: others computed at some time of it. `cpu_s`: seconds of CPU that the workspace used meanwhile,
    of one that computes; None where the engine does not say.
    """

    status: int | None
    output: bytes
    dropped: int = 0
    timed_out: bool = False
    ended: str = ""
    wall_s: float = 0.0
    beside: bool = False
    cpu_s: float | None = None

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")

    def starved(self, limit_s: float) -> bool:
        """Whether it went over its time beside others, and may not have done so alone: it wanted the CPU (one
        that sleeps does not), and had less than a whole one."""
        if not (self.timed_out and self.beside) or self.ended:
            return False
        return self.cpu_s is None or SLEEPING * limit_s < self.cpu_s < WHOLE * limit_s


@dataclass(frozen=True)
class File:
    """A regular file (`data`), or a symbolic link (`link`, never followed). `executable` as git knows it.
    `owner`: the number of its user, where it was read."""

    data: bytes = b""
    executable: bool = False
    link: str | None = None
    owner: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Tree:
    """Files below a folder by relative path ("src/a.py"). `left_out`: what is neither file nor link, or has
    a name that no patch can hold, and why."""

    files: Mapping[str, File] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


class WorkspaceDied(SandboxError):
    """The container is gone in mid-work. It may be the engine, the host, or its own programs' doing: the
    rollout is made again in a fresh one, and where it dies again at the same step, that is its own fault.
    """


class NotAFile(Exception):
    """A path that cannot be read or written safely: missing, outside, behind a link, no regular file, too
    large. Its text may be shown to a model."""


class Process(Protocol):
    """A command that runs, and is given its input meanwhile."""

    async def write(self, data: bytes) -> None:
        """Give it input; waits while it reads more slowly. What it does not read before its end is lost."""
        ...

    async def end_input(self) -> None:
        """There is no more input: what was written before is read first."""
        ...

    async def wait(self) -> Executed:
        """How it ended, as `Workspace.run` says it; may be asked again. A caller that is cancelled lets it
        run on."""
        ...

    async def kill(self) -> None:
        """End it now, with all that it started. Its status is None then."""
        ...


class Workspace(Protocol):
    """One container at work. Every method raises WorkspaceDied where it is gone, SandboxError where the
    engine failed. `root`: the folder of the work, whole; where the spec names none, it is the image's own."""

    spec: WorkspaceSpec
    root: str

    async def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float,
        folder: str | None = None,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        output_bytes: int = 1 << 20,
        on_output: Callable[[bytes], None] | None = None,
        computes: bool = False,
        alone: bool = False,
        shell: str = "/bin/sh",
    ) -> Executed:
        """Run a command (no shell) in `folder` (default: the root), as `user` (default: the workspace's; "":
        the image's own). At `timeout_s`, or where the caller is cancelled, it is killed with all that it
        started, inside the container. `on_output` hears of output
        as it comes. One that `computes` (a build, tests) first waits for one of the sandbox's places for
        such (--judges), with `alone` for all of them: its clock runs from then on. `shell` starts it:
        a bundle's where the image's may not be its own any more."""
        ...

    async def start(
        self,
        command: Sequence[str],
        *,
        timeout_s: float | None = None,
        folder: str | None = None,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
        output_bytes: int = 1 << 16,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Process:
        """As `run`, but returns when it has been started. Its input is open until `end_input`. It runs until
        it ends, `kill`, or `close` of the workspace; `quiet` spares it."""
        ...

    async def read(self, path: str, *, limit: int = 16 << 20) -> bytes:
        """A regular file of at most `limit` bytes, below the root or absolute. NotAFile."""
        ...

    async def write(
        self, files: Mapping[str, bytes | File], *, folder: str | None = None, as_root: bool = False
    ) -> None:
        """Put files there, with folders as needed, as the workspace's user, or root; what stands there is
        replaced, links are never followed. NotAFile."""
        ...

    async def remove(self, paths: Sequence[str]) -> None:
        """Remove files or whole folders; what does not exist is gone already. NotAFile."""
        ...

    async def tree(self, folder: str | None = None, *, limit: int = 256 << 20) -> Tree:
        """All that lies below the folder (default: the root), read from outside. `limit`: bytes in all.
        NotAFile where it is more."""
        ...

    async def changes(self, *, limit: int = 256 << 20, without: Sequence[str] = ()) -> bytes:
        """What differs from the image, read from outside: a tar archive of all changed files with owners and
        modes, in which an empty file `.wh.NAME` stands for a NAME that is gone (a layer of the OCI image
        format). `without`: folders that are left out; mounts always are. `limit`: bytes of the archive.
        NotAFile where it is more."""
        ...

    async def apply(self, changes: bytes) -> None:
        """Bring the changes of another workspace of the same image into this one, which is fresh. What they
        hold of `evalkit`'s own places is left out."""
        ...

    async def network(self, on: bool) -> None:
        """Join the network that its spec gives it, or leave it. What stands beside it stays with it. A spec
        without one gives none: SandboxError where it is to be joined."""
        ...

    async def quiet(self) -> None:
        """Kill whatever its commands left running."""
        ...

    async def another(self) -> Workspace:
        """A fresh one of the same spec, of which this one's programs know nothing. Close it, too."""
        ...

    async def close(self) -> None:
        """Be rid of the container; returns at once, removal goes on in the background."""
        ...


class ImageSupply(Protocol):
    """Where the images of workspaces come from that references name: pulled, or supplied by the user."""

    @property
    def order(self) -> tuple[str, ...]:
        """References in the order in which they are best used: neighbours share layers."""
        ...

    @property
    def here(self) -> tuple[str, ...]:
        """References that were there before the run: nothing is pulled for them."""
        ...

    def need(self, samples: Mapping[str, int]) -> None:
        """How many samples will ask for each image: one that none needs any more may be removed."""
        ...

    def over(self, reference: str) -> None:
        """One sample less will."""
        ...

    def lacks(self, reference: str) -> str:
        """Why it cannot be had here, whatever is tried, in words: it does not fit. "" is no reason."""
        ...


class WorkspaceSandbox(Protocol):
    """Where workspaces come from. `supply`: None where all of their images are built here."""

    supply: ImageSupply | None

    async def open(self, spec: WorkspaceSpec) -> Workspace:
        """A fresh workspace. SandboxError where the image is not to be had or the engine fails."""
        ...

    def provides(self, image: str) -> frozenset[str]:
        """What the image is known to hold, and this machine has, of what tasks may need: see evalkit.recipe,
        and "compose", without which nothing stands beside a workspace."""
        ...

    def identity(self, image: str) -> str:
        """What the image's name stands for: a registry's digest, or the engine's id; "" where that is not
        known, or not yet."""
        ...

    def describe(self) -> dict[str, Any]:
        """Images with their digests, engine, limits: for the manifest."""
        ...

    @property
    def in_flight(self) -> int:
        """How many workspaces are worth having at once."""
        ...

    async def close(self) -> None: ...
