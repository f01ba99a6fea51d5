"""What a test asks a page: its width, what a screen reader would meet, the text and style of cells."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def findings(page: Page) -> list[str]:
    """What axe-core finds wrong, one line each: rule, its words, the first elements concerned."""
    page.evaluate(_axe())
    ask = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
    found: list[dict[str, Any]] = page.evaluate(ask, RULES)["violations"]
    return [f"{f['id']}: {f['help']}: {[n['html'][:200] for n in f['nodes'][:3]]}" for f in found]
