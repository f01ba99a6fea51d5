"""Cases for a grader: instance, prediction and log; real ones, small ones of our own, mutations of both.

The same wherever and whenever they are made: chance comes from the case's name. Nothing of evalkit is
imported, so that they can be made where the authors' package is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from .case import Case
from .mutations import CODE, END, START, with_mutations

OWN = Path(__file__).with_name("own.txt")
MUTATIONS_REAL, MUTATIONS_OWN = 24, 20


def own_cases() -> Iterator[Case]:
    for number, section in enumerate(OWN.read_text(encoding="utf-8").split("\n##### ")[1:]):
        yield from with_mutations(own_case(number, section), MUTATIONS_OWN)


def real_cases(data: Path) -> Iterator[Case]:
    """`data`: the folder with swebench/verified.jsonl and swebench/logs; see its README."""
    folder = data / "swebench"
    with (folder / "verified.jsonl").open(encoding="utf-8") as file:
        rows = {row["instance_id"]: row for row in map(json.loads, file)}
    for line in (folder / "logs" / "expected.jsonl").read_text(encoding="utf-8").splitlines():
        known = json.loads(line)
        row = {key: rows[known["instance_id"]][key] for key in KEYS}
        case = Case(known["log"], 0, row, (folder / "logs" / known["log"]).read_bytes())
        yield from with_mutations(case, MUTATIONS_REAL)


KEYS = (
    "instance_id",
    "repo",
    "version",
    "image",
    "log_parser",
    "eval_type",
    "eval_script",
    "FAIL_TO_PASS",
    "PASS_TO_PASS",
)


def own_case(number: int, section: str) -> Case:
    head, _, log = section.replace("␛", "\x1b").partition("\n---\n")
    title, *tests = head.split("\n")
    parser, *pairs = title.split()
    known = dict(pair.split("=") for pair in pairs)
    row = {
        "instance_id": known.get("id", f"evalkit__own-{number}"),
        "repo": "evalkit/own",
        "version": known.get("version", "1.0"),
        "image": "evalkit/own:latest",
        "log_parser": f"parse_log_{parser}",
        "eval_type": known.get("type", "pass_and_fail"),
        "eval_script": "#!/bin/bash\nset -uxo pipefail\nmake test\n",
        "FAIL_TO_PASS": json.dumps([test[5:] for test in tests if test.startswith("F2P: ")]),
        "PASS_TO_PASS": [test[5:] for test in tests if test.startswith("P2P: ")],
    }
    return Case(f"own:{parser}:{number}", 0, row, enclosed(log.rstrip("\n"), known["exit"]))


def enclosed(log: str, code: str) -> bytes:
    before = f"+ git status\nOn branch main\nHEAD is now at 1234567 Base\n+ : '{START}'\n"
    after = f"\n+ SWEBENCH_TEST_EXIT_CODE={code}\n+ : '{END}'\n+ echo '{CODE}: {code}'\n{CODE}: {code}\n"
    return (before + log + after + "+ git checkout 1234567 tests\nUpdated 1 path from 89abcde\n").encode()
