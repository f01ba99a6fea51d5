"""Machines that are apart, made of namespaces on this one. Each has its own network, name, processes, /tmp,
shared memory and cache, and a wire to a switch, which can be pulled. They share Docker's socket, and nothing
else that evalkit writes to.

    with machines(folder, "head", "one") as [head, one]:
        head.run("ray", "start", "--head")

The first process of each (`python -m tests.run.scale.apart FOLDER NAME`) mounts what is its own and reaps its
orphans. All of a machine ends with it, and it ends with its standard input.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path

import psutil

NET = "10.213.0"
UNSHARE = ("unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--kill-child")
TRIED = (
    "ip link add name br0 type bridge && ip link add a0 type veth peer name b0 && mount -t tmpfs none /tmp"
)
NEEDED = ("EVALKIT_DATA", "EVALKIT_REDTEAM")  # variables that name folders


@lru_cache
def why_not() -> str:
    """Why machines cannot be made here; "" where they can."""
    missing = [tool for tool in ("unshare", "nsenter", "ip", "mount") if shutil.which(tool) is None]
    if missing:
        return f"no {', '.join(missing)} here (Debian: util-linux, iproute2)"
    done = subprocess.run([*UNSHARE, "sh", "-c", TRIED], capture_output=True, text=True)
    return f"namespaces cannot be made here: {done.stderr.strip()}" if done.returncode else ""


class Machine:
    """`tmp` is its /tmp, as it is seen from outside."""

    def __init__(self, name: str, number: int, folder: Path, switch: int) -> None:
        self.name, self.address, self.tmp = name, f"{NET}.{number}", folder / "tmp"
        self._wire, self._switch = f"to{number}", switch
        self.tmp.mkdir(parents=True)
        with (folder / "errors").open("wb") as errors:
            self._holder = subprocess.Popen(
                [*UNSHARE, sys.executable, "-m", __name__, str(folder), name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n", (folder / "errors").read_text()
        [first] = psutil.Process(self._holder.pid).children()
        self._first = first.pid
        self._space = _space_of(self._first)
        self._connect()

    def _connect(self) -> None:
        ip(self._switch, f"link add name {self._wire} type veth peer name eth0 netns {self._first}")
        ip(self._switch, f"link set {self._wire} master br0 up")
        for words in (
            f"address add {self.address}/24 dev eth0",
            "link set lo up",
            "link set eth0 up",
            f"route add default via {NET}.254",  # nobody is there; Ray wants to know which address leads out
        ):
            ip(self._first, words)

    def pull(self) -> None:
        """Its wire out of the switch."""
        ip(self._switch, f"link set {self._wire} down")

    def plug(self) -> None:
        """Its wire in again."""
        ip(self._switch, f"link set {self._wire} up")

    def command(self, *words: str) -> list[str]:
        """What runs a command on it, with the variables of this process but for what is its own."""
        own = ("EVALKIT_CACHE=/tmp/cache", "RAY_USAGE_STATS_ENABLED=0", f"HOSTNAME={self.name}")
        enter = ("nsenter", f"--target={self._first}", "--net", "--uts", "--mount", "--pid")
        return [*enter, "env", *own, *words]

    def run(self, *words: str, timeout_s: float = 300) -> str:
        """What a command prints that must end well."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=timeout_s)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def kill(self, words: str, number: int = signal.SIGKILL) -> None:
        """Signal its processes in whose commands these words are."""
        found = [p for p in psutil.process_iter(["cmdline"]) if words in " ".join(p.info["cmdline"] or ())]
        mine = [process for process in found if _space_of(process.pid) == self._space]
        assert mine, f"{self.name} runs no {words}"
        for process in mine:
            process.send_signal(number)

    def end(self) -> None:
        """As if it lost its power."""
        with ExitStack() as stack:
            for pipe in (self._holder.stdin, self._holder.stdout):
                assert pipe is not None
                stack.callback(pipe.close)
            if self._holder.poll() is None:
                os.kill(self._first, signal.SIGKILL)
                self._holder.wait(60)


@contextmanager
def machines(folder: Path, *names: str) -> Iterator[list[Machine]]:
    """The switch between them is a network of its own: no rule of this machine's firewall holds in it."""
    with ExitStack() as stack:
        switch = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo ready; cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        stack.enter_context(switch)
        stack.callback(switch.kill)
        assert switch.stdout is not None
        assert switch.stdout.readline() == b"ready\n"
        ip(switch.pid, "link add name br0 type bridge")
        ip(switch.pid, "link set br0 up")
        made = []
        for number, name in enumerate(names, 1):
            made.append(Machine(name, number, folder / name, switch.pid))
            stack.callback(made[-1].end)
        yield made


def ip(pid: int, words: str) -> None:
    """iproute2 in the network of a process."""
    command = ["nsenter", f"--target={pid}", "--net", "ip", *words.split()]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stderr)


def _space_of(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:  # it is gone
        return ""


# -- the first process of a machine ----------------------------------------------------------------


def be_first(tmp: Path, name: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    mount("--make-rprivate", "/")
    mount("-t", "proc", "proc", "/proc")
    mount("-t", "tmpfs", "-o", "size=1g", "shm", "/dev/shm")
    code = (Path(__file__).parents[3], sys.prefix, sys.base_prefix)
    for path in {Path(path).resolve() for path in (*code, *map(os.environ.get, NEEDED)) if path}:
        if path.is_relative_to("/tmp"):  # else it would be hidden
            there = tmp / path.relative_to("/tmp")
            there.mkdir(parents=True, exist_ok=True)
            mount("--bind", str(path), str(there))
    mount("--rbind", str(tmp), "/tmp")
    subprocess.run(["hostname", name], check=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans are reaped
    print("ready", flush=True)
    sys.stdin.read()


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


if __name__ == "__main__":
    be_first(Path(sys.argv[1]) / "tmp", sys.argv[2])
