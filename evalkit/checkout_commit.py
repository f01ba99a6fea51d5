"""Which commit the records of a checkout are (evalkit.checkout).

A checkout may be anybody's, and git obeys the configuration that lies in it. So git never runs there: the
commit's files are listed in an empty repository that borrows the checkout's objects.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

from evalkit.checkout import folders_of, git, unpacked
from evalkit.suite import Checkout, Record


def commit_of(root: Path, checkout: Checkout, records: list[Record]) -> str:
    """The commit that these records are, byte for byte; "" where there is none, or git does not tell."""
    folder = root / ".git"
    try:
        head = _head(folder)
        return head if head and _listed(folder, head, checkout) == _hashed(root, checkout, records) else ""
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""


def _head(folder: Path) -> str:
    """The commit of HEAD, read as text."""
    head = (folder / "HEAD").read_text().strip()
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    if (folder / name).is_file():
        return (folder / name).read_text().strip()
    packed = (folder / "packed-refs").read_text().splitlines()
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")


def _listed(folder: Path, commit: str, checkout: Checkout) -> dict[str, tuple[str, bool]]:
    """The commit's files in folders that match: path -> (blob, executable)."""
    pattern = checkout.tasks
    depth = pattern.count("/") + 1
    with tempfile.TemporaryDirectory(prefix="evalkit-git-") as empty:
        git("init", "-q", "--bare", "--template=", empty)
        Path(empty, "objects", "info").mkdir(exist_ok=True)
        Path(empty, "objects", "info", "alternates").write_text(f"{(folder / 'objects').resolve()}\n")
        rows = git("-C", empty, "ls-tree", "-r", "-z", "--full-tree", commit).decode().split("\0")
    files = {}
    for row in filter(None, rows):
        (mode, _, blob), path = row.partition("\t")[0].split(), row.partition("\t")[2]
        if _matches(path.split("/"), pattern.split("/"), depth):
            files[path] = blob, mode == "100755"
    if not checkout.marks:
        return files
    marked = {path.rpartition("/")[0] for path in files if path.rpartition("/")[2] in checkout.marks}
    return {path: found for path, found in files.items() if "/".join(path.split("/")[:depth]) in marked}


def _matches(path: list[str], pattern: list[str], depth: int) -> bool:
    return len(path) > depth and all(
        p in ("*", name) and not name.startswith(".") for p, name in zip(pattern, path[:depth], strict=True)
    )


def _hashed(root: Path, checkout: Checkout, records: list[Record]) -> dict[str, tuple[str, bool]]:
    """The same of what was read."""
    found = {}
    folders = [folder for _, folder in folders_of(root, checkout)]
    for folder, record in zip(folders, records, strict=True):
        for path, content in record["files"].items():
            data = unpacked(content)
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            found[f"{folder.relative_to(root).as_posix()}/{path}"] = blob, bool(content.get("executable"))
    return found
