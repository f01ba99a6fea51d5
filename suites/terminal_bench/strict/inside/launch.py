"""Runs a task's test script for a strict verdict. Root's, by the verifier's own Python, and by nothing else.

It is told on its standard input, as JSON, what evalkit_suites.terminal_bench.strict.run has. It prints one
JSON object: what the reporter said, what the script wrote and left, and what was changed meanwhile.

Its memory and its descriptors are closed to other processes of root's (not dumpable, no CAP_SYS_PTRACE in
there), the tests' process does the same: what they say to each other nobody else can say.
"""

import base64
import contextlib
import ctypes
import io
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tarfile
import threading
import time
from typing import Any

PR_SET_DUMPABLE = 4
THAW_S = 30.0  # after the tests were begun: one that cannot even be read without a service gets it
LISTENS = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}  # states in /proc/net
OWN = "/evalkit/"


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    told = json.load(sys.stdin)
    ours = os.fdopen(os.dup(1), "w")
    os.set_inheritable(ours.fileno(), False)
    os.dup2(2, 1)
    still = quiet(told["live"])
    restore(told["back"], told["away"])
    place(told["tests"], told["places"])
    clear(told["clear"])
    socket_name = "evalkit-" + os.urandom(16).hex()
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind("\0" + socket_name)
    server.listen(1)
    output, report = Tail(told["output_bytes"]), Report(told["report_bytes"], told["traps"], still)
    listener = threading.Thread(target=report.serve, args=(server,), daemon=True)
    listener.start()
    env = {**told["env"], "EVALKIT_SOCKET": socket_name, "EVALKIT_ENV": json.dumps(told["inner"])}
    status = run(told, env, output)
    server.close()
    still.thaw()
    found = {
        "status": status,
        "lines": report.lines(),
        "full": report.full,
        "output": output.text(),
        "rewards": {path: reward(path) for path in told["rewards"]},
        "changed": []
        if told["mounted"]
        else changed(told["tests"], told["places"]) + others_again(told["back"]),
    }
    ours.write(json.dumps(found))
    ours.flush()


# -- what runs beside it ---------------------------------------------------------------------------
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
        return ["X", "0", *["0"] * 20]


def state(pid: int) -> str:
    return facts(pid)[0]


def parent(pid: int) -> int:
    return int(facts(pid)[1])


def started(pid: int) -> int:
    return int(facts(pid)[19])


def services() -> set[int]:
    """What has a socket that others may connect to, but no terminals, and all that comes from it."""
    inodes = set()
    for name, listening in LISTENS.items():
        for words in table(f"/proc/net/{name}"):
            if len(words) > 9 and words[3] == listening:
                inodes.add(words[9])
    for words in table("/proc/net/unix"):
        if len(words) > 7 and int(words[3], 16) & 0x10000 and not words[7].startswith(OWN):
            inodes.add(words[6])
    found = {pid for pid in others() if any(i in inodes for i in sockets(pid)) and not has_terminals(pid)}
    return found | descendants(found)


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


# -- files -----------------------------------------------------------------------------------------
def place(files: dict[str, Any], folder: str) -> None:
    """The tests alone, in a new folder of root's. Nothing to do where it is mounted."""
    if not folder:
        return
    away(folder)
    os.makedirs(folder, 0o755)
    for name, file in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        with open(path, "wb", opener=lambda p, flags: os.open(p, flags | os.O_EXCL | os.O_NOFOLLOW)) as out:
            out.write(base64.b64decode(file["data"]))
        os.chmod(path, 0o755 if file["executable"] else 0o644)


def changed(files: dict[str, Any], folder: str) -> list[str]:
    """Which of the tests are not what they were."""
    found = []
    for name, file in files.items():
        try:
            fd = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(fd, "rb") as now:
                same = now.read() == base64.b64decode(file["data"])
        except OSError:
            same = False
        if not same:
            found.append(name)
    return found


def restore(archive: str, gone: list[str]) -> None:
    """The image's own programs where they were changed, and nothing that stands before them."""
    for path in gone:
        away(path)
    for member, data in members(archive):
        path = "/" + member.name
        if not member.isdir():
            away(path)
        elif os.path.islink(path) or not os.path.isdir(path):
            away(path)
            os.makedirs(path)
        if member.issym():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(member.linkname, path)
        elif data is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "xb") as file:
                file.write(data)
            os.chown(path, member.uid, member.gid)
            os.chmod(path, member.mode)


def others_again(archive: str) -> list[str]:
    """Which of the image's programs are not what they were put back to."""
    found = []
    for member, data in members(archive):
        path = "/" + member.name
        try:
            if member.issym():
                same = os.readlink(path) == member.linkname
            elif data is not None:
                with open(
                    path, "rb", opener=lambda p, f: os.open(p, f | os.O_NOFOLLOW | os.O_NONBLOCK)
                ) as file:
                    same = file.read() == data
            else:
                same = os.path.isdir(path)
        except OSError:
            same = False
        if not same:
            found.append(path)
    return found


def members(archive: str) -> list[tuple[tarfile.TarInfo, bytes | None]]:
    """Hard links are files of their own."""
    if not archive:
        return []
    found = []
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(archive))) as source:
        for member in source:
            content = source.extractfile(member) if member.isreg() or member.islnk() else None
            found.append((member, content.read() if content else None))
    return found


def away(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def clear(folders: list[str]) -> None:
    """New, empty folders of root's that the tests' user may write to, on a way without links."""
    for folder in folders:
        here = ""
        for name in folder.strip("/").split("/"):
            here += "/" + name
            if os.path.islink(here) or (os.path.lexists(here) and not os.path.isdir(here)):
                os.unlink(here)
        away(folder)
        os.makedirs(folder)
        os.chmod(folder, 0o777)


def reward(path: str) -> str | None:
    """What a file holds, where it is one."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                return file.read(1 << 16).decode("utf-8", "replace")
    except OSError:
        pass
    return None


# -- the script ------------------------------------------------------------------------------------
def run(told: dict[str, Any], env: dict[str, str], output: "Tail") -> int | None:
    """By bash, in the folder and as the user; its status, None where it was late."""

    def become() -> None:
        os.setgroups(told["groups"])
        os.setresgid(told["gid"], told["gid"], told["gid"])
        os.setresuid(told["uid"], told["uid"], told["uid"])

    child = subprocess.Popen(
        [*told["shell"], told["script"]],
        cwd=told["folder"],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=become,
        start_new_session=True,
    )
    assert child.stdout is not None
    source = child.stdout.fileno()

    def drain() -> None:
        while data := os.read(source, 1 << 16):
            output.take(data)

    threading.Thread(target=drain, daemon=True).start()  # what the tests leave running may hold it open
    try:
        status = child.wait(told["timeout_s"])
    except subprocess.TimeoutExpired:
        child.kill()
        return None
    time.sleep(0.05)
    return status


class Report:
    """What one connection says, the first; there is no second. It is told the status of the tests: theirs,
    without the traps among them."""

    def __init__(self, limit: int, traps: list[str], still: Still) -> None:
        self.data, self.limit, self.full = bytearray(), limit, False
        self.traps, self.still = set(traps), still

    def serve(self, server: socket.socket) -> None:
        connection, _ = server.accept()
        server.close()
        threading.Timer(THAW_S, self.still.thaw).start()
        with connection, connection.makefile("rwb") as stream:
            for line in stream:
                self.take(line)
                if line.startswith(b'{"e": "collected"'):
                    self.still.thaw()
                if line.startswith(b'{"e": "exit"'):
                    stream.write(b"%d\n" % self.status(json.loads(line)["status"]))
                    stream.flush()

    def take(self, line: bytes) -> None:
        if len(self.data) + len(line) > self.limit:
            self.full = True
        else:
            self.data += line

    def status(self, status: int) -> int:
        if status not in (0, 1):
            return status
        failed = {
            said["id"]
            for said in map(json.loads, self.data.splitlines())
            if said.get("e") == "report" and said["outcome"] == "failed"
        }
        return int(any(name.rpartition("::")[2] not in self.traps for name in failed))

    def lines(self) -> list[str]:
        return bytes(self.data).decode("utf-8", "replace").splitlines()


class Tail:
    """The head and the tail of what a program wrote."""

    def __init__(self, limit: int) -> None:
        self.head, self.tail, self.half = bytearray(), bytearray(), limit // 2

    def take(self, data: bytes) -> None:
        room = max(0, self.half - len(self.head))
        self.head += data[:room]
        self.tail = (self.tail + data[room:])[-self.half :]

    def text(self) -> str:
        return bytes(self.head + self.tail).decode("utf-8", "replace")


main()
os._exit(0)
