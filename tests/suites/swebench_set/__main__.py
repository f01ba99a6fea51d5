"""Writes instances.jsonl, environments.jsonl and setup.jsonl of the histories and facts.toml."""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.suites.swebench_made import BASE as ENVIRONMENT
from tests.suites.swebench_made import SCRIPT

from .data import ENVIRONMENTS, FOLDER, INSTANCES, SETUP, Row
from .repositories import BASE, FIX, git, marks, mirrors

# what officially is no test file to hand to the test command or to check out
NO_TESTS = (".json", ".png", "csv", ".txt", ".md", ".jpg", ".jpeg", ".pkl", ".yml", ".yaml", ".toml")
DIFF = (
    "diff",
    "--no-color",
    "--no-ext-diff",
    "--binary",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--abbrev=10",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = mirrors(Path(folder))
        facts = read_facts()
        write(
            INSTANCES, (instance(name, fact, made[f"own/{fact['stream']}"]) for name, fact in facts.items())
        )
    write(ENVIRONMENTS, ({"instance_id": name, **environment()} for name in facts))
    write(SETUP, ({"instance_id": name, **setup(fact)} for name, fact in facts.items()))


def read_facts() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "facts.toml").read_text("utf-8"))


def instance(name: str, fact: Mapping[str, Any], repository: Path) -> Row:
    """A row in the order of Verified's keys; lists as JSON text, as there."""
    at = marks(repository)
    base, fix = at[BASE], at[FIX]
    sources = [".", *(f":(exclude){path}" for path in fact["tests"])]
    tests = [path for path in fact["tests"] if not path.endswith(NO_TESTS)]
    test_patch = git(*DIFF, base, fix, "--", *fact["tests"], at=repository).decode()
    return {
        "repo": f"own/{fact['stream']}",
        "instance_id": name,
        "base_commit": base,
        "patch": git(*DIFF, base, fix, "--", *sources, at=repository).decode(),
        "test_patch": test_patch,
        "problem_statement": fact["problem_statement"].lstrip(),
        "hints_text": fact["hints_text"],
        "created_at": fact["created_at"],
        "version": fact["version"],
        "FAIL_TO_PASS": json.dumps(fact["FAIL_TO_PASS"]),
        "PASS_TO_PASS": json.dumps(fact["PASS_TO_PASS"]),
        "environment_setup_commit": base,
        "difficulty": fact["difficulty"],
        "eval_script": SCRIPT.format(
            base=base,
            install=fact["install"],
            tests=" ".join(tests),
            test_patch=test_patch,
            command=f"{fact['test_cmd']} {' '.join(fact.get('directives', tests))}",
        ),
        "log_parser": fact["log_parser"],
        "eval_type": "pass_and_fail",
        "image": f"swebench/sweb.eval.x86_64.{name.replace('__', '_1776_').lower()}:latest",
    }


def environment() -> Row:
    """The packages of the image that swebench_made's tests use, too."""
    pins = next(part.pip for part in ENVIRONMENT.parts if part.pip)
    of_conda = ("pip", "setuptools", "wheel")
    return {
        "python": "3.11",
        "pip": [pin for pin in pins if pin.split("==")[0] not in of_conda],
        "conda_python": [pin for pin in pins if pin.split("==")[0] in of_conda],
    }


def setup(fact: Mapping[str, Any]) -> Row:
    before = {"pre_install": fact["pre_install"]} if "pre_install" in fact else {}
    return {"python": "3.11", **before, "install": fact["install"], "test_cmd": fact["test_cmd"]}


def write(path: Path, made: Iterable[Row]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made), "utf-8")


if __name__ == "__main__":
    main()
