"""The Python of a task's image: of the version that the task was made for, in a folder of its own.

Debian 12's own where that is the one (3.11, as a virtual environment), else a copy of this host's pyenv's,
moved into the image's folder. Then the pins, and nothing else.
"""

from __future__ import annotations

import json
import os
import shlex
import tarfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.errors import SandboxError
from evalkit.sandbox.build_box import container, keep, must, put, tried
from evalkit.sandbox.image_cache import Progress
from evalkit.sandbox.package_index import package_index

DEBIAN = "3.11"  # of the release in debs.RELEASE
FIRST = ("pip", "setuptools", "wheel")
DROPPED = ("site-packages", "test", "idlelib", "lib2to3/tests", "turtledemo")
LACKED = "evalkit.lacked"  # label: pins that could not be had, as JSON


def origin(python: str) -> str:
    """Where a version comes from here: "" for Debian's, else a folder of pyenv's. SandboxError: nowhere."""
    return "" if python == DEBIAN else pyenv(python)


def pyenv(python: str) -> str:
    """The newest release of a version that this host's pyenv has. SandboxError: none."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [path for path in (root / "versions").glob(f"{python}.*") if (path / "bin/python3").exists()]
    if not found:
        raise SandboxError(
            f"no Python {python} for the image: Debian has {DEBIAN}, and this host's pyenv has none",
            f"pyenv install {python}",
        )
    return str(max(found, key=_release))


def _release(path: Path) -> tuple[int, ...]:
    return tuple(int(word) if word.isdigit() else -1 for word in path.name.split("."))


def make_python(client: Any, below: str, tag: str, folder: str, prefix: str, say: Progress) -> str:
    """The id of image `tag`: `below` with Python and pip in `prefix`, from `folder` (see `origin`)."""
    started = time.monotonic()
    with container(client, below, {}, "0") as box:
        if folder:
            put(box, lambda out: pack_python(Path(folder), prefix, out))
            must(box, moved(folder, prefix))
        else:
            must(box, f"python3 -m venv --copies {shlex.quote(prefix)}")
        image = keep(box, tag, {"evalkit.recipe": tag}, "USER root", "ENV HOME=/root", "WORKDIR /")
    say(f"Python of {folder or 'Debian'} put in within {time.monotonic() - started:.1f} s")
    return image


def pack_python(folder: Path, prefix: str, out: tarfile.TarFile) -> None:
    """Add this host's Python to an archive of the root, without its tests and what is installed in it."""

    def kept(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        inner = info.name.removeprefix(prefix.strip("/") + "/")  # lib/python3.9/test
        library = inner.partition("/")[2].partition("/")[2]
        if library in DROPPED or inner.endswith(("/__pycache__", ".a")) or inner.startswith("bin/pip"):
            return None
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        return info

    out.add(folder, prefix.strip("/"), filter=kept)


def moved(folder: str, prefix: str) -> str:
    """What names the old place is told the new one; then the library is compiled, and pip put in."""
    old, new = shlex.quote(folder), shlex.quote(prefix)
    return f"""set -e
grep -rIlF {old} {new} | while read -r file; do sed -i "s#"{old}"#"{new}"#g" "$file"; done
echo {new}/lib >>/etc/ld.so.conf.d/python.conf
ldconfig
mkdir -p "$(echo {new}/lib/python3.*)/site-packages"
[ -e {new}/bin/python ] || ln -s python3 {new}/bin/python
{new}/bin/python -m ensurepip -v >/tmp/ensurepip 2>&1 || {{ tail -n 1 /tmp/ensurepip; exit 1; }}
{new}/bin/python -m compileall -q -j 0 {new}/lib >/dev/null || true
rm -rf /tmp/*
"""


def make_environment(
    client: Any, below: str, tag: str, prefix: str, pins: Sequence[str], say: Progress
) -> str:
    """The id of image `tag`: `below` with the pins; those that are not to be had stand in a label."""
    started = time.monotonic()
    with container(client, below, {}, "0", network=True) as box:
        with package_index(box) as index:
            lacked = _install(box, prefix, pins, index)
        must(box, "rm -rf /tmp/* /root/.cache")
        image = keep(box, tag, {"evalkit.recipe": tag, LACKED: json.dumps(lacked)})
    say(f"{len(pins) - len(lacked)} packages installed in {time.monotonic() - started:.1f} s")
    return image


def _install(box: Any, prefix: str, pins: Sequence[str], index: Mapping[str, str]) -> list[str]:
    """All at once; where that fails, one by one, so that the rest is there. The ones that failed."""
    pip = f"{shlex.quote(prefix)}/bin/python -m pip install -q --no-deps"
    env = {**index, "PATH": f"{prefix}/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"}
    first = [pin for pin in pins if _name(pin) in FIRST]
    rest = [pin for pin in pins if pin not in first]
    if first:
        must(box, f"{pip} {shlex.join(first)}", env)
    if not rest or tried(box, f"{pip} {shlex.join(rest)}", env)[0] == 0:
        return []
    lacked = [pin for pin in rest if tried(box, f"{pip} {shlex.quote(pin)}", env)[0]]
    if len(lacked) == len(rest):
        must(box, f"{pip} {shlex.quote(rest[0])}", env)  # nothing at all: no index answers, it says why
    return lacked


def _name(pin: str) -> str:
    return pin.partition("==")[0].strip().lower()
