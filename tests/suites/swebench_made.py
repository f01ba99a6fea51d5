"""Instances of SWE-bench made of plain files: their rows in the official schema, and their images.

The images are a base with Python, pytest, git and patch, and the repository in /testbed.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.patch import make_patch
from evalkit.recipe import TOOLS, Part, Recipe
from evalkit.sandbox import build_recipe
from evalkit.sandbox.engine import labels
from evalkit.workspace import File, Tree

ACTIVATE = """\
conda() { [ "$1" != activate ] || export CONDA_DEFAULT_ENV=testbed; }
"""
BASE = Recipe(
    "swebench-tests",
    parts=(
        Part(
            "python",
            gives=("python",),
            debs=("python3", "patch"),
            pip=(
                *("pytest==8.3.5", "iniconfig==2.1.0", "packaging==25.0", "pluggy==1.5.0"),
                *("pip==25.0.1", "setuptools==75.8.2", "wheel==0.45.1"),
            ),
            pip_into="/usr/local/lib/python3.11/dist-packages",
            files=(("/opt/miniconda3/bin/activate", ACTIVATE),),
            links=(
                ("/usr/local/bin/pytest", "/usr/local/lib/python3.11/dist-packages/bin/pytest"),
                ("/usr/bin/python", "python3"),
            ),
            make=("rm -f /usr/lib/python3*/EXTERNALLY-MANAGED",),
            check=("pytest", "--version"),
        ),
    ),
    tools=(*TOOLS, "patch"),
)
SCRIPT = """\
#!/bin/bash
set -uxo pipefail
source /opt/miniconda3/bin/activate
conda activate testbed
cd /testbed
git config --global --add safe.directory /testbed
cd /testbed
git status
git show
git -c core.fileMode=false diff {base}
source /opt/miniconda3/bin/activate
conda activate testbed
{install}
git checkout {base} {tests}
git apply -v - <<'EOF_114329324912'
{test_patch}
EOF_114329324912
: '>>>>> Start Test Output'
{command}
: '>>>>> End Test Output'
git checkout {base} {tests}
"""
IDENTITY = {
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (
        ("NAME", "a"), ("EMAIL", "a@b"), ("DATE", "2020-01-01T00:00:00Z"))},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A repository at its base commit, the tests that are added, and what solves it. Texts by path."""

    name: str
    files: Mapping[str, str]
    tests: Mapping[str, str]
    solution: Mapping[str, str]
    fail_to_pass: tuple[str, ...]
    pass_to_pass: tuple[str, ...]
    command: str = "python -m pytest -rA"
    parser: str = "parse_log_pytest"
    install: str = "true"
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def start(self) -> Tree:
        return tree(self.files)

    def patch(self, files: Mapping[str, str | None]) -> str:
        """The start files with these in them; None removes one."""
        return make_patch(self.start, tree({**self.files, **files}))

    def row(self, base: str, image: str) -> dict[str, Any]:
        test_patch = self.patch(self.tests)
        named = [path for path in self.tests if not re.search(r"\.(json|txt|md|yml|toml|cfg|ini)$", path)]
        return {
            "instance_id": f"own__{self.name}-1",
            "repo": f"own/{self.name}",
            "base_commit": base,
            "version": "1.0",
            "image": image,
            "patch": self.patch(self.solution),
            "test_patch": test_patch,
            "problem_statement": "",
            "hints_text": "",
            "created_at": "2020-01-01T00:00:00Z",
            "environment_setup_commit": base,
            "log_parser": self.parser,
            "eval_type": "pass_and_fail",
            "eval_script": SCRIPT.format(
                base=base,
                install=self.install,
                tests=" ".join(named),
                test_patch=test_patch,
                command=f"{self.command} {' '.join(named)}",
            ),
            "FAIL_TO_PASS": list(self.fail_to_pass),
            "PASS_TO_PASS": list(self.pass_to_pass),
            **self.extra,
        }


def tree(files: Mapping[str, str | None]) -> Tree:
    return Tree({path: File(text.encode()) for path, text in files.items() if text is not None})


@contextmanager
def image_of(client: Any, made: Made, future: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """The row of the instance, whose image is there until the end. `future`: files of a later commit on
    another branch, which a full clone would hold."""
    base = build_recipe(BASE, lambda line: print(line))
    with tempfile.TemporaryDirectory() as folder:
        commit = repository(Path(folder), made, future or {})
        data = packed(Path(folder))
    container = client.api.create_container(base, command=["true"])["Id"]
    try:
        client.api.put_archive(container, "/", data)
        marks = [f'LABEL {key}="{value}"' for key, value in labels("image", "tests").items()]
        image = client.api.commit(
            container, changes=["USER root", "WORKDIR /testbed", "ENV HOME=/root", *marks]
        )["Id"]
    finally:
        client.api.remove_container(container, force=True)
    try:
        yield made.row(commit, image)
    finally:
        client.api.remove_image(image, force=True)


def repository(folder: Path, made: Made, future: Mapping[str, str]) -> str:
    def write(files: Mapping[str, str]) -> None:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)

    def git(*words: str) -> str:
        env = {**os.environ, **IDENTITY}
        return subprocess.run(
            ["git", *words], cwd=folder, env=env, check=True, capture_output=True, text=True
        ).stdout

    write(made.files)
    git("init", "-q", "-b", "master")
    git("add", "-A")
    git("commit", "-q", "-m", "base")
    base = git("rev-parse", "HEAD").strip()
    if future:
        git("checkout", "-q", "-b", "later")
        write(future)
        git("commit", "-q", "-a", "-m", "fix: as it should be")
        git("checkout", "-q", "master")
    git("commit", "-q", "--allow-empty", "-m", "SWE-bench")
    return base


def packed(folder: Path) -> bytes:
    def rooted(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(folder, "testbed", filter=rooted)
    return out.getvalue()
