"""A run by what a person types: its folder, its name, the beginning of its name, or `last`."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import UsageError
from evalkit.registry import did_you_mean

MARKS = ("manifest.json", "run.sqlite")  # either makes a run: the first is a copy, and may be missing


def runs_in(results: Path) -> list[Path]:
    """The run folders of `results`, oldest first."""
    found = {path.parent for mark in MARKS for path in results.glob(f"*/{mark}")}
    return sorted(found, key=lambda folder: (made_at(folder), folder.name))


def made_at(run: Path) -> float:
    """When the run was made, in seconds since 1970."""
    return next(path for path in (run / mark for mark in MARKS) if path.exists()).stat().st_mtime


def find_run(name: str, results: Path) -> Path:
    """The folder of the run. UsageError where there is none, or more than one."""
    if any((Path(name) / mark).is_file() for mark in MARKS):
        return Path(name)
    if Path(name).is_dir():
        raise UsageError(
            f"{name} is no run: it has no {' and no '.join(MARKS)}",
            f"`evalkit list --results {results}` names them",
        )
    if Path(name).parent.resolve() == results.resolve():
        name = Path(name).name  # `results/humaneval--qw`: the beginning of a name, with its folder
    runs = runs_in(results)
    if name == "last" and runs:
        return runs[-1]
    exact = [folder for folder in runs if folder.name == name]
    alike = exact or [folder for folder in runs if folder.name.startswith(name)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise UsageError(
            f"{name!r} is the beginning of {len(alike)} runs", ", ".join(f.name for f in alike[:6])
        )
    hint = did_you_mean(name, [folder.name for folder in runs])
    raise UsageError(f"no run {name!r} in {results}", hint if runs else f"there are no runs in {results} yet")
