"""How instances' images are built, from what was frozen of their environments."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.swebench.build import BASE, build_of, debian_packages, pins

from evalkit.errors import DataError
from tests.cli.conftest import Evalkit, called, evalkit
from tests.suites.swebench_set.data import ENVIRONMENTS, FOLDER, INSTANCES, row
from tests.suites.swebench_set.repositories import mirrors

__all__ = ["called", "evalkit"]  # fixtures
SCRIPT = Path(__file__).parents[2] / "scripts/swebench-environments"
EXPORT = """\
name: testbed
channels:
  - conda-forge
  - defaults
dependencies:
  - _libgcc_mutex=0.1=main
  - click=8.1.7=unix_pyh707e725_0
  - openssl=3.0.15=h5eee18b_0
  - pip=24.2=py39h06a4308_0
  - python=3.9.20=he870216_1
  - six=1.16.0=pyhd3eb1b0_1
  - pip:
      - attrs==23.1.0
prefix: /opt/miniconda3/envs/testbed
"""


def test_pins_are_named_as_pypi_names_them() -> None:
    frozen = {
        "pip": ["flask==2.3.0", "click==8.1.3"],
        "conda_python": ["matplotlib-base==3.7.2", "pip==24.2", "click==8.1.3"],
    }
    assert pins(frozen, "flask") == ("matplotlib==3.7.2", "pip==24.2", "click==8.1.3")


def test_what_apt_would_install_is_in_the_base() -> None:
    lines = [
        "apt-get update && apt-get install -y locales graphviz",
        "apt-get -y update && apt-get -y install --no-install-recommends curl; ls",
        "sed -i 's/apt/x/' setup.py",
    ]
    assert debian_packages(lines) == ("curl", "graphviz", "locales")


def test_the_instance_decides_and_its_test_patch_has_no_part(tmp_path: Path) -> None:
    instance = row("dates")
    build = build_of(instance, FOLDER)
    assert (build.image, build.repository, build.commit) == (
        instance["image"],
        "own/dates",
        instance["base_commit"],
    )
    assert build.python == "3.11"
    assert build.install[2].startswith("sed -i")
    added = [line for line in instance["test_patch"].splitlines() if line.startswith("+") and len(line) > 9]
    assert added
    assert not [line for line in added if line in str(build)]
    other = {**instance, "test_patch": "", "patch": "", "hints_text": "", "problem_statement": ""}
    assert build_of(other, FOLDER).key == build.key
    assert build_of({**instance, "base_commit": "1" * 40}, FOLDER).key != build.key


def test_what_is_not_known_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"how own__tally-1 is built is not known: no environments.jsonl"):
        build_of(row("tally"), tmp_path)
    with pytest.raises(DataError, match="any folder of data"):
        build_of(row("tally"), None)
    (tmp_path / "environments.jsonl").write_bytes(ENVIRONMENTS.read_bytes())
    with pytest.raises(DataError, match=r"no setup.jsonl"):
        build_of(row("tally"), tmp_path)
    (tmp_path / "setup.jsonl").write_text("[1]\n")
    with pytest.raises(DataError, match="cannot read"):
        build_of(row("tally"), tmp_path)


def test_all_of_verified_can_be_planned(data_dir: Path) -> None:
    """Every instance has its Python, its pins and its lines; two hundred need packages of Debian's."""
    rows = [
        json.loads(line) for line in (data_dir / "swebench/verified.jsonl").read_text().split("\n") if line
    ]
    builds = [build_of(each, data_dir / "swebench") for each in rows]
    assert len({build.image for build in builds}) == 500
    assert {build.python for build in builds} == {"3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11"}
    assert all(build.pins and "==" in "".join(build.pins) for build in builds)
    assert all("apt-get" not in "".join(build.install) for build in builds)


def test_the_command_line_says_what_is_wrong(called: Evalkit, tmp_path: Path) -> None:
    tally = ("sandbox", "build", "swebench", "--data", INSTANCES, "--tasks", "own__tally-1")
    called(*tally, "--mirror", "tally").refused(2, "'tally' is not OWNER/REPO=PLACE")
    called(*tally[:-1], "own__tully-1").refused(2, "no task 'own__tully-1'", "own__tally-1")
    called("sandbox", "build", "mini", "--tasks", "a").refused(2, "suite mini builds no image of its own")
    alone = tmp_path / "instances.jsonl"
    alone.write_bytes(INSTANCES.read_bytes())
    called("sandbox", "build", "swebench", "--data", alone).refused(2, "no environments.jsonl")


def test_environments_are_read_from_what_the_authors_publish(tmp_path: Path) -> None:
    files = tmp_path / "clone/swebench/resources/swebench-og/own__a/1"
    files.mkdir(parents=True)
    (files / "environment.yml").write_text(EXPORT)
    for words in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qma"),
    ):
        subprocess.run(["git", "-C", tmp_path / "clone", *words], check=True)
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        specs = {"own/a": {"1.0": {"python": "3.9", "install": "pip install ."}}}
        text = f"MAP_REPO_VERSION_TO_SPECS_PY = {specs}"
        wheel.writestr("swebench/harness/constants/python.py", text)
    (tmp_path / "rows.jsonl").write_text('{"instance_id": "own__a-1", "repo": "own/a", "version": "1.0"}\n')
    places = [tmp_path / name for name in ("clone", "a.whl", "rows.jsonl")]
    subprocess.run([sys.executable, SCRIPT, *places, "-o", tmp_path], check=True, capture_output=True)
    assert json.loads((tmp_path / "environments.jsonl").read_text()) == {
        "instance_id": "own__a-1",
        "python": "3.9.20",
        "pip": ["attrs==23.1.0"],
        "conda_python": ["click==8.1.7", "pip==24.2", "six==1.16.0"],
    }
    setup = json.loads((tmp_path / "setup.jsonl").read_text())
    assert setup == {"instance_id": "own__a-1", "python": "3.9", "install": "pip install ."}


@pytest.mark.full
@pytest.mark.docker
def test_an_instance_is_built_by_the_command_line(
    evalkit: Evalkit, docker_engine: Any, tmp_path: Path
) -> None:
    """With packages of PyPI's in Debian's Python: it builds once more without a network."""
    instance = {**row("pages"), "image": "evalkit-tests/pages:1"}
    data = tmp_path / "data"
    data.mkdir()
    (data / "instances.jsonl").write_text(json.dumps(instance) + "\n")
    for name in ("environments.jsonl", "setup.jsonl"):
        (data / name).write_bytes((FOLDER / name).read_bytes())
    place = mirrors(tmp_path)["own/pages"]
    command = ("sandbox", "build", "swebench", "--data", data / "instances.jsonl", "--json")
    try:
        ended = evalkit(*command, "--mirror", f"own/pages={place}")
        assert ended.code == 0, ended
        assert ended.json["task"] == instance["instance_id"]
        assert (ended.json["again"], ended.json["lacked"]) == ("", [])
        script = (
            ". /opt/miniconda3/bin/activate; conda activate testbed; python -m pytest --version; pip list"
        )
        told = docker_engine.containers.run(
            instance["image"], ["bash", "-c", script], network_mode="none", remove=True
        ).decode()
        assert "pytest 8.3.5" in told
        assert "setuptools 75.8.2" in " ".join(told.split())
        assert evalkit(*command).json["seconds"] == 0
    finally:
        docker_engine.images.remove(instance["image"], force=True)
    assert BASE.tag in {tag for image in docker_engine.images.list() for tag in image.tags}
