"""Run Aider's own coders over the corpus, and keep what came of each reply.

In an environment of its own with Aider's packages (pip install aider-chat), from the project's folder:
    PYTHONPATH=.:CHECKOUT python -m tests.parity.aider_edits.record --commit SHA -o outcomes.jsonl
As a user who may not write everywhere: some replies name files outside, and there Aider writes them.
The coders are made as Aider's benchmark makes them (no git, every question answered yes); no model is asked.
What another run would see in another order (a set of files) is sorted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .cases import TIMES, Case, cases

ELSEWHERE = "/tmp/aider-edits"  # where names in the corpus lead that begin with a slash
MESSAGES = ("SearchReplaceNoExactMatch", "UnifiedDiffNoMatch", "UnifiedDiffNotUnique")


class InOrder(set[str]):
    """A set of files that is gone through in order: Aider's own changes with each process."""

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(set.__iter__(self)))


def outcome(case: Case, full: bool) -> dict[str, Any]:
    from aider.coders import Coder
    from aider.io import InputOutput
    from aider.models import Model

    with tempfile.TemporaryDirectory() as outer:
        root = Path(outer).resolve() / "up" / "here"
        for path, text in {**case.place.chat, **case.place.others}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        before = snapshot(Path(outer))
        os.chdir(root)
        io = InputOutput(pretty=False, yes=True)
        coder = Coder.create(
            Model("gpt-3.5-turbo"),
            case.format,
            io,
            fnames=[str(root / path) for path in case.place.chat],
            use_git=False,
            stream=False,
            suggest_shell_commands=False,
        )
        coder.abs_fnames = InOrder(coder.abs_fnames)
        coder.choose_fence()
        chat = set(coder.abs_fnames)
        coder.reflected_message = None
        coder.partial_response_content = case.reply
        asks, errors = io.num_user_asks, io.num_error_outputs
        edited = [coder.abs_root_path(name) for name in coder.apply_updates() if name]
        after = snapshot(Path(outer))
        shutil.rmtree(ELSEWHERE, ignore_errors=True)
        os.chdir("/")
        here = f"{Path(outer).resolve()}/"

        def path_of(file: str) -> str:
            inside = os.path.relpath(file, root)
            if inside == ".." or inside.startswith("../"):
                return "/" + file.removeprefix(here)
            return inside

        changed = {path: text for path, text in after.items() if before.get(path) != text}
        said = coder.reflected_message
        return {
            "files": {
                path_of(here + path): text
                if full
                else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
                for path, text in sorted(changed.items())
            },
            "malformed": coder.num_malformed_responses,
            "reflected": said if full else said is not None,
            "failed": sum((said or "").count(message) for message in MESSAGES),
            "edited": sorted({path_of(file) for file in edited if Path(file).is_file()}),
            "added": sorted(path_of(file) for file in set(coder.abs_fnames) - chat if Path(file).is_file()),
            "asks": io.num_user_asks - asks,
            "errors": io.num_error_outputs - errors,
        }


def snapshot(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_bytes().decode("utf-8", "replace")
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--commit", required=True)
    parser.add_argument("-o", type=Path, required=True)
    parser.add_argument(
        "--full", action="store_true", help="whole texts instead of digests, to look into one"
    )
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--seed", default="")
    parser.add_argument("--only", default="", help="cases whose id begins so")
    options = parser.parse_args()
    file = options.o.absolute()
    log = sys.stderr
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    with file.open("w", encoding="utf-8") as out:
        out.write(json.dumps({"about": "Aider-AI/aider", "commit": options.commit}) + "\n")
        for number, case in enumerate(cases(options.times, options.seed)):
            if not case.id.startswith(options.only):
                continue
            try:
                found = {key: value for key, value in outcome(case, options.full).items() if value}
                row = {"id": case.id, "case": case.digest, **found}
            except BaseException as error:
                row = {"id": case.id, "case": case.digest, "broke": repr(error)}
            out.write(json.dumps(row) + "\n")
            if number % 100 == 0:
                print(number, case.id, file=log)


if __name__ == "__main__":
    main()
