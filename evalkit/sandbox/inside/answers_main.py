"""Process 1 of container A: makes the slots, warms up, then is the supervisor."""

from __future__ import annotations

import json
import os
import random
import socket
import sys
from typing import Any

from . import landlock, nursery, rehearsal, semaphores, warm
from .slots import make_slots
from .supervisor import Supervisor


def main(config: dict[str, Any]) -> None:
    """`config`: socket, judge_uid, first_uid, sweeper_uid, slots (their folders), landlock_at_most."""
    while os.open("/dev/null", os.O_RDONLY) < nursery.CONTROL:
        pass  # numbers to which nurseries give a meaning
    known = min(landlock.version(), config["landlock_at_most"])
    slots = make_slots(config, known)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    os.umask(0o117)
    listener.bind(config["socket"])
    os.umask(0o077)
    listener.listen(128)
    warm.warm()
    semaphores.install()
    rehearsal.rehearse()
    random.seed(0)  # nothing seeds it again in a fork: verdicts that repeat
    print(json.dumps({"ready": True, "python": sys.version.split()[0], "landlock": known}), flush=True)
    Supervisor(listener, config["judge_uid"], slots[::-1]).run()
