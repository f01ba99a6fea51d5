"""What is compiled or generated from a patch's sources: in a workspace of its own, from which only products
come.

A builder runs the task's own build files, but it may import what the patch brings. So its products are data
of the patch's, and only taken where the patch itself could bring them. They are what takes the place of files
that git does not keep and that the image has: extension modules, tables.
"""

from __future__ import annotations

import re

from evalkit.workspace import WorkspaceSandbox, WorkspaceSpec

from ..changes import BEFORE, KEPT, LIMIT, LISTED, Changes, Unreadable, unpacked
from ..official import LIMITS, ROOT, offline
from .scripts import Parts

SOURCES = re.compile(r"\.(c|cc|cpp|cxx|h|hh|hpp|pyx|pxd|pxi|f|f90|tp)$")
BUILD = f"""
exec 3>&1 >/dev/null 2>&1
{BEFORE}
{{environment}}
{{install}}
export LC_ALL=C
cd {ROOT}
: > {KEPT}/deleted
{LISTED} -cnewer {KEPT}/mark -print0 | sort -z | comm -z -12 {KEPT}/before - > {KEPT}/newer
git ls-files -z --others --exclude-standard --ignored | sed -z 's|^|./|' | sort -z \\
    | comm -z -12 {KEPT}/newer - > {KEPT}/changed
exec tar -c -f - -C {KEPT} deleted -C {ROOT} --no-recursion --null -T {KEPT}/changed >&3
"""


def compiles(chosen: Changes, parts: Parts) -> bool:
    return parts.builds or any(SOURCES.search(path) for path in chosen.paths)


async def products(
    sandbox: WorkspaceSandbox,
    chosen: Changes,
    parts: Parts,
    *,
    image: str,
    timeout_s: float,
    network: bool,
) -> Changes:
    """What came of it; nothing where the build failed: then the image's stay."""
    spec = WorkspaceSpec(image, root=ROOT, user="root", network=network, limits=LIMITS)
    workspace = await sandbox.open(spec)
    try:
        await workspace.remove(sorted(chosen.deleted))
        await workspace.write(chosen.files)
        script = BUILD.format(environment="\n".join(parts.environment), install="\n".join(parts.install))
        done = await workspace.run(
            ["/bin/bash", "-c", script],
            timeout_s=timeout_s,
            env=offline(network),
            output_bytes=LIMIT,
            computes=True,
        )
    finally:
        await workspace.close()
    try:
        return unpacked(done.output) if done.status == 0 and not done.dropped else Changes()
    except Unreadable:
        return Changes()
