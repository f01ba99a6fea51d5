"""Fixtures that every test may ask for: the data of benchmarks, and a Docker engine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.workspace_image import made as workspace_image_of

REPOSITORY = Path(__file__).parents[1]

# exercises and tasks: their tests are for whoever solves them
collect_ignore = ["suites/aider_polyglot_set", "suites/terminal_bench_set"]


def pytest_configure(config: pytest.Config) -> None:
    """Property tests measure no time: a machine that stands still for a moment is no finding. `make test`
    tries the same examples each time, so that it is red for a change alone; other runs draw new ones."""
    same = config.getoption("markexpr") == "not full"
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=same)
    settings.register_profile("evalkit", patient)
    settings.load_profile("evalkit")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of official data files: EVALKIT_DATA, else ../shared/data beside the repository.

    Skips where there is neither: data sets have licences of their own and do not ship with evalkit.
    A folder that was named but is not there is a mistake, and fails.
    """
    named = os.environ.get("EVALKIT_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    if named:
        pytest.fail(f"EVALKIT_DATA is not a folder: {named}")
    pytest.skip("no benchmark data: set EVALKIT_DATA to a folder of official data files")


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[object]:
    """A docker.DockerClient whose engine answers. Fails where none does: `make test` starts one."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=60)
        client.ping()
    except (DockerException, OSError) as e:
        pytest.fail(f"no Docker engine answers ({e}); start one with `make setup`")
    yield client
    client.close()


@pytest.fixture(scope="session")
def workspace_image(docker_engine: object) -> Iterator[str]:
    """A small image with a shell, a few programs and the user `worker`: see tests/workspace_image.py."""
    with workspace_image_of(docker_engine) as image:
        yield image


@pytest.fixture(scope="session")
def real_runs(tmp_path_factory: pytest.TempPathFactory, docker_engine: object) -> object:
    """Small real runs of all sorts, for reports and their pages: a tests.report.runs.Runs. Nobody changes
    them."""
    from tests.report.runs import make_runs

    return make_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB; `mount -o remount,size=64m` makes room. Skips without the right to mount."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small file system needs root: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where the time went, by folder: set-up, call and tear-down of all its tests, in seconds."""
    seconds: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folder = str(Path(report.nodeid.partition("::")[0]).parent)
                seconds[folder] = seconds.get(folder, 0.0) + report.duration
    terminalreporter.section("seconds by folder")
    for folder, total in sorted(seconds.items(), key=lambda item: -item[1]):
        terminalreporter.write_line(f"{total:8.1f}  {folder}")
