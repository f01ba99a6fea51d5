"""examples/nightly: files that people copy are read by what will read them."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from evalkit.cli.nightly_run import parser
from evalkit.nightly.plan import read_plan

FOLDER = Path(__file__).parents[2] / "examples" / "nightly"
CRON = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]  # crontab(5)


def cron_fields(line: str) -> None:
    for field, (low, high) in zip(line.split()[:5], CRON, strict=True):
        for part in field.split(","):
            base, _, step = part.partition("/")
            assert not step or int(step) > 0
            if base != "*":
                ends = [int(end) for end in base.split("-")]
                assert len(ends) <= 2
                assert low <= ends[0] <= ends[-1] <= high


def nightly(command: str) -> Any:
    """The arguments of the `evalkit nightly run` in a command, read by the real parser."""
    words = shlex.split(command[command.index("evalkit nightly run ") :])
    args = parser().read(words[3:])
    assert (FOLDER / args.plan).is_file()
    return args


def test_the_plan() -> None:
    plan = read_plan(FOLDER / "coding.toml")
    assert len(plan.cells) == 5
    assert plan.money
    assert plan.hours
    assert plan.keep
    assert plan.alerts


def test_the_crontab() -> None:
    lines = (FOLDER / "crontab").read_text().splitlines()
    jobs = [line for line in lines if line and not re.match(r"#|\w+=", line)]
    [line] = jobs
    cron_fields(line)
    assert "%" not in line  # cron ends the command there
    for command in re.findall(r"evalkit nightly run [^;|]+", line):
        assert nightly(command).quiet


@pytest.mark.parametrize(
    ("codes", "tries", "ends"), [((0,), 1, 0), ((10,), 1, 0), ((3, 0), 2, 0), ((3, 3), 2, 3), ((2,), 1, 0)]
)
def test_cron_tries_an_incomplete_night_again(
    codes: tuple[int, ...], tries: int, ends: int, tmp_path: Path
) -> None:
    """The line itself, by the shell that it names, with an `evalkit` that ends as it is told."""
    [line] = [text for text in (FOLDER / "crontab").read_text().splitlines() if re.match(r"\d", text)]
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "nightly.env").write_text("export KEY=1\n")
    count = f"$(wc -l < {tmp_path}/tries)"
    stand_in = f'echo "$KEY" >> {tmp_path}/tries\nexit $(sed -n "{count}p" {tmp_path}/codes)\n'
    for name, text in (("evalkit", stand_in), ("sleep", "")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "codes").write_text("".join(f"{code}\n" for code in codes))
    env = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/sh", "-c", line.split(maxsplit=5)[5]], env=env, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (ends, "")
    assert (tmp_path / "tries").read_text() == "1\n" * tries


def units(name: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string((FOLDER / name).read_text())
    return read


def test_the_systemd_units() -> None:
    service = units("evalkit-nightly.service")["Service"]
    nightly(service["ExecStart"])
    assert service["SuccessExitStatus"] == "10"
    timer = units("evalkit-nightly.timer")
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not here")
    for unit in FOLDER.glob("evalkit-nightly.*"):
        text = unit.read_text().replace("/srv/evals/.venv/bin/evalkit", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("User=evalkit", "User=root"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
    )
    ours = [line for line in done.stderr.splitlines() if "evalkit-nightly" in line]
    assert ours == []
    calendar = units("evalkit-nightly.timer")["Timer"]["OnCalendar"]
    subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, check=True)


def test_the_workflow() -> None:
    flow = yaml.safe_load((FOLDER / "nightly.yml").read_text())
    [schedule] = flow[True]["schedule"]  # YAML 1.1 reads `on` as a truth value
    cron_fields(schedule["cron"])
    assert flow["permissions"] == {"contents": "read"}
    assert flow["concurrency"]["cancel-in-progress"] is False
    steps = flow["jobs"]["night"]["steps"]
    tonight = next(i for i, step in enumerate(steps) if "nightly run" in step.get("run", ""))
    assert nightly(steps[tonight]["run"])
    plan = read_plan(FOLDER / "coding.toml")
    assert steps[tonight]["env"].keys() >= set(re.findall(r"env:(\w+)", str(plan.alerts)))
    for step in steps[tonight + 1 :]:
        assert step["if"] == "always()"  # a regression ends the step before with 10
    kept, brought = (
        next(s for s in steps if w in s.get("uses", "")) for w in ("cache/save", "cache/restore")
    )
    assert kept["with"]["path"] == brought["with"]["path"] == str(plan.results)
    assert kept["with"]["key"].startswith(brought["with"]["restore-keys"])
