"""How long a report over many samples takes to build, how large it is, and how fast it answers in Chromium.

    python benchmarks/report.py                    two runs of 50,000 samples each, written first: a minute
    python benchmarks/report.py --samples 5000 --rounds 3 --json
    python benchmarks/report.py --write-docs           and put the figures into docs/performance.md

The runs are written through the store (tests/report/synthetic.py); `evalkit report` makes the page of one
and of both. The page is opened by its permalink: `rows` is the time from the start of the navigation until
the first rows of the list are there and laid out. Sorting is a press of a heading until the sorted rows are
laid out, for each column; filtering a word typed into the search; flips the differences of two runs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from playwright.sync_api import Page  # noqa: E402
from race import machine  # noqa: E402
from race import page as docs  # noqa: E402

from tests.browser.chromium import chromium, executable  # noqa: E402
from tests.report.synthetic import synthetic_run  # noqa: E402

SORT = """async (at) => {
  const button = document.querySelectorAll("dialog thead button")[at], began = performance.now();
  const first = () => document.querySelector("dialog thead [aria-sort] button")?.dataset.name;
  button.click();
  while (first() !== button.dataset.name) await 0;
  document.body.getBoundingClientRect();
  return performance.now() - began;
}"""
FILTER = """async (text) => {
  const [input, output] = ["input", "output"].map((one) => document.querySelector(`dialog ${one}`));
  const before = output.textContent, began = performance.now();
  input.value = text;
  input.dispatchEvent(new Event("input"));
  while (output.textContent === before) await 0;
  document.body.getBoundingClientRect();
  return performance.now() - began;
}"""
FLIPS = """async (pair) => {
  const title = document.querySelector("#drill-title"), before = title.textContent, began = performance.now();
  location.hash = `#flips=${pair}`;
  while (title.textContent === before) await new Promise((go) => setTimeout(go));
  document.body.getBoundingClientRect();
  return performance.now() - began;
}"""


def build(runs: list[Path], out: Path) -> dict[str, Any]:
    """By the command itself, in a process of its own."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "evalkit", "report", *map(str, runs), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "runs": len(runs),
        "build_s": round(time.perf_counter() - began, 2),
        "build_cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "peak_mb": round(after.ru_maxrss / 1000),
        "size_mb": round(out.stat().st_size / 1e6, 3),
    }


def rows(page: Page, path: Path, run: str) -> float:
    """Milliseconds until the list's first rows are laid out."""
    page.goto("about:blank")
    page.goto(f"{path.as_uri()}#run={run}")
    page.locator("dialog[open] tbody a").first.wait_for()
    return float(page.evaluate("document.body.getBoundingClientRect() && performance.now()"))


def answers(path: Path, rounds: int) -> dict[str, Any]:
    """Medians over `rounds`, in milliseconds; of sorting, the slowest column's."""
    browser_path = executable()
    if browser_path is None:
        raise SystemExit("no Chromium: scripts/browser installs one, EVALKIT_CHROMIUM names another")
    opened, sorts, filters, flips = [], [], [], []
    with chromium(browser_path) as browser:
        version = browser.version
        page = browser.new_context(offline=True, viewport={"width": 1440, "height": 900}).new_page()
        page.goto(path.as_uri())
        links = page.locator("a[data-run]").evaluate_all("links => links.map(link => link.dataset.run)")
        ids = list(dict.fromkeys(links))
        for _ in range(rounds):
            opened.append(rows(page, path, ids[0]))
            columns = page.locator("dialog thead button").count()
            sorts.append([page.evaluate(SORT, at) for at in range(columns)])
            filters.append(page.evaluate(FILTER, "99"))
            if len(ids) > 1:
                flips.append(page.evaluate(FLIPS, "~".join(ids[:2])))
        nodes = page.locator("*").count()
    by_column = [median(times) for times in zip(*sorts, strict=True)]
    return {
        "chromium": version,
        "rows_ms": round(median(opened)),
        "sort_ms": round(max(by_column)),
        "filter_ms": round(median(filters)),
        **({"flips_ms": round(median(flips))} if flips else {}),
        "nodes": nodes,
    }


def measure(samples: int, rounds: int, folder: Path) -> dict[str, Any]:
    began = time.perf_counter()
    models = ("one-model", "other-model")
    runs = [
        synthetic_run(folder / model, samples, model=model, seed=seed, share=0.6 - seed / 50)
        for seed, model in enumerate(models)
    ]
    written = round(time.perf_counter() - began, 1)
    blocks = []
    for number in (1, 2):
        out = folder / f"{number}.html"
        blocks.append(build(runs[:number], out) | answers(out, rounds))
        print(json.dumps(blocks[-1]), file=sys.stderr)
    facts = {"date": str(date.today()), "samples": samples, "rounds": rounds, "written_s": written}
    return {**facts, "load": round(os.getloadavg()[0], 1), "machine": machine.facts(), "blocks": blocks}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--samples", type=int, default=50_000, help="samples a run (default: 50,000)")
    p.add_argument("--rounds", type=int, default=5, help="how often the page is opened (default: 5)")
    p.add_argument("--json", action="store_true", help="the last line of stdout is one JSON object")
    p.add_argument(
        "--write-docs",
        nargs="?",
        type=Path,
        const=HERE.parent / "docs",
        metavar="DIR",
        help="write performance.md with these figures (default: docs)",
    )
    args = p.parse_args()
    with tempfile.TemporaryDirectory(prefix="evalkit-report-") as scratch:
        summary = measure(args.samples, args.rounds, Path(scratch))
    for block in summary["blocks"]:
        print("  ".join(f"{name} {value}" for name, value in block.items()))
    if args.write_docs:
        docs.write("report", summary, args.write_docs)
    if args.json:
        print(json.dumps(summary))


if __name__ == "__main__":
    main()
