"""Runs a task's test script for a strict verdict. Root's, by the verifier's own Python, and by nothing else.

It is told on its standard input, as JSON, what evalkit_suites.terminal_bench.strict.run has. It prints one
JSON object: what the reporter said, what the script wrote and left, and what was changed meanwhile.

Its memory and its descriptors are closed to other processes of root's (not dumpable, no CAP_SYS_PTRACE in
there), the tests' process does the same: what they say to each other nobody else can say.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from .files import changed, clear, others_again, place, restore, reward
from .processes import Still, quiet

PR_SET_DUMPABLE = 4
THAW_S = 30.0  # after the tests were begun: one that cannot even be read without a service gets it


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
    os._exit(0)


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
