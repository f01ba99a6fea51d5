"""How an instance's image is built where no registry has it, from what the authors froze of its environment.

Beside the instances' file lie `environments.jsonl` (Python and frozen packages of each instance, from the
environment.yml files of the authors' repository) and `setup.jsonl` (pre_install and install lines, from
swebench 4.1.0; the package has had none since). docs/swebench.md says how the
authors' images differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from evalkit.errors import DataError
from evalkit.recipe import TOOLS, Build, Part, Recipe

ENVIRONMENTS, SETUP = "environments.jsonl", "setup.jsonl"
PREFIX = "/opt/miniconda3/envs/testbed"
ACTIVATE = f"""\
# stands for conda's: the one environment that there is
conda() {{
    if [ "${{1:-}}" = activate ]; then
        export CONDA_DEFAULT_ENV=testbed CONDA_PREFIX={PREFIX}
        export PATH={PREFIX}/bin:$PATH
    fi
}}
"""
ACTIVE = ("source /opt/miniconda3/bin/activate", "conda activate testbed")
FILES = (("/opt/miniconda3/bin/activate", ACTIVATE), ("/root/.bashrc", "\n".join([*ACTIVE, ""])))
# The authors' commit above the instance's own, of its day, so that it has the same name wherever it is made.
COMMIT = (
    "git config --global user.email setup@swebench.config",
    "git config --global user.name SWE-bench",
    "export GIT_AUTHOR_DATE=$(git log -1 --format=%cI) GIT_COMMITTER_DATE=$(git log -1 --format=%cI)",
    "git commit -q --allow-empty -am SWE-bench",
)

COMPILER = Part(
    "compiler",
    gives=("compiler",),
    debs=("g++", "gcc", "libc6-dev", "make", "pkgconf", "python3-dev"),
    links=(("/usr/bin/cc", "gcc"), ("/usr/bin/c++", "g++")),
    check=("sh", "-c", "cd /tmp && echo 'int main() {}' >a.c && cc a.c && ./a.out"),
)
PYTHON = Part(
    "python",
    gives=("python",),
    debs=(
        *("python3", "python3-venv", "python3-distutils"),
        # what a Python of pyenv's is linked with
        *("libbz2-1.0", "libffi8", "liblzma5", "libncursesw6", "libreadline8", "libsqlite3-0", "libssl3"),
        *("libgdbm6", "libuuid1", "zlib1g"),
    ),
    links=(("/usr/bin/python", "python3"),),
    check=("python3", "-c", "import ctypes, ensurepip, sqlite3, ssl, venv"),
)
CERTIFICATES = Part(
    "certificates",
    gives=("certificates",),
    debs=("ca-certificates",),
    make=(
        "mkdir -p /etc/ssl/certs"
        " && cat /usr/share/ca-certificates/mozilla/*.crt >/etc/ssl/certs/ca-certificates.crt",
    ),
    check=("test", "-s", "/etc/ssl/certs/ca-certificates.crt"),
)
WHICH = Part(
    "which",
    gives=("which",),
    debs=("debianutils",),
    links=(("/usr/bin/which", "which.debianutils"),),
    check=("sh", "-c", "which sh"),
)
BASE = Recipe(
    "swebench-base",
    parts=(PYTHON, COMPILER, CERTIFICATES, WHICH),
    tools=(*TOOLS, "bzip2", "curl", "file", "jq", "less", "patch", "unzip", "wget", "xz-utils"),
)

PYPI = {"antlr-python-runtime": "antlr4-python3-runtime", "matplotlib-base": "matplotlib"}  # by conda's name
_APT = re.compile(r"\bapt(?:-get)?\b[^&|;]*\binstall\b(?P<names>[^&|;]*)")


def build_of(row: Mapping[str, Any], folder: Path | None, base: Recipe = BASE) -> Build:
    """How the image of an instance (a row of the 5.x schema) is built. DataError where that is not known."""
    name = str(row["instance_id"])
    environment = _record(folder, ENVIRONMENTS, name)
    setup = _record(folder, SETUP, name)
    before = [str(line) for line in setup.get("pre_install") or ()]
    install = str(setup.get("install") or "true")
    project = str(row["repo"]).rpartition("/")[2].lower()
    python = ".".join(str(environment["python"]).split(".")[:2])
    return Build(
        image=str(row["image"]),
        repository=str(row["repo"]),
        git=f"https://github.com/{row['repo']}",
        commit=str(row["base_commit"]),
        base=_with(base, debian_packages(before)),
        python=python,
        prefix=PREFIX,
        pins=pins(environment, project),
        files=FILES,
        install=(*ACTIVE, *(line for line in before if not _APT.search(line)), install, *COMMIT),
        again=(*ACTIVE, install),
    )


def pins(environment: Mapping[str, Any], project: str) -> tuple[str, ...]:
    """The frozen packages as PyPI calls them, without the project itself, installed from its source."""
    found = []
    for pin in [*environment.get("conda_python", ()), *environment.get("pip", ())]:
        name, _, version = str(pin).partition("==")
        if name.lower() != project:
            found.append(f"{PYPI.get(name, name)}=={version}")
    return tuple(dict.fromkeys(found))


def debian_packages(lines: Sequence[str]) -> tuple[str, ...]:
    """What shell lines would have apt install: the base has them instead."""
    words = [word for line in lines for found in _APT.finditer(line) for word in found["names"].split()]
    return tuple(sorted({word for word in words if not word.startswith("-")}))


def _with(base: Recipe, debs: tuple[str, ...]) -> Recipe:
    if not debs:
        return base
    part = Part("packages", gives=("packages",), debs=debs)
    return Recipe(base.name, (*base.parts, part), base.env, base.tools, base.unused)


def _record(folder: Path | None, file: str, name: str) -> Mapping[str, Any]:
    hint = f"put {file} beside the instances' file; docs/swebench.md says where it comes from"
    if folder is None or not (folder / file).is_file():
        raise DataError(
            f"how {name} is built is not known: no {file} in {folder or 'any folder of data'}", hint
        )
    records = _records(folder / file)
    if name not in records:
        raise DataError(f"how {name} is built is not known: {folder / file} does not have it", hint)
    return records[name]


@lru_cache(maxsize=4)
def _records(path: Path) -> Mapping[str, Mapping[str, Any]]:
    records = {}
    try:
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                row = json.loads(line)
                records[str(row["instance_id"])] = row
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DataError(f"cannot read {path}: {e!r}") from None
    return records
