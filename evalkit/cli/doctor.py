"""evalkit doctor: what a run needs, whether it is here, and how to get it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from evalkit.cli.checks import Check, checks_text
from evalkit.cli.options import add_data, add_results
from evalkit.cli.parser import Parser
from evalkit.cli.text import Style, size
from evalkit.errors import EvalkitError

ABOUT = """\
One line for each thing that a run may need. MISSING: nothing can be judged without it (exit code 1);
absent: some suites or models need it. Nothing is sent to any model, nothing is downloaded.
"""
EXAMPLES = """\
  evalkit doctor
  evalkit doctor --results /data/results --json
"""
PYTHON = (3, 11)
SPACE = 2_000_000_000  # bytes: the judge's image, its cache, and runs


def main(words: Sequence[str]) -> int:
    parser = Parser("doctor", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("--json", action="store_true", help="one JSON object: ok, and the checks")
    add_results(parser)
    add_data(parser)
    args = parser.read(words)

    checks = list(all_checks(args.results, args.data))
    good = all(check.ok or not check.needed for check in checks)
    if args.json:
        print(json.dumps({"ok": good, "checks": [check.to_json() for check in checks]}))
    else:
        print(checks_text(checks, Style()))
        print("\nready: evalkit run mini --model oracle" if good else "\nnot ready: mend what is MISSING")
    return 0 if good else 1


def all_checks(results: Path, data: str | None) -> Iterator[Check]:
    yield python_check()
    yield results_check(results)
    yield from sandbox_checks()
    yield from model_checks()
    yield from data_checks(data)


def python_check() -> Check:
    fix = "needs " + ".".join(map(str, PYTHON))
    return Check("python", sys.version_info >= PYTHON, platform.python_version(), fix, needed=True)


def results_check(results: Path) -> Check:
    """Whether runs can be written, and how much space there is for them."""
    folder = results.resolve()
    while not folder.exists():  # a run makes what is missing
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        why, fix = f"{folder} cannot be written to", "choose another: --results DIR"
        return Check("results", False, why, fix, needed=True)
    fix = f"free some, {size(SPACE)} at least"
    return Check("results", free >= SPACE, f"{results}, {size(free)} free", fix, needed=True)


def sandbox_checks() -> Iterator[Check]:
    from evalkit.sandbox import checks

    for found in checks():
        yield Check(found.name, found.ok, found.detail, found.fix, needed=found.needed)


def model_checks() -> Iterator[Check]:
    """Which keys and endpoints the environment has. Names only, never a key."""
    from evalkit.models.catalog import load_catalog

    try:
        providers = load_catalog().providers.values()
    except EvalkitError as e:
        yield Check("catalog", False, e.message, e.hint or "mend it, or unset EVALKIT_MODELS")
        return
    here = [p.key_env for p in providers if os.environ.get(p.key_env, "").strip()]
    names = ", ".join(sorted({p.key_env for p in providers}))
    fix = f"export one of {names}; oracle, null, replay and local endpoints need none"
    yield Check("API key", bool(here), ", ".join(here) or "none is set", fix)
    url = os.environ.get("OPENAI_BASE_URL", "")
    yield Check("base URL", True, f"OPENAI_BASE_URL is {url}" if url else "the catalog's, or --base-url URL")


def data_checks(data: str | None) -> Iterator[Check]:
    """Where each suite's data is. One that the hub would give counts as here if its client is."""
    from evalkit.cli.suites import count_tasks, hub_missing
    from evalkit.registry import open_suite, suite_names

    for name in suite_names():
        try:
            tasks, source = count_tasks(open_suite(name), data)
        except EvalkitError as e:
            yield Check(f"suite {name}", False, e.message, e.hint)
            continue
        if tasks is None:
            fix = "--data PATH or EVALKIT_DATA with the official file"
            ok = source.startswith("hub") and not hub_missing()
            yield Check(f"suite {name}", ok, f"not on this machine; {source}", fix)
        else:
            yield Check(f"suite {name}", True, f"{tasks} tasks, {source}")
