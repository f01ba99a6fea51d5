"""How pip reaches a package index from a container: as this host's does, where that makes sense there.

Given to single commands by their environment, so nothing of it stays in an image.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalkit.debs import write
from evalkit.sandbox.build_box import must, put

FOLDER = "/tmp/evalkit-index"
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
SETTINGS = ("index-url", "extra-index-url", "trusted-host")
QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_CACHE_DIR": "1", "PIP_ROOT_USER_ACTION": "ignore"}


@contextmanager
def package_index(box: Any) -> Iterator[Mapping[str, str]]:
    """The environment with which a command of `box` reaches it, while the block lasts."""
    env = {**QUIET, "PIP_DEFAULT_TIMEOUT": "60", **proxies(), **settings()}
    if trusted := certificates():
        put(box, lambda out: _pack(trusted, out))
        path = f"{FOLDER}/certificates.pem"
        env |= {"PIP_CERT": path, "SSL_CERT_FILE": path, "REQUESTS_CA_BUNDLE": path}
    try:
        yield env
    finally:
        must(box, f"rm -rf {FOLDER}")


def _pack(certificates: str, out: tarfile.TarFile) -> None:
    write(out, FOLDER.lstrip("/") + "/", "")
    write(out, f"{FOLDER}/certificates.pem", certificates)


def certificates(*, told: bool = False) -> str:
    """Those that this host trusts: an inspecting proxy's may be among them. `told`: only what the environment
    names."""
    for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if (path := os.environ.get(name)) and Path(path).is_file():
            return Path(path).read_text(errors="replace")
    if told:
        return ""
    known = ssl.get_default_verify_paths().cafile
    return Path(known).read_text(errors="replace") if known and Path(known).is_file() else ""


def proxies() -> dict[str, str]:
    names = (*PROXIES, *map(str.upper, PROXIES))
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def settings() -> dict[str, str]:
    """pip's index and what it trusts, less what names files of this host."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, check=False).stdout.decode(errors="replace")
    found = {}
    for line in listed.splitlines():  # global.index-url='...', :env:.index-url='...': the latter holds
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        words = [word for word in value.strip("'\"").split() if not word.startswith(("file:", "/", "."))]
        if name in SETTINGS and words and not (key.startswith("global.") and name in found):
            found[name] = " ".join(words)
    return {f"PIP_{name.upper().replace('-', '_')}": value for name, value in found.items()}
