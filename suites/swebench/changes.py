"""What a patch made of the repository, as files: read where it was applied, before anything of it runs."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from evalkit.patch import patchable
from evalkit.workspace import File, Workspace

KEPT = "/tmp/evalkit-changes"
LISTED = r"find . -path ./.git -prune -o \( -type f -o -type l \)"
# Times of inodes tell what is new: no content has to be read. The mark is a second old, since the clock of
# files is a coarse one.
BEFORE = f"""
mkdir -p {KEPT} && touch -d '1 second ago' {KEPT}/mark
export LC_ALL=C
{LISTED} -print0 | sort -z > {KEPT}/before
unset LC_ALL
"""
AFTER = f"""
export LC_ALL=C
{LISTED} -print0 | sort -z | comm -z -23 {KEPT}/before - > {KEPT}/deleted
{LISTED} -cnewer {KEPT}/mark -print0 > {KEPT}/changed
exec tar -c -f - -C {KEPT} deleted -C "$PWD" --no-recursion --null -T {KEPT}/changed 2>/dev/null
"""
LIMIT = 64 << 20


class Unreadable(Exception):
    """The changes cannot be told: too large, or no archive at all."""


@dataclass(frozen=True)
class Changes:
    """Files that are new or other than before, and paths that are gone."""

    files: Mapping[str, File] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()

    @property
    def paths(self) -> frozenset[str]:
        return self.deleted | set(self.files)


async def read_changes(workspace: Workspace) -> Changes:
    """Unreadable says why in words."""
    done = await workspace.run(["/bin/bash", "-c", AFTER], timeout_s=120, output_bytes=LIMIT + (1 << 20))
    if done.dropped or len(done.output) > LIMIT:
        raise Unreadable(f"it changes more than {LIMIT >> 20} MiB of files")
    if done.status != 0:
        raise Unreadable(f"what it changed cannot be read (status {done.status})")
    return unpacked(done.output)


def unpacked(data: bytes) -> Changes:
    """The archive is data from the workspace: nothing in it is believed but names and contents."""
    files: dict[str, File] = {}
    deleted: list[str] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errors="surrogateescape") as archive:
            for member in archive:
                path = member.name.removeprefix("./")
                if member.name == "deleted" and not files:
                    deleted = names_of(content(archive, member, len(data)))
                elif patchable(path):
                    continue
                elif member.issym():
                    files[path] = File(link=member.linkname)
                elif member.isreg() or member.islnk():
                    files[path] = File(content(archive, member, len(data)), bool(member.mode & 0o100))
    except (tarfile.TarError, OSError, ValueError, EOFError) as e:
        raise Unreadable(f"what it changed cannot be read ({type(e).__name__})") from None
    return Changes(files, frozenset(path for path in deleted if not patchable(path)))


def content(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    source = None if member.issparse() or member.size > most else archive.extractfile(member)
    if source is None:
        raise ValueError("no plain file")
    return source.read(most)


def names_of(listed: bytes) -> list[str]:
    return [
        name.decode("utf-8", "surrogateescape").removeprefix("./") for name in listed.split(b"\0") if name
    ]
