"""The two containers of a pair and the folder between them: how they are locked down.

A ("answers"): root with SETUID, SETGID and KILL for the supervisor, which gives all of it up in each
program's process. B ("judge"): no capability at all, its own user. Both: no network, no new
privileges, few system calls, a read-only root, no host mount, no IPC, limits on memory and processes, no log.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from evalkit.program import Limits
from evalkit.sandbox.bundle import BOOT
from evalkit.sandbox.engine import labels
from evalkit.sandbox.seccomp import profile

SOCKET = "/run/evalkit/answers"
SLOT_BYTES = 64 << 20
SLOT_INODES = 4096
FIRST_USER, USERS_EACH, RANGES = 10_240, 256, 200
USERS = "evalkit.users"  # label of a pair's folder: the first of its users
PROCESSES = Limits.processes + 8
JUDGE_MEMORY = 4 << 30
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    # one order of sets for every sample and every run: verdicts that repeat
    "PYTHONHASHSEED": "0",
    # else every thread reserves 64 MB of its program's address space
    "MALLOC_ARENA_MAX": "2",
    # else each fork looks the C functions up that it is the first to call
    "LD_BIND_NOW": "1",
    # whatever an honest program prints can be printed
    "PYTHONIOENCODING": "utf-8:surrogatepass",
    # else numpy calls os.putenv when it is imported, which official scorers disable
    "OPENBLAS_MAIN_FREE": "1",
    "GOTOBLAS_MAIN_FREE": "1",
}


@dataclass(frozen=True)
class Made:
    """What a pair is made of, in the engine's names."""

    answers: str
    judge: str
    volume: str
    judge_uid: int
    first_uid: int
    sweeper_uid: int
    slots: tuple[str, ...]


def make(client: Any, image: str, slots: int, run: str) -> Made:
    """Create (not start) both containers and their folder; engine errors pass through."""
    judge_uid = free_users(client)
    first_uid = judge_uid + 1
    folders = tuple(f"/slots/{n}" for n in range(slots))
    folder = client.api.create_volume(
        name=None,
        driver="local",
        driver_opts={
            "type": "tmpfs",
            "device": "tmpfs",
            "o": f"size=64k,nr_inodes=16,mode=2750,uid=0,gid={judge_uid}",
        },
        labels=labels("pair", run) | {USERS: str(judge_uid)},
    )["Name"]
    tmpfs = {
        path: f"size={SLOT_BYTES},nr_inodes={SLOT_INODES},mode=0700,uid={user},gid={user},noexec"
        for user, path in enumerate(folders, first_uid)
    }
    answers = _create(
        client,
        image,
        run,
        folder,
        user="0:0",
        cap_add=["SETUID", "SETGID", "KILL"],
        tmpfs=tmpfs,
        memory=_answers_memory(client),
        processes=slots * PROCESSES + 16,
    )
    judge = _create(
        client,
        image,
        run,
        folder + ":ro",
        user=f"{judge_uid}:{judge_uid}",
        cap_add=[],
        tmpfs={"/tmp": "size=16m,nr_inodes=1024,noexec"},
        memory=JUDGE_MEMORY,
        processes=slots * 8 + 64,
    )
    return Made(answers, judge, folder, judge_uid, first_uid, judge_uid + USERS_EACH - 1, folders)


def free_users(client: Any) -> int:
    """The first of so many users that no other pair of this engine has: process limits count per user over
    the whole host. Numbers stay below those that a rootless engine has not got."""
    volumes = client.api.volumes(filters={"label": USERS})["Volumes"] or []
    taken = {volume["Labels"][USERS] for volume in volumes}
    ranges = [str(FIRST_USER + USERS_EACH * n) for n in range(RANGES)]
    return int(random.choice([users for users in ranges if users not in taken] or ranges))


def _create(
    client: Any,
    image: str,
    run: str,
    folder: str,
    *,
    user: str,
    cap_add: list[str],
    tmpfs: dict[str, str],
    memory: int,
    processes: int,
) -> str:
    volume, _, mode = folder.partition(":")
    host = client.api.create_host_config(
        auto_remove=True,
        network_mode="none",
        ipc_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        cap_add=cap_add,
        security_opt=["no-new-privileges", f"seccomp={profile()}"],
        mem_limit=memory,
        memswap_limit=memory,
        pids_limit=processes,
        tmpfs=tmpfs,
        binds=[f"{volume}:/run/evalkit:{'ro,' if mode else ''}nocopy"],
        log_config={"type": "none"},
    )
    made = client.api.create_container(
        image,
        ["python3", "-s", "-P", "-B", "-c", BOOT],
        user=user,
        environment=ENVIRONMENT,
        hostname="sandbox",
        working_dir="/",
        stdin_open=True,
        host_config=host,
        labels=labels("pair", run),
    )
    return str(made["Id"])


def _answers_memory(client: Any) -> int:
    """Two thirds of the engine's memory: programs are limited one by one, this is the last line."""
    return max(1 << 30, int(client.info().get("MemTotal", 4 << 30)) * 2 // 3)
