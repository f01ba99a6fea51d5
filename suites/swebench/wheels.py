"""What the installation at grading needs, for images that do not bring it: fetched once an image, before
anything of a model's is near, so that grading needs no network.

An installation of a source tree is built in an environment of its own, for which pip fetches what the base
commit's pyproject.toml names. Wheels of these are made in a workspace with a network, of the image alone, and
put into those that grade. A patch that asks for other packages does not get them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from evalkit.errors import SandboxError
from evalkit.workspace import File, NotAFile, Workspace, WorkspaceSandbox, WorkspaceSpec

from .instances import Instance

WHEELS = "/opt/evalkit/wheels"
# an installation of the tree in an environment of its own
ISOLATED = re.compile(r"^(?!.*--no-build-isolation)(python\d? -m )?pip\d? install\b.*[ /]\.", re.MULTILINE)
MADE = "/tmp/evalkit-wheels"
FETCH_S = 600.0
FETCH = f"""
exec >/dev/null 2>&1
source /opt/miniconda3/bin/activate
conda activate testbed
cd /testbed
mkdir -p {MADE}
python - > /tmp/evalkit-requires <<'END' || exit 4
try:
    import tomllib
except ImportError:
    from pip._vendor import tomli as tomllib
try:
    with open("pyproject.toml", "rb") as file:
        table = tomllib.load(file).get("build-system", {{}})
except OSError:
    table = {{}}
print("\\n".join(table.get("requires", ["setuptools>=40.8.0"])))
END
cd /
python -m pip wheel -q --retries 1 --timeout 20 -w {MADE} -r /tmp/evalkit-requires setuptools wheel
"""
Wheels = Mapping[str, bytes | File]
_known: WeakKeyDictionary[WorkspaceSandbox, dict[str, asyncio.Task[Wheels]]] = WeakKeyDictionary()


async def supply(instance: Instance, workspace: Workspace, sandbox: WorkspaceSandbox) -> None:
    """Put them into a workspace in which nothing has run yet, if builds need any and the image has none. It
    stays without them where they cannot be had: then the installation fails, and what the image has installed
    is tested."""
    if not ISOLATED.search(instance.eval_script):
        return
    if (await workspace.run(["test", "-d", WHEELS], timeout_s=60)).status == 0:
        return
    await workspace.write(await wheels(sandbox, workspace.spec.image), folder=WHEELS)


async def wheels(sandbox: WorkspaceSandbox, image: str) -> Wheels:
    """By file name."""
    tasks = _known.setdefault(sandbox, {})
    if image not in tasks or tasks[image].cancelled():
        tasks[image] = asyncio.ensure_future(_fetched(sandbox, image))
    return await asyncio.shield(tasks[image])


async def _fetched(sandbox: WorkspaceSandbox, image: str) -> Wheels:
    try:
        workspace = await sandbox.open(WorkspaceSpec(image, root="/testbed", user="root", network=True))
    except SandboxError:
        return {}  # an engine without networks
    try:
        done = await workspace.run(["/bin/bash", "-c", FETCH], timeout_s=FETCH_S)
        return dict((await workspace.tree(MADE)).files) if done.status == 0 else {}
    except NotAFile:
        return {}
    finally:
        await workspace.close()
