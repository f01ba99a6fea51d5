"""evalkit doctor: what a run needs, whether it is here, and how to get it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from evalkit.cli.checks import checks_text, image_checks
from evalkit.cli.options import add_data, add_results
from evalkit.cli.parser import Parser
from evalkit.cli.text import Style, size
from evalkit.errors import EvalkitError
from evalkit.sandbox.doctor import Check, checks

ABOUT = """\
One line for each thing that a run may need. MISSING: nothing can be judged without it (exit code 1);
absent: some suites or models need it. Nothing is sent to any model, nothing is downloaded.
"""
EXAMPLES = """\
  evalkit doctor
  evalkit doctor --backend vllm
  evalkit doctor --results /data/results --json
"""
PYTHON = (3, 11)
SPACE = 2_000_000_000  # bytes: the judge's image, its cache, and runs


def main(words: Sequence[str]) -> int:
    parser = Parser("doctor", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("--json", action="store_true", help="one JSON object: ok, and the checks")
    add_results(parser)
    add_data(parser)
    parser.add_argument(
        "--backend", metavar="NAME", help="what this one needs, instead: vllm, ollama, hf, ..."
    )
    args = parser.read(words)

    if args.backend:
        from evalkit.cli.backends import backend_checks

        found = list(backend_checks(args.backend))
    else:
        found = list(all_checks(args.results, args.data))
    good = all(check.ok or not check.needed for check in found)
    if args.json:
        print(json.dumps({"ok": good, "checks": [asdict(check) for check in found]}))
    else:
        print(checks_text(found, Style()))
        ready = f"--model NAME --backend {args.backend}" if args.backend else "--model oracle"
        print(f"\nready: evalkit run mini {ready}" if good else "\nnot ready: mend what is MISSING")
    return 0 if good else 1


def all_checks(results: Path, data: str | None) -> Iterator[Check]:
    yield python_check()
    yield results_check(results)
    yield from checks()
    yield from image_checks()
    yield compose_check()
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


def compose_check() -> Check:
    from evalkit.sandbox.beside import compose_program

    found = compose_program()
    without = "none: tasks of several containers are not run"
    return Check("compose", bool(found), " ".join(found) or without, "apt-get install docker-compose")


def model_checks() -> Iterator[Check]:
    """Which keys and endpoints the environment has. Names only, never a key."""
    from evalkit.models.access import check_base_url
    from evalkit.models.catalog import load_catalog

    try:
        providers = load_catalog().providers.values()
    except EvalkitError as e:
        yield Check("catalog", False, e.message, e.hint or "mend it, or unset EVALKIT_MODELS")
        return
    names = dict.fromkeys(p.key_env for p in providers)
    here = [name for name in names if os.environ.get(name, "").strip()]
    fix = f"export your provider's ({next(iter(names))}, ...); oracle, null, replay and local ones need none"
    yield Check("API key", bool(here), ", ".join(here) or "none is set", fix)
    url = os.environ.get("OPENAI_BASE_URL", "")
    try:
        if url:
            check_base_url(url)
    except EvalkitError as e:
        yield Check("base URL", False, f"OPENAI_BASE_URL cannot be used: {e.message}", e.hint)
        return
    yield Check("base URL", True, f"OPENAI_BASE_URL is {url}" if url else "the catalog's, or --base-url URL")


def data_checks(data: str | None) -> Iterator[Check]:
    """Where each suite's data is: a file, or the cache that the hub's client keeps."""
    from evalkit.cli.suites import count_tasks
    from evalkit.registry import open_suite, suite_names

    for name in suite_names():
        try:
            suite = open_suite(name)
            tasks, source = count_tasks(suite, data)
        except EvalkitError as e:
            yield Check(f"suite {name}", False, e.message, e.hint)
            continue
        hub = suite.source().hub
        if tasks is not None:
            yield Check(f"suite {name}", True, f"{tasks} tasks, {source}")
        elif source.startswith("file"):
            yield Check(f"suite {name}", True, f"its tasks depend on its options, {source}")
        elif hub is not None and cached(hub.dataset):
            yield Check(f"suite {name}", True, f"fetched before, {source}")
        else:
            fix = "fetched when first used where the hub is in reach; else --data PATH or EVALKIT_DATA"
            yield Check(f"suite {name}", False, f"no data here, {source}", fix)


def cached(dataset: str) -> bool:
    """Whether the hub's client has fetched something of this data set."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    folder = os.environ.get("HF_HUB_CACHE") or Path(home) / "hub"
    return (Path(folder) / f"datasets--{dataset.replace('/', '--')}").expanduser().is_dir()
