"""What is compiled from a patch's sources: built in a workspace of its own, from which only products come.

A builder runs the task's own build files, but it may import what the patch brings. So nothing else of that
workspace is believed, and of products only those that take the place of the image's: extension modules that
were there, under their names.
"""

from __future__ import annotations

import re
from dataclasses import replace

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
{LISTED} -name '*.so' -cnewer {KEPT}/mark -print0 | sort -z | comm -z -12 {KEPT}/before - > {KEPT}/changed
exec tar -c -f - -C {KEPT} deleted -C {ROOT} --no-recursion --null -T {KEPT}/changed >&3
"""


def compiles(chosen: Changes) -> bool:
    return any(SOURCES.search(path) for path in chosen.paths)


async def with_products(
    sandbox: WorkspaceSandbox,
    chosen: Changes,
    parts: Parts,
    *,
    image: str,
    timeout_s: float,
    network: bool,
) -> Changes:
    """The files with what is compiled from them. Where the build fails, the image's products stay."""
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
        products = unpacked(done.output).files if done.status == 0 and not done.dropped else {}
    except Unreadable:
        products = {}
    plain = {path: file for path, file in products.items() if path.endswith(".so") and file.link is None}
    return replace(chosen, files={**chosen.files, **plain})
