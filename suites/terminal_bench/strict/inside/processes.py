"""What runs in a container beside the launcher: found by /proc alone, killed or stopped."""

import contextlib
import os
import re
import signal
import time

LISTENS = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}  # states in /proc/net
OWN = "/evalkit/"


class Still:
    """Processes that are stopped until the tests have been read."""

    def __init__(self, pids: list[int]) -> None:
        self.pids = pids

    def thaw(self) -> None:
        for pid in self.pids:
            send(pid, signal.SIGCONT)
        self.pids = []


def quiet(live: bool) -> Still:
    """Kill what others have left running, all of it but services: what listens, with what it has started.
    Those are stopped meanwhile, and terminals for good: who is asked for output keeps its place to write."""
    kept = services() if live else set()
    frozen: set[int] = set()
    for _ in range(100):
        found = others()
        new = [pid for pid in found if pid not in frozen]
        if not new:
            break
        for pid in new:
            if pid in kept or (live and has_terminals(pid)):
                send(pid, signal.SIGSTOP)
                frozen.add(pid)
            else:
                send(pid, signal.SIGKILL)
        time.sleep(0.02)
        if live:
            kept |= descendants(kept)
    return Still([pid for pid in frozen if pid in kept and not has_terminals(pid)])


def others() -> list[int]:
    """All processes but this one, what it comes from, and those of the workspace's own."""
    ours = {1, os.getpid()}
    pid = os.getppid()
    while pid > 0:
        ours.add(pid)
        pid = parent(pid)
    first = [(started(pid), pid) for pid in processes() if parent(pid) == 1 and shares_input(pid)]
    ours |= {pid for _, pid in sorted(first)[:1]}  # the workspace's keeper
    return [pid for pid in processes() if pid not in ours and state(pid) not in "ZX"]


def shares_input(pid: int) -> bool:
    """With the container's first process."""
    try:
        return os.readlink(f"/proc/{pid}/fd/0") == os.readlink("/proc/1/fd/0")
    except OSError:
        return False


def processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def facts(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return ["X", *["0"] * 21]


def state(pid: int) -> str:
    return facts(pid)[0]


def parent(pid: int) -> int:
    return int(facts(pid)[1])


def session(pid: int) -> int:
    """0 of one with a terminal."""
    _, _, _, number, terminal, *_ = facts(pid)
    return 0 if int(terminal) else int(number)


def started(pid: int) -> int:
    return int(facts(pid)[19])


def services() -> set[int]:
    """What has a socket that others may connect to, but no terminals; what is in a session with it without a
    terminal, as daemons have; and all that comes from these."""
    inodes = set()
    for name, listening in LISTENS.items():
        for words in table(f"/proc/net/{name}"):
            if len(words) > 9 and words[3] == listening:
                inodes.add(words[9])
    for words in table("/proc/net/unix"):
        if len(words) > 7 and int(words[3], 16) & 0x10000 and not words[7].startswith(OWN):
            inodes.add(words[6])
    there = [pid for pid in others() if not has_terminals(pid)]
    found = {pid for pid in there if any(i in inodes for i in sockets(pid))}
    sessions = {session(pid) for pid in found} - {0}
    return descendants(found | {pid for pid in there if session(pid) in sessions})


def table(path: str) -> list[list[str]]:
    try:
        with open(path) as file:
            return [line.split() for line in file][1:]
    except OSError:
        return []


def links(pid: int) -> list[str]:
    found = []
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
            except OSError:
                continue
    except OSError:
        pass
    return found


def sockets(pid: int) -> list[str]:
    return [match[1] for link in links(pid) if (match := re.fullmatch(r"socket:\[(\d+)\]", link))]


def has_terminals(pid: int) -> bool:
    """Whether others' terminals end with it."""
    return any(link in ("/dev/ptmx", "/dev/pts/ptmx") for link in links(pid))


def descendants(of: set[int]) -> set[int]:
    found = set(of)
    for _ in range(64):
        more = {pid for pid in processes() if parent(pid) in found} - found
        if not more:
            break
        found |= more
    return found


def send(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)
