"""What the two sides say of an instance, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .patches import KINDS

WANTED = {"gold": "resolved", "empty": "empty_patch", "wrong": "unresolved", "breaks": "unresolved"}


def differences(result: Mapping[str, Any]) -> list[str]:
    """Where ours differs from the official one, in class or in a test; and what is not as it should be."""
    found = []
    for kind in KINDS:
        theirs, ours = result["official"][kind], result["ours"][kind]
        if theirs["class"] != ours["class"]:
            found.append(
                f"{kind}: officially {theirs['class']}, ours {ours['class']} ({ours['detail'][:200]})"
            )
        if theirs["class"] != WANTED[kind]:
            found.append(f"{kind}: {theirs['class']} instead of {WANTED[kind]}")
        if theirs["report"] is not None and (differ := tests_of(theirs["report"]) ^ our_tests(ours)):
            found.append(f"{kind}: {len(differ)} tests differ: {sorted(differ)[:3]}")
        if ours["strict"] is not None and (ours["strict"] == "passed") != (ours["class"] == "resolved"):
            found.append(f"{kind}: strict {ours['strict']} ({ours['strict_why']})")
    if (report := result["official"]["breaks"]["report"]) and not lists(report, "PASS_TO_PASS")["failure"]:
        found.append("breaks: no PASS_TO_PASS failed")
    return found


def tests_of(report: Mapping[str, Any]) -> set[tuple[str, bool]]:
    return {
        (name, passed)
        for lists in report.get("tests_status", {}).values()
        for key, passed in (("success", True), ("failure", False))
        for name in lists[key]
    }


def our_tests(told: Mapping[str, Any]) -> set[tuple[str, bool]]:
    return {(name, True) for name in told["passed"]} | {(name, False) for name in told["failed"]}


def lists(report: Mapping[str, Any], key: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = report.get("tests_status", {}).get(key, {"success": [], "failure": []})
    return found


def table(results: Sequence[Mapping[str, Any]]) -> str:
    """One row an instance. Of both sides, where they say the same; `differ` says where they do not."""
    head = ["instance", "build s", "MB", "tests s", *KINDS, "broken P2P", "strict gold", "differ"]
    rows = [head, ["---"] * len(head), *(row(result) for result in results)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row(result: Mapping[str, Any]) -> list[str]:
    official, ours = result["official"], result["ours"]
    broken = lists(official["breaks"]["report"] or {}, "PASS_TO_PASS")
    seconds = f"{official['gold']['test_s'] or 0:.0f}, {ours['gold']['measured'].get('test_s', 0):.0f}"
    return [
        result["task"],
        f"{result['build_s']:.0f}",
        f"{result['bytes'] / 1e6:.0f}",
        seconds,
        *(official[kind]["class"] for kind in KINDS),
        f"{len(broken['failure'])} of {len(broken['failure']) + len(broken['success'])}",
        str(ours["gold"]["strict"] or "-"),
        "; ".join(differences(result)) or "no",
    ]
