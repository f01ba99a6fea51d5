"""How long the dashboard of a year takes to make, how large it is, and how fast it opens in Chromium.

    python benchmarks/nightly_page.py                 18 series x 365 nights x 500 tasks: some minutes
    python benchmarks/nightly_page.py --nights 60 --rounds 3 --json
    python benchmarks/nightly_page.py --write-docs        and put the table into docs/nightly.md

The nights are made up (seeded) and written as records, from which everything is made as by `evalkit nightly
report`: read, watched and dated, then the page. The page is opened from its file: "opened" is the time from
the start of the navigation until it is loaded and laid out; "map drawn" that from a click which opens the
section of a series until its map of all tasks and nights is drawn, "sorted" until it is in another order.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from tqdm import tqdm

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from playwright.sync_api import Page  # noqa: E402
from race import machine  # noqa: E402

from evalkit.nightly.history import Night  # noqa: E402
from evalkit.nightly.look import look  # noqa: E402
from evalkit.nightly.page import page as made  # noqa: E402
from evalkit.nightly.plan import Plan, read_plan  # noqa: E402
from evalkit.nightly.record import Record, write_record  # noqa: E402
from tests.browser.chromium import chromium, executable  # noqa: E402

DOCS = HERE.parent / "docs" / "nightly.md"
MODELS = ("ada", "bob", "cleo")
BETA = 0.31  # both parameters: mean p (1 - p) of .10
LAST = date(2026, 11, 26)
OTHERWISE = ("failed/wrong", "failed/timeout", "failed/no_answer", "failed/truncated")  # how samples fail
OFTEN = (0.9, 0.04, 0.02, 0.04)
DROP = 30  # nights before the last: one series gets worse

MAP = """async (at) => {
  const section = document.querySelectorAll("details.series:not([open])")[at];
  const place = section.querySelector(".heat"), began = performance.now();
  section.querySelector("summary").click();
  place.scrollIntoView({ behavior: "instant" });
  while (!place.dataset.ready) await new Promise((go) => setTimeout(go));
  const map = performance.now() - began;
  const order = place.querySelectorAll("select")[1], again = performance.now();
  order.value = "flips";
  order.dispatchEvent(new Event("change"));
  document.body.getBoundingClientRect();
  return [map, performance.now() - again];
}"""


def plan(folder: Path, suites: int) -> Plan:
    """A file that names suites and models; nothing is run."""
    text = f'[night]\nname = "year"\nresults = {json.dumps(str(folder / "results"))}\n'
    text += "".join(f'[[models]]\nname = "oracle-{model}"\nlabel = "{model}"\n' for model in MODELS)
    text += "".join(f'[[suites]]\nname = "mini"\nlabel = "suite {n + 1}"\n' for n in range(suites))
    path = folder / "year.toml"
    path.write_text(text)
    return read_plan(path)


def records(plan: Plan, nights: int, tasks: int) -> None:
    names = [f"project__project-{i:05d}" for i in range(tasks)]
    for number, cell in enumerate(tqdm(plan.cells, "records", file=sys.stderr)):
        dice = np.random.default_rng(number)
        before = dice.beta(BETA, BETA, tasks)
        after = np.where(np.arange(tasks) % 12 == 0, before * 0.1, before) if not number else before
        for at in range(nights):
            day = LAST - timedelta(nights - 1 - at)
            passed = dice.random(tasks) < (after if at >= nights - DROP else before)
            how = dice.choice(len(OTHERWISE), tasks, p=OFTEN)
            reasons = {n: OTHERWISE[h] for n, k, h in zip(names, passed, how, strict=True) if not k}
            night = Night(
                day,
                f"run-{cell.series}",
                {name: (int(k), 1) for name, k in zip(names, passed, strict=True)},
                tasks,
                facts={"engine": "vLLM 0.11.1" if at >= nights - DROP else "vLLM 0.11.0"},
                used={"cost": 12 + dice.normal(), "input_tokens": 4e7, "seconds": 9000 + 500 * dice.normal()},
                ends={"passed": int(passed.sum()), **Counter(reasons.values())},
                reasons=reasons,
                simulated=True,
            )
            folder = plan.folder / day.isoformat()
            folder.mkdir(parents=True, exist_ok=True)
            write_record(Record(night, cell.series, cell.suite, cell.model), folder)


def build(plan: Plan, out: Path) -> dict[str, Any]:
    began = time.process_time()
    outlook = look(plan)
    looked = time.process_time()
    text = made(outlook, plan="year.toml", folder=plan.folder)
    done = time.process_time()
    out.write_text(text)
    again = made(outlook, plan="year.toml", folder=plan.folder)
    return {
        "series": len(outlook.standings),
        "look_s": round(looked - began, 2),
        "page_s": round(done - looked, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "size_mb": round(out.stat().st_size / 1e6, 3),
        "same_twice": text == again,
    }


def opened(page: Page, path: Path) -> float:
    page.goto("about:blank")
    page.goto(path.as_uri(), wait_until="load")
    return float(page.evaluate("document.body.getBoundingClientRect() && performance.now()"))


def answers(path: Path, rounds: int) -> dict[str, Any]:
    """Medians over `rounds`, in milliseconds."""
    browser_path = executable()
    if browser_path is None:
        raise SystemExit("no Chromium: scripts/browser installs one, EVALKIT_CHROMIUM names another")
    opens, maps = [], []
    with chromium(browser_path) as browser:
        version = browser.version
        page = browser.new_context(offline=True, viewport={"width": 1440, "height": 900}).new_page()
        for number in range(rounds):
            opens.append(opened(page, path))
            maps.append(page.evaluate(MAP, number))
        nodes = page.locator("*").count()
    drawn, sorts = zip(*maps, strict=True)
    return {
        "chromium": version,
        "open_ms": round(median(opens)),
        "map_ms": round(median(drawn)),
        "sort_ms": round(median(sorts)),
        "nodes": nodes,
    }


def measure(suites: int, nights: int, tasks: int, rounds: int, folder: Path) -> dict[str, Any]:
    asked = plan(folder, suites)
    records(asked, nights, tasks)
    out = folder / "index.html"
    facts = {"date": str(date.today()), "nights": nights, "tasks": tasks, "rounds": rounds}
    found = build(asked, out) | answers(out, rounds)
    return facts | found | {"load": round(os.getloadavg()[0], 1), "machine": machine.facts()}


FIGURES = {  # name: heading, and what is asked
    "look_s": ("read, watched, dated, CPU s", ""),
    "page_s": ("page made, CPU s", ""),
    "peak_mb": ("memory, MB", ""),
    "size_mb": ("page, MB", "a few"),
    "open_ms": ("opened, ms", "about 1,000"),
    "map_ms": ("map drawn after a click, ms", "200"),
    "sort_ms": ("map sorted, ms", ""),
    "nodes": ("elements", ""),
}


def table(found: dict[str, Any]) -> str:
    heads, asked = zip(*FIGURES.values(), strict=True)
    size = f"{found['series']} series x {found['nights']} nights x {found['tasks']} tasks"
    head = f"| {size} | {' | '.join(heads)} |"
    rows = [
        f"| {found['date']}, Chromium {found['chromium']}, load {found['load']} "
        f"| {' | '.join(f'{found[name]:,}' for name in FIGURES)} |",
        f"| asked | {' | '.join(asked)} |",
    ]
    return "\n".join([head, "|" + "---|" * (len(FIGURES) + 1), *rows])


def write_docs(found: dict[str, Any]) -> None:
    text = DOCS.read_text()
    new = re.sub(
        r"(<!-- page -->\n).*?(<!-- /page -->)", lambda m: m[1] + table(found) + "\n" + m[2], text, flags=re.S
    )
    DOCS.write_text(new)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--suites", type=int, default=6, help=f"with {len(MODELS)} models each (default: 6)")
    p.add_argument("--nights", type=int, default=365, help="(default: 365)")
    p.add_argument("--tasks", type=int, default=500, help="(default: 500)")
    p.add_argument("--rounds", type=int, default=5, help="how often the page is opened (default: 5)")
    p.add_argument("--json", action="store_true", help="the last line of stdout is one JSON object")
    p.add_argument("--write-docs", action="store_true", help="put the table into docs/nightly.md")
    args = p.parse_args()
    with tempfile.TemporaryDirectory(prefix="evalkit-nightly-") as scratch:
        found = measure(args.suites, args.nights, args.tasks, args.rounds, Path(scratch))
    print(table(found))
    if args.write_docs:
        write_docs(found)
    if args.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
