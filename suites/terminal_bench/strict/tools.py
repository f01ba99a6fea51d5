"""The verifier's own programs: read-only folders of this machine's, at places of their own in a container.

/evalkit/v         Python, pytest, shells (evalkit.tools: verifier)
/evalkit/inside    what we run there; bin/: the names that test scripts call, each a starter of stand_in.py;
                   home/: where scripts look for uv; env/: the environment that uv would have made
/evalkit/packages  what a task's tests need beside pytest
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from evalkit.cache import cache_folder
from evalkit.errors import EvalkitError
from evalkit.workspace import Bundle

AT = "/evalkit/v"  # as evalkit/tools/pins/verifier.toml has it
INSIDE, PACKAGES = "/evalkit/inside", "/evalkit/packages"
SHELL = f"{AT}/bin/bash"
PYTHON = (f"{AT}/bin/python3.13", "-I", "-S", "-B")
OURS = Path(__file__).with_name("inside")
STANDS_IN = ("apt", "apt-get", "curl", "pip", "pip3", "py.test", "pytest", "python", "python3", "uv", "uvx")
STARTER = """\
#!{at}/bin/python3.13 -ISB
import sys
sys.path.insert(0, "{inside}")
from stand_in import main
sys.exit(main("{name}", sys.argv[1:]))
"""
_turn = threading.Lock()
_known: dict[tuple[str, ...], tuple[Bundle, ...] | EvalkitError] = {}


def tools(packages: Sequence[str] = ()) -> tuple[Bundle, ...]:
    """Blocking: made at first use, from Debian's packages and the index's. EvalkitError where they cannot be
    had. `packages`: requirements of a task's tests, beside pytest."""
    key = tuple(sorted(packages))
    with _turn:
        if key not in _known:
            try:
                _known[key] = _made(key)
            except EvalkitError as e:
                _known[key] = e  # what could not be had is not asked for again, sample for sample
        found = _known[key]
    if isinstance(found, EvalkitError):
        raise found
    return found


def _made(packages: tuple[str, ...]) -> tuple[Bundle, ...]:
    from evalkit.tools import install, wheels

    found = [Bundle(str(install("verifier").folder), AT), Bundle(str(inside()), INSIDE)]
    if packages:
        found.append(Bundle(str(wheels(packages)), PACKAGES))
    return tuple(found)


def inside() -> Path:
    """The folder of what we run there, made once for each version of it."""
    texts = {path.name: path.read_bytes() for path in sorted(OURS.glob("*.py"))}
    texts |= {f"bin/{name}": STARTER.format(at=AT, inside=INSIDE, name=name).encode() for name in STANDS_IN}
    texts |= {"env/pyvenv.cfg": f"home = {AT}/bin\ninclude-system-site-packages = false\n".encode()}
    texts |= {"env/lib/python3.13/site-packages/all.pth": f"{AT}/packages\n{PACKAGES}\n".encode()}
    texts |= {"home/.local/bin/env": b"", "home/.local/bin/env.fish": b""}
    links = {f"env/bin/{name}": f"{AT}/bin/python3.13" for name in ("python", "python3", "python3.13")}
    digest = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:16]
    home = cache_folder().absolute() / "terminal-bench"
    home.mkdir(parents=True, exist_ok=True)
    folder = home / f"inside-{digest}"
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = home / f".making-{digest}"
            shutil.rmtree(making, ignore_errors=True)
            for name, data in texts.items():
                path = making / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                path.chmod(0o755 if name.startswith("bin/") else 0o644)
            for name, target in links.items():
                path = making / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(target)
            making.rename(folder)
    return folder
