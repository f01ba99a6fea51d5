"""Patches between trees: what became of a workspace's start files, as `git apply` takes it.

git does the work, on a bare repository that is gone afterwards: no work tree, no configuration of the
user's or the system's, no attributes, no hooks. A patch is text: UTF-8, where bytes that are none are kept
as lone surrogates (surrogateescape); files with zero bytes are in git's binary form.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import EvalkitError
from evalkit.workspace import File, Tree

PATIENCE_S = 120.0
MEMORY = 4 << 30  # address space of one git: a hostile patch may claim any length
RESULT_BYTES = 512 << 20
DIFF = (
    "diff-tree",
    "-r",
    "-p",
    "--binary",
    "--full-index",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
)


def make_patch(before: Tree, after: Tree) -> str:
    """The patch that turns the files of `before` into those of `after`; "" where they are the same.

    ValueError where a name cannot stand in a patch (see `patchable`). What was left out of a tree is no
    part of it.
    """
    if before.files == after.files:
        return ""
    with _repository() as git:
        git.commit({"before": before.files, "after": after.files})
        return git(*DIFF, "refs/evalkit/before", "refs/evalkit/after").decode("utf-8", "surrogateescape")


def apply_patch(before: Tree, patch: str) -> Tree:
    """The files of `before` with the patch applied, `left_out` as it was.

    ValueError where it does not apply.
    """
    if not patch.strip():
        return before
    with _repository() as git:
        git.commit({"before": before.files})
        git("read-tree", "refs/evalkit/before")
        git("apply", "--cached", "--binary", "--whitespace=nowarn", "-", given=_bytes(patch))
        return Tree(git.index(), before.left_out)


def patchable(path: str) -> str:
    """Why no patch can hold a file of this name; "" where one can."""
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        return "no relative path"
    if any(part.lower() == ".git" for part in parts):
        return "git's own folder"
    return ""


@dataclass(frozen=True)
class _Git:
    """One repository: called with git's words and standard input, gives standard output."""

    folder: Path

    def __call__(self, *words: str, given: bytes = b"") -> bytes:
        try:
            process = subprocess.Popen(
                ["git", "-c", "core.protectNTFS=false", "-c", "core.protectHFS=false", *words],
                cwd=self.folder,
                env=_environment(self.folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except FileNotFoundError:
            raise EvalkitError("no git found", "install it (Debian: apt-get install git)") from None
        with process:
            try:
                # it can do no harm before it has read its input
                resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
                out, err = process.communicate(given, timeout=PATIENCE_S)
            except ProcessLookupError:
                out, err = process.communicate()
            except subprocess.TimeoutExpired:
                process.kill()
                raise ValueError(f"git {words[0]} took longer than {PATIENCE_S:.0f} s") from None
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            said = err.decode("utf-8", "replace").strip() or f"git {words[0]} ended with {process.returncode}"
            raise ValueError(said[-2000:])
        return out

    def commit(self, trees: Mapping[str, Mapping[str, File]]) -> None:
        """Each tree as the commit refs/evalkit/NAME."""
        marks: dict[bytes, int] = {}
        out = bytearray()
        for files in trees.values():
            for file in files.values():
                data = _content(file)
                if data not in marks:
                    marks[data] = len(marks) + 1
                    out += b"blob\nmark :%d\ndata %d\n%s\n" % (marks[data], len(data), data)
        for name, files in trees.items():
            _check(files)
            out += b"commit refs/evalkit/%s\ncommitter e <e> 0 +0000\ndata 0\n" % name.encode()
            for path, file in files.items():
                out += b'M %s :%d "%s"\n' % (_mode(file), marks[_content(file)], _quoted(path))
        self("fast-import", "--quiet", given=bytes(out))

    def index(self) -> dict[str, File]:
        """The files of the index. ValueError where there is anything but files and links."""
        entries = [line.split(b"\t", 1) for line in self("ls-files", "-s", "-z").split(b"\0") if line]
        facts = [(meta.split(), path.decode("utf-8", "surrogateescape")) for meta, path in entries]
        asked = b"".join(oid + b"\n" for (_, oid, _), _ in facts)
        sizes = [line.split()[-1] for line in self("cat-file", "--batch-check", given=asked).splitlines()]
        if sum(int(size) if size.isdigit() else 0 for size in sizes) > RESULT_BYTES:
            raise ValueError(f"the patched files are larger than {RESULT_BYTES >> 20} MB")
        blobs = _blobs(self("cat-file", "--batch", given=asked))
        files = {path: _file(meta[0], blob) for (meta, path), blob in zip(facts, blobs, strict=True)}
        _check(files)
        return files


@contextmanager
def _repository() -> Iterator[_Git]:
    with tempfile.TemporaryDirectory(prefix="evalkit-patch-") as folder:
        git = _Git(Path(folder))
        git("init", "--quiet", "--bare", "--template=", ".")
        yield git


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's, which may name another repository, a pager, a diff program."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C",
        "GIT_DIR": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
    }


def _check(files: Mapping[str, File]) -> None:
    for path in files:
        if why := patchable(path):
            raise ValueError(f"no patch can hold {path!r}: {why}")
        above = path.rpartition("/")[0]
        while above:
            if above in files:
                raise ValueError(f"{above!r} is both a file and a folder")
            above = above.rpartition("/")[0]


def _mode(file: File) -> bytes:
    if file.link is not None:
        return b"120000"
    return b"100755" if file.executable else b"100644"


def _content(file: File) -> bytes:
    return file.data if file.link is None else _bytes(file.link)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _quoted(path: str) -> bytes:
    """For fast-import, between double quotes."""
    plain = b"/._-"
    return b"".join(
        bytes((c,)) if bytes((c,)).isalnum() or c in plain else b"\\%03o" % c for c in _bytes(path)
    )


def _blobs(batch: bytes) -> Iterator[bytes]:
    """The contents in the output of `git cat-file --batch`."""
    at = 0
    while at < len(batch):
        end = batch.index(b"\n", at)
        kind, size = batch[at:end].split()[1:3] if batch[at:end].count(b" ") >= 2 else (b"missing", b"0")
        if kind != b"blob":
            raise ValueError("the patch names something that is no file")
        at = end + 1 + int(size)
        yield batch[end + 1 : at]
        at += 1


def _file(mode: bytes, blob: bytes) -> File:
    if mode == b"120000":
        return File(link=blob.decode("utf-8", "surrogateescape"))
    if mode not in (b"100644", b"100755"):
        raise ValueError(f"the patch makes something that is neither file nor link (mode {mode.decode()})")
    return File(blob, mode == b"100755")
