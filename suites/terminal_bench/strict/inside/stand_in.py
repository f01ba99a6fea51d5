"""What the programs do here that test scripts call before pytest, and for it: each by its name.

Installers say that they have done it: what they would install is there. `pytest`, however it is called, is
run by tests.py in the environment that the task's own programs have.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
OWN = "/evalkit/v/packages"
TESTS = "/evalkit/inside/tests.py"
ENVIRONMENT = "/evalkit/inside/env/bin"
PYTEST = ("pytest", "py.test")
VALUED = {  # options of uv and uvx that have a value of their own
    *(
        "-p",
        "--python",
        "-w",
        "--with",
        "--from",
        "--index",
        "--index-url",
        "--default-index",
        "--index-strategy",
    ),
    *("--extra-index-url", "--find-links", "-f", "--cache-dir", "--directory", "--project", "--env-file"),
    *("--with-requirements", "--with-editable", "--config-file", "--color", "--isolated-from"),
}


def main(name: str, arguments: list[str]) -> int:
    if name in PYTEST:
        return run_pytest(arguments)
    if name in ("python", "python3", "python3.13"):
        if arguments[:2] == ["-m", "pytest"]:
            return run_pytest(arguments[2:])
        if arguments[:2] in (["-m", "pip"], ["-m", "venv"]):
            return 0
        return run_their_own(name, arguments)
    if name == "uvx" or (
        (name == "uv" and arguments[:1] in (["run"], ["x"])) or arguments[:2] == ["tool", "run"]
    ):
        rest = arguments if name == "uvx" else arguments[2 if arguments[0] == "tool" else 1 :]
        os.environ["EVALKIT_OWN"] = "yes"
        words = command(rest)
        return main(words[0], words[1:]) if words and words[0] in (*PYTEST, "python", "python3") else 2
    if name == "curl":
        return 0 if any("astral.sh/uv" in word for word in arguments) else 22
    return 0  # apt-get, apt, pip, pip3, and the rest of uv


def command(words: list[str]) -> list[str]:
    """What follows the options."""
    words = list(words)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "--":
            break
        if option in VALUED and words:
            words.pop(0)
    return words


def run_their_own(name: str, arguments: list[str]) -> int:
    return subprocess.run([name, *arguments], env=inner()).returncode


def inner() -> dict[str, str]:
    """What the task's own programs have; of uv the Python of its environment first, as uv does it."""
    found: dict[str, str] = json.loads(os.environ["EVALKIT_ENV"])
    if "EVALKIT_OWN" in os.environ:
        found["PATH"] = f"{ENVIRONMENT}:{found['PATH']}"
    return found


def run_pytest(arguments: list[str]) -> int:
    """The status is what the launcher makes of what it heard."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect("\0" + os.environ["EVALKIT_SOCKET"])
        fd = connection.fileno()
        packages = "\n".join(filter(None, [OWN, os.environ.get("EVALKIT_PACKAGES", "")]))
        command = [sys.executable, "-I", "-S", "-B", TESTS, str(fd), packages, *arguments]
        status = subprocess.run(command, env=inner(), pass_fds=[fd]).returncode
        connection.sendall(json.dumps({"e": "exit", "status": status}).encode() + b"\n")
        with connection.makefile("rb") as answers:
            return int(answers.readline() or b"1")
