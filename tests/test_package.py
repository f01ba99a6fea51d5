"""The package itself: what pyproject.toml says must be what stands on disk, and what the wheel holds."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import evalkit

REPOSITORY = Path(__file__).parents[1]
ROOTS = {  # package: its folder
    "evalkit": "evalkit",
    "evalkit_suites": "suites",
    "evalkit_published": "results/published",
}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def files() -> list[str]:
    """The repository's files: those that git knows, or would add."""
    listed = run("git", "-C", REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()]


def test_packages_are_the_folders_on_disk(project: dict[str, Any]) -> None:
    found = set()
    for package, folder in ROOTS.items():
        for init in (REPOSITORY / folder).rglob("__init__.py"):
            found.add(".".join([package, *init.parent.relative_to(REPOSITORY / folder).parts]))
    assert set(project["tool"]["setuptools"]["packages"]) == found


def test_every_suite_folder_is_an_entry_point(project: dict[str, Any]) -> None:
    folders = {f"evalkit_suites.{p.parent.name}" for p in (REPOSITORY / "suites").glob("*/suite.toml")}
    assert set(project["project"]["entry-points"]["evalkit.suites"].values()) == folders


def test_versions_agree(project: dict[str, Any]) -> None:
    assert project["project"]["version"] == evalkit.__version__


def test_constraints_pin_what_the_project_requires(project: dict[str, Any]) -> None:
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    extras = project["project"]["optional-dependencies"]
    asked = [
        *project["project"]["dependencies"],
        *project["build-system"]["requires"],
        *(
            r for name, e in extras.items() if name != "hf" for r in e
        ),  # torch: gigabytes, and not developed with
    ]
    for text in asked:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if name == "evalkit":
            assert requirement.extras <= set(extras), text
            continue
        assert name in pins, f"{text} is not in constraints.txt: make pin"
        assert requirement.specifier.contains(pins[name]), f"{text}, but constraints.txt has {pins[name]}"


@pytest.fixture(scope="module")
def wheel(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy, so that nothing left from earlier builds gets in."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, source / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source)
    (path,) = out.glob("*.whl")
    return path


def test_the_wheel_holds_every_file_of_its_packages(wheel: Path, files: list[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    ours = {
        str(Path(package, Path(name).relative_to(folder)))
        for package, folder in ROOTS.items()
        for name in files
        if Path(name).is_relative_to(folder)
    }
    assert packed == ours


def test_the_wheel_works_in_a_venv_of_its_own(wheel: Path, tmp_path: Path) -> None:
    """Only its dependencies come from here: a plain path in a .pth file runs no editable install."""
    import docker

    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "dependencies.pth").write_text(f"{Path(docker.__file__).parents[1]}\n")

    where = run(python, "-c", "import evalkit; print(evalkit.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(site)
    listed = run(python.parent / "evalkit", "suites", cwd=tmp_path)
    for folder in (REPOSITORY / "suites").glob("*/suite.toml"):
        assert tomllib.loads(folder.read_text())["name"] in listed


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout
