"""The strict run of one instance: what the patch may bring, prepared by root, tested by another user."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from evalkit.task import TestResult
from evalkit.witness import LAUNCH, Launch, Launched, NoLaunch, Traps, launched
from evalkit.witness.python_traps import set_traps
from evalkit.workspace import File, NotAFile, Workspace, WorkspaceDied, WorkspaceSandbox, WorkspaceSpec

from ..changes import Changes
from ..instances import Instance
from ..official import LIMITS, ROOT
from .choice import taken
from .compiled import compiles, products
from .results import judged
from .scripts import Parts, parts_of, runner

WITNESS = Path(__file__).parents[1] / "inside" / "evalkit_witness.py"
TESTER = 54321  # a user that no image has
NAME = "evalkit-tester"
HOME = f"/home/{NAME}"
PREPARE_S = 600.0
# Nothing of the patch is there yet. At last it says where the interpreter and its packages are, which it has
# taken from whoever else might write there.
PREPARE = f"""
exec 3>&1 >/tmp/evalkit-prepare 2>&1
{{environment}}
{{prepare}}
echo '{NAME}:x:{TESTER}:{TESTER}::{HOME}:/bin/bash' >> /etc/passwd
echo '{NAME}:x:{TESTER}:' >> /etc/group
mkdir -p {HOME} && chown {TESTER}:{TESTER} {HOME}
chmod 755 / /opt /root 2>/dev/null
python=$(command -v python || command -v python3) || exit 9
"$python" -c 'import os, sysconfig; print(os.path.realpath(sysconfig.get_paths()["purelib"]))' >&3 || exit 9
echo "$python" >&3
ls -A {ROOT} >&3
for folder in "$("$python" -c 'import sys; print(sys.prefix)')/" /opt/miniconda3/ /usr/local/; do
    [ ! -d "$folder" ] || find "$folder" ! -type l -perm -0002 -exec chmod o-w {{{{}}}} +
done
exit 0
"""


@dataclass(frozen=True)
class Strict:
    """What a strict run gave. `faults` say why it does not pass; `reason` is theirs. `left`: paths that the
    patch changes and that were not taken."""

    tests: tuple[TestResult, ...] = ()
    faults: tuple[str, ...] = ()
    reason: str = "wrong"
    left: tuple[str, ...] = ()
    output: str = ""
    wall_s: float = 0.0


@dataclass(frozen=True)
class Place:
    """The prepared workspace: where packages lie, the interpreter, top-level names of the repository."""

    packages: str
    python: str
    names: tuple[str, ...] = field(default_factory=tuple)


async def run_strict(
    instance: Instance,
    changes: Changes,
    tests: tuple[str, ...],
    sandbox: WorkspaceSandbox,
    *,
    image: str,
    test_timeout_s: float,
    network: bool,
) -> Strict:
    """`tests`: paths of the row's test patch. NoLaunch where nothing came of it by our own fault,
    SandboxError where the engine failed."""
    parts = parts_of(instance.eval_script)
    assert parts is not None  # see scripts.unsupported
    alone, died = False, False
    made: Changes | None = None
    while True:
        workspace = await sandbox.open(
            WorkspaceSpec(image, root=ROOT, user="root", network=network, limits=LIMITS)
        )
        try:
            place = await prepared(workspace, parts)
            chosen, left = taken(changes, tests, start=place.names)
            if compiles(chosen, parts):
                made = made or await products(
                    sandbox, chosen, parts, image=image, timeout_s=test_timeout_s, network=network
                )
                more, _ = taken(made, tests, start=place.names)
                chosen = replace(chosen, files={**chosen.files, **more.files})
            traps = await placed(workspace, instance, tests, chosen)
            launch = await laid_out(workspace, place, instance, parts)
            run = await launched(workspace, launch, timeout_s=test_timeout_s, alone=alone)
        except NotAFile as e:
            return Strict(faults=(f"its files cannot be put in place: {e}",), reason="patch_apply", left=left)
        except WorkspaceDied:
            if died:
                return Strict(faults=("the tests ended their workspace, twice",), reason="crashed")
            died = True
            continue
        finally:
            await workspace.close()
        if alone or not run.executed.starved(test_timeout_s):
            return outcome(instance, run, traps, chosen, left)
        alone = True


async def prepared(workspace: Workspace, parts: Parts) -> Place:
    script = PREPARE.format(environment="\n".join(parts.environment), prepare="\n".join(parts.prepare))
    done = await workspace.run(["/bin/bash", "-c", script], timeout_s=PREPARE_S)
    said = done.text.splitlines()
    if done.status != 0 or len(said) < 3:
        raise NoLaunch(f"the tests cannot be prepared (status {done.status}): {done.text[-300:]}")
    return Place(said[0], said[1], tuple(said[2:]))


async def placed(workspace: Workspace, instance: Instance, tests: tuple[str, ...], chosen: Changes) -> Traps:
    """The patch's files beside the task's tests, with traps in them."""
    found: dict[str, File] = {}
    for path in tests:
        if path.endswith(".py"):
            try:
                found[path] = File(await workspace.read(path))
            except NotAFile:
                continue  # the test patch removes it
    trapped, traps = set_traps(runner(instance) or "", found)
    await workspace.remove(sorted(chosen.deleted))
    await workspace.write({**chosen.files, **trapped})
    return traps


async def laid_out(workspace: Workspace, place: Place, instance: Instance, parts: Parts) -> Launch:
    """The launcher and the witness, and how they are told to run the tests."""
    folder = f"/evalkit-{secrets.token_hex(8)}"
    environment = await workspace.run(["/usr/bin/env", "-0"], timeout_s=60)
    variables = dict(
        entry.split("=", 1) for entry in environment.text.split("\0") if "=" in entry and "\n" not in entry
    )
    launch = Launch(
        folder,
        ROOT,
        "\n".join([*parts.environment, parts.command]) + "\n",
        {
            **variables,
            "HOME": HOME,
            "USER": NAME,
            "LOGNAME": NAME,
            "PYTEST_PLUGINS": "evalkit_witness",
            "EVALKIT_RUNNER": runner(instance) or "",
        },
        TESTER,
        shell=("/bin/bash", "-c"),
        python=(place.python, "-I", "-S"),
    )
    witness = WITNESS.read_text(encoding="utf-8").replace("@PIPE@", launch.pipe)
    await workspace.write({"launch.py": LAUNCH.read_bytes()}, folder=folder)
    await workspace.write(
        {"evalkit_witness.py": witness.encode(), "evalkit_witness.pth": b"import evalkit_witness\n"},
        folder=place.packages,
    )
    return launch


def outcome(
    instance: Instance, run: Launched, traps: Traps, chosen: Changes, left: tuple[str, ...]
) -> Strict:
    executed = run.executed
    if executed.timed_out:
        return Strict((), ("not done in time",), "test_timeout", left, run.output, executed.wall_s)
    if executed.ended:
        reason = "output" if executed.ended == "disk" else "crashed"
        return Strict((), (f"the workspace was ended: {executed.ended}",), reason, left, run.output)
    changed = {str(PurePosixPath(ROOT, path)) for path in chosen.files}
    tests, faults = judged(instance, run, traps, changed)
    return Strict(tests, faults, "wrong", left, run.output, executed.wall_s)
