"""Programs of a bundle that use its own loader and libraries, wherever they run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from evalkit.errors import EvalkitError
from evalkit.tools.own_loader import bound, started_by

LOADER = (
    b"\x7fELF..\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0../etc/ld.so.cache\0"
)
LOADER += b"/etc/ld.so.preload\0"


def test_a_loader_looks_nowhere_else() -> None:
    found = bound(LOADER, "/evalkit/v")
    assert len(found) == len(LOADER)
    assert found.split(b"\0")[1:3] == [b"/evalkit/v/lib////////", b"/evalkit/v/lib////////////"]
    for name in (b"/etc/", b"/lib/x86_64", b"/usr/lib"):
        assert name not in found
    assert b"/evalkit/v/cache\0" in found
    assert b"/evalkit/v/preload\0" in found


def test_a_program_names_its_own_loader() -> None:
    found = started_by(b"\x7fELF..\0/lib64/ld-linux-x86-64.so.2\0rest", "/evalkit/v")
    assert found == b"\x7fELF..\0/evalkit/v/ld.so" + b"\0" * 12 + b"rest"


@pytest.mark.parametrize("act", [bound, started_by])
def test_what_is_none_is_refused(act: object) -> None:
    assert callable(act)
    with pytest.raises(EvalkitError):
        act(b"#!/bin/sh\n", "/evalkit/v")
    with pytest.raises(EvalkitError, match="too long"):
        act(LOADER + b"/lib64/ld-linux-x86-64.so.2\0", "/evalkit/verifier")


def test_this_hosts_own_loader_can_be_bound(tmp_path: Path) -> None:
    """Where this host is a Debian: its loader still runs a program, and finds no library of the host's."""
    loader = next(iter(sorted(Path("/lib/x86_64-linux-gnu").glob("ld-linux-x86-64.so.*"))), None)
    program = shutil.which("true")
    if loader is None or program is None or b"/lib/x86_64-linux-gnu/\0" not in loader.read_bytes():
        pytest.skip("no loader of Debian's for x86-64 on this host")
    ours = tmp_path / "ld.so"
    ours.write_bytes(bound(loader.read_bytes(), "/evalkit/v"))
    ours.chmod(0o755)
    alone = subprocess.run([ours, program], capture_output=True, text=True, check=False)
    assert "libc.so.6" in alone.stderr
    helped = subprocess.run(
        [ours, "--library-path", str(loader.parent), program], capture_output=True, check=False
    )
    assert helped.returncode == 0
