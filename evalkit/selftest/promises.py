"""What the sandbox promises, whatever runs in it: seen from inside both containers and from the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evalkit.program import Job, Limits, ProgramSandbox
from evalkit.selftest.findings import PROMISE, Finding

HERE = Path(__file__).parent
LIMITS = Limits(wall_s=10.0, memory_bytes=1 << 30)
UNIX = 1  # AF_UNIX, the only family of sockets
FILTERED = 2  # a process under a system call filter, as prctl tells it
SUPERVISOR = {"SETUID", "SETGID", "KILL"}
KEY = "EVALKIT_SELFTEST_API_KEY"  # a variable of this process, set while the containers are made


def promise(name: str, ok: bool, detail: str) -> Finding:
    return Finding(PROMISE, name, ok, detail)


async def probe(sandbox: ProgramSandbox, canary: str) -> dict[str, Any]:
    """What a program and a judge find around themselves; SandboxError or ValueError where neither ran."""
    text, judge = ((HERE / name).read_text("utf-8") for name in ("probe_program.py", "probe_judge.py"))
    said = await sandbox.judge(Job(text, judge, {"canary": canary}, LIMITS))
    if said.status != "passed":
        raise ValueError(f"the probe did not run: {said.status}: {said.detail}")
    return dict(said.data)


# -- from inside -----------------------------------------------------------------------------------


def inside(first: dict[str, Any], second: dict[str, Any], landlock: bool) -> Iterator[Finding]:
    """Promises about what two probes, one after the other, told."""
    program, judge = first["program"], first["judge"]
    families = sorted({*program["families"], *judge["families"]} - {UNIX})
    yield promise("no network", not families, f"families of sockets besides local ones: {families or 'none'}")
    held = (program["capabilities"], judge["capabilities"])
    yield promise("no capability", held == (False, 0), f"program {held[0]}, judge {held[1]:x}")
    users = [*program["uid"], *program["gid"]]
    yield promise(
        "users of their own",
        len({*users}) == 1 and 0 not in users and 0 not in judge["uid"] and users[0] not in judge["uid"],
        f"program {users[0]}, judge {judge['uid'][0]}",
    )
    gained = (program["no_new_privileges"], judge["no_new_privileges"]) == (1, 1)
    yield promise("no new privileges", gained, "set for both" if gained else "not set")
    yield promise(
        "system calls by an allow-list",
        program["seccomp"] == judge["seccomp"] == FILTERED and not program["not refused"],
        f"not refused: {', '.join(program['not refused']) or 'none of those tried'}",
    )
    written = [*program["written"], *judge["written"]]
    yield promise("read-only file system", not written, f"written: {', '.join(written) or 'nothing'}")
    seen = program["listed"]
    yield promise(
        "nothing of others to see",
        not seen or not landlock,
        f"listed: {', '.join(seen) or 'no folder of the kernel, of others, or above its own'}",
    )
    limits = program["limits"]
    least = {"AS": LIMITS.memory_bytes, "NPROC": LIMITS.processes, "FSIZE": LIMITS.file_bytes}
    held_to = all(0 <= limits[name] <= least.get(name, 1 << 20) for name in limits)
    yield promise("limits on every program", held_to, ", ".join(f"{k} {v}" for k, v in limits.items()))
    open_ = program["descriptors"]
    yield promise("no descriptor of others", not open_, f"open: {open_ or 'its streams and its pipe only'}")
    names = {*program["environment"], *judge["environment"]}
    secret = [name for name in names if name == KEY or name.endswith(("_KEY", "_TOKEN", "_SECRET"))]
    yield promise("no key of this process's environment", not secret, f"{len(names)} variables, none a key")
    read = program["canary"] or judge["canary"]
    yield promise("no file of this machine", not read, "a file made for this was not found there")
    same = first["program"]["hash"] == second["program"]["hash"]
    yield promise("the same order of sets each time", same, f"hash of a text: {first['program']['hash']}")


# -- from the engine --------------------------------------------------------------------------------


def containers(client: Any, run: str) -> list[dict[str, Any]]:
    """What the engine says about the containers of this self-test."""
    found = client.api.containers(all=True, filters={"label": f"evalkit.run={run}"})
    return [client.api.inspect_container(box["Id"]) for box in found]


def outside(boxes: list[dict[str, Any]]) -> Iterator[Finding]:
    """Promises about how the containers were made."""
    hosts = [box["HostConfig"] for box in boxes]
    yield promise("two containers", len(boxes) >= 2, f"{len(boxes)}")
    networks = {host["NetworkMode"] for host in hosts}
    yield promise("containers without network", networks == {"none"}, ", ".join(networks))
    added = [{name.removeprefix("CAP_") for name in host["CapAdd"] or ()} for host in hosts]
    dropped = all("ALL" in [name.upper() for name in host["CapDrop"] or ()] for host in hosts)
    yield promise(
        "capabilities dropped",
        dropped and all(names <= SUPERVISOR for names in added) and added.count(set()) * 2 >= len(added),
        f"kept by a supervisor: {', '.join(sorted(set().union(*added))) or 'none'}",
    )
    locked = all(
        host["ReadonlyRootfs"]
        and not host["Privileged"]
        and not host["PidMode"]
        and host["IpcMode"] == "none"
        for host in hosts
    )
    yield promise("containers locked", locked, "read-only, not privileged, processes and IPC their own")
    options = [host["SecurityOpt"] or [] for host in hosts]
    filtered = all(
        any(o.startswith("no-new-privileges") for o in each)
        and any(o.startswith("seccomp=") and o != "seccomp=unconfined" for o in each)
        for each in options
    )
    yield promise("containers filtered", filtered, "no new privileges, a system call filter of ours")
    mounted = [m for box in boxes for m in box["Mounts"] if m["Type"] not in ("volume", "tmpfs")]
    yield promise("no folder of this machine mounted", not mounted, f"{len(mounted)} mounts of it")
    bounded = all(
        host["Memory"] > 0 and host["MemorySwap"] == host["Memory"] and (host["PidsLimit"] or 0) > 0
        for host in hosts
    )
    yield promise("containers bounded", bounded, "memory without swap, and processes")


def strangers(client: Any, boxes: list[dict[str, Any]]) -> int:
    """Processes of programs in these containers, where no program is judged: users that are no supervisor."""
    own = {0} | {int(box["Config"]["User"].partition(":")[0] or 0) for box in boxes}
    count = 0
    for box in boxes:
        rows = client.api.top(box["Id"], ps_args="-eo pid,uid")["Processes"] or ()
        count += sum(int(row[1]) not in own for row in rows)
    return count


def survivors(uids: set[int]) -> list[int]:
    """Processes of this machine that run as one of these users."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and process.stat().st_uid in uids:
                found.append(int(process.name))
        except OSError:
            continue
    return found
