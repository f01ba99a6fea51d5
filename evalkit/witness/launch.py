"""Builds and runs tests for a strict verdict. Root's; standard library only, Python 3.6 or newer.

It is told on its standard input, as JSON, what evalkit.witness.Launch has. It prints one JSON object: built,
status, lines of the report, output, full.

All files of the folder are root's and its folders sticky, so that the tests' user can add to them, as some
tests do, but change and remove nothing. Reports arrive through a pipe: what is in it cannot be taken back.
"""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from typing import Any, Callable, Dict, List, Optional

told: Dict[str, Any] = json.load(sys.stdin)
PLACE: str = told["place"]
UID: int = told["uid"]
FIFO = os.path.join(PLACE, "report")
END = os.urandom(16).hex().encode()


def main() -> Dict[str, Any]:
    protect(told["folder"])
    output = Tail(told["output_bytes"])
    built = run(told["build"], output) if told["build"] else 0
    report = Report(told["report_bytes"])
    status = None if built else run_reporting(output, report)
    lines = [] if built else report.lines()
    return {"built": built, "status": status, "lines": lines, "output": output.text(), "full": report.full}


def protect(folder: str) -> None:
    """git's own folder apart: nothing of it is run, and it may be large."""
    for path, folders, names in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
        own(path, 0o1777)
        for name in names:
            file = os.path.join(path, name)
            if not os.path.islink(file):
                own(file, 0o755 if os.stat(file).st_mode & 0o100 else 0o644)
    os.chmod(PLACE, 0o755)


def own(path: str, mode: int) -> None:
    """Root's, with this mode; what is so already is not touched, since that would copy it."""
    now = os.stat(path)
    if now.st_uid != 0:
        os.chown(path, 0, 0)
    if stat.S_IMODE(now.st_mode) != mode:
        os.chmod(path, mode)


def run_reporting(output: "Tail", report: "Report") -> int:
    """Run the tests; their exit status."""
    if told["report"] == "stdout":
        return run(told["run"], output, as_tester=True, also=report.take)
    os.mkfifo(FIFO)
    os.chmod(FIFO, 0o622)
    pipe = os.open(FIFO, os.O_RDWR)  # stays open from test program to test program
    reader = threading.Thread(target=report.read, args=(pipe,), daemon=True)
    reader.start()
    status = run(told["run"], output, as_tester=True)
    os.write(pipe, b"\n" + END + b"\n")  # all that was in it before has been read when this comes
    reader.join()
    return status


def run(
    script: str,
    output: "Tail",
    *,
    as_tester: bool = False,
    also: Optional[Callable[[bytes], None]] = None,
) -> int:
    child = subprocess.Popen(
        [*told["shell"], script],
        cwd=told["folder"],
        env=told["env"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=become_tester if as_tester else None,
        start_new_session=True,
    )
    assert child.stdout is not None
    source = child.stdout.fileno()

    def drain() -> None:
        while True:
            data = os.read(source, 1 << 16)
            if not data:
                return
            output.take(data)
            if also:
                also(data)

    # what the tests leave running may hold the pipe open: the end is the program's, not the pipe's
    drainer = threading.Thread(target=drain, daemon=True)
    drainer.start()
    status = child.wait()
    if as_tester:
        end_all()
    drainer.join()
    return status


def become_tester() -> None:
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # where memory runs out, the tests go, not their launcher
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)


def end_all() -> None:
    """Kill whatever the tests' user runs, all of it at once, until there is nothing left."""
    while any(runs(name) for name in filter(str.isdigit, os.listdir("/proc"))):
        child = os.fork()
        if child == 0:
            try:
                become_tester()
                os.kill(-1, signal.SIGKILL)
            finally:
                os._exit(0)
        os.waitpid(child, 0)


def runs(pid: str) -> bool:
    """Whether it is a process of the tests' user, and not dead already."""
    try:
        with open(f"/proc/{pid}/status") as file:
            facts = dict(line.split(":", 1) for line in file.read().splitlines() if ":" in line)
    except OSError:
        return False
    return str(UID) in facts["Uid"].split() and facts["State"].split()[0] not in "ZX"


class Report:
    """What arrives, up to a limit; the rest is read and dropped."""

    def __init__(self, limit: int) -> None:
        self.data, self.limit, self.full = bytearray(), limit, False

    def take(self, data: bytes) -> None:
        room = max(0, self.limit - len(self.data))
        self.full = self.full or len(data) > room
        self.data += data[:room]

    def read(self, pipe: int) -> None:
        last = b""
        while END not in last:
            data = os.read(pipe, 1 << 16)
            last = last[-len(END) :] + data
            self.take(data)

    def lines(self) -> List[str]:
        return bytes(self.data).replace(END, b"").decode("utf-8", "replace").split("\n")


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


print(json.dumps(main()), flush=True)
