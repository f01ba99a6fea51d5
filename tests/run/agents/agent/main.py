"""Asks, and does what it is told: `$ COMMAND` is run by the shell, `! WORD` is what hostile agents do."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

URL, KEY = sys.argv[1] + "/chat/completions", os.environ["SMALL_KEY"]


def ask(messages: list[dict[str, str]]) -> str:
    body = json.dumps({"model": "any", "messages": messages}).encode()
    headers = {"Authorization": "Bearer " + KEY, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(URL, body, headers)) as answer:
        return str(json.load(answer)["choices"][0]["message"]["content"])


def relays() -> Iterator[int]:
    """The relay's process: the one that has its script in its command."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        if (
            b"-c" in words
            and any(b"struct.unpack" in word for word in words)
            and words[0].endswith(b"python3")
        ):
            yield int(pid)


def misbehave(word: str) -> None:
    if word == "crash":
        os.abort()
    if word == "hang":
        subprocess.run(["sleep", "1000"])
    if word == "flood":
        while True:
            print("x" * 65536)
    if word == "kill":
        for pid in relays():
            os.kill(pid, 9)
        subprocess.run(["sleep", "1000"])
    if word == "forge":
        for pid in relays():
            with open(f"/proc/{pid}/fd/1", "wb", buffering=0) as file:
                file.write(b"\x07" * 4096)
        subprocess.run(["sleep", "1000"])
    if word == "knock":
        while True:
            request = urllib.request.Request(URL, b"{", {"Authorization": "Bearer " + KEY})
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(request)


def main() -> None:
    with open(os.environ["SMALL_HOME"] + "/settings") as file:
        assert file.read() == "evalkit"
    prompt = sys.stdin.read()
    assert prompt.startswith("You are in /work.")
    if "task silent." in prompt:
        print("nothing is to be done")
        sys.exit(3)
    messages = [{"role": "user", "content": prompt}]
    while True:
        said = ask(messages)
        if said.startswith("! "):
            misbehave(said[2:].strip())
        if not said.startswith("$ "):
            print("done:", said)
            return
        done = subprocess.run(["sh", "-c", said[2:]], stdout=-1, stderr=subprocess.STDOUT)
        seen = f"pid {os.getpid()}\n" + done.stdout.decode()
        messages += [{"role": "assistant", "content": said}, {"role": "user", "content": seen}]


main()
