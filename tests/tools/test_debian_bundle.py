"""A bundle of Debian's packages: what is taken of an archive, and how its programs are started."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from evalkit.errors import EvalkitError
from evalkit.tools.debian import extract, starter

LIBRARIES = "usr/lib/x86_64-linux-gnu"


def archive(*entries: tuple[str, str]) -> tarfile.TarFile:
    """Names with contents, or "-> target" for links."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in entries:
            member = tarfile.TarInfo(name)
            if text.startswith("-> "):
                member.type, member.linkname = tarfile.SYMTYPE, text[3:]
            member.size = 0 if member.issym() else len(text)
            tar.addfile(member, None if member.issym() else io.BytesIO(text.encode()))
    out.seek(0)
    return tarfile.open(fileobj=out)


def test_only_what_is_named_is_taken_and_links_that_stay_beside_it(tmp_path: Path) -> None:
    tar = archive(
        (f"./{LIBRARIES}/libx.so.6.4", "library"),
        (f"./{LIBRARIES}/libx.so.6", "-> libx.so.6.4"),
        (f"./{LIBRARIES}/liby.so.1", "-> /lib/x86_64-linux-gnu/libx.so.6.4"),
        (f"./{LIBRARIES}/libz.so.1", "-> /etc/passwd"),
        (f"./{LIBRARIES}/libz.so.2", "-> ../../../../etc/passwd"),
        (f"./{LIBRARIES}/other", "no"),
        ("./../usr/lib/libx.so", "outside"),
        ("/usr/lib/libx.so", "outside"),
    )
    extract(tar, tmp_path / "bundle", ("usr/lib/*/lib*.so.*", "usr/lib/libx.so", "../*"))
    found = {path.name: path for path in (tmp_path / "bundle").rglob("*") if not path.is_dir()}
    assert sorted(found) == ["libx.so.6", "libx.so.6.4", "liby.so.1"]
    assert {path.read_text() for path in found.values()} == {"library"}
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_program_is_started_by_the_bundle_s_own_loader(tmp_path: Path) -> None:
    folder = tmp_path / "a bundle"
    (folder / LIBRARIES).mkdir(parents=True)
    (folder / "usr/bin").mkdir()
    (folder / "usr/bin/tool").write_text("a program")
    tool = {"name": "tool", "path": "usr/bin/tool", "folders": {"LOCPATH": "usr/lib/locale"}}
    with pytest.raises(EvalkitError, match="or no loader for it"):
        starter(folder, tool)
    loader = folder / LIBRARIES / "ld-linux-x86-64.so.2"
    loader.write_text('#!/bin/sh\necho "$LOCPATH"\nfor word in "$@"; do echo "$word"; done\n')
    loader.chmod(0o755)
    starter(folder, tool)
    (folder / "tool").chmod(0o755)
    done = subprocess.run([folder / "tool", "a b", "c"], capture_output=True, text=True, check=True)
    at = str(folder)
    words = ["--library-path", f"{at}/{LIBRARIES}", f"{at}/usr/bin/tool", "a b", "c"]
    assert done.stdout.splitlines() == [f"{at}/usr/lib/locale", *words]
