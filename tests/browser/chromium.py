"""A real Chromium, offline, that remembers what its pages did: what they asked for, said, and broke on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
)
PATIENCE_MS = 60_000  # for what comes in a moment, on a machine that may be busy
expect.set_options(timeout=PATIENCE_MS)
Scheme = Literal["light", "dark"]


def executable() -> str | None:
    """The browser's path: EVALKIT_CHROMIUM, else the first of `NAMES` that is installed."""
    named = os.environ.get("EVALKIT_CHROMIUM")
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Started, and ended with its driver. While it lives, this thread's event loop runs: no asyncio.run."""
    with sync_playwright() as playwright:
        # Chromium's own sandbox refuses root
        sandbox = os.getuid() != 0
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, chromium_sandbox=sandbox)
        yield browser
        browser.close()


class Watch:
    """Pages of one test, and what they did. `requests`: addresses other than the page's own and `data:`."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.requests: list[str] = []
        self.console: list[str] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []

    def open(
        self,
        path: Path,
        width: int = 1440,
        scheme: Scheme = "light",
        *,
        height: int = 900,
        script: bool = True,
        anchor: str = "",
        scale: float = 1,
        reduced_motion: bool = True,
    ) -> Page:
        """The page at `path#anchor`, loaded, in a fresh context without a network."""
        context = self._browser.new_context(
            offline=True,
            color_scheme=scheme,
            java_script_enabled=script,
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            reduced_motion="reduce" if reduced_motion else "no-preference",
            locale="en-GB",
            timezone_id="UTC",
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        own = path.resolve().as_uri()
        page.on("request", lambda request: self._asked(own, request.url))
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._asked_somebody)
        page.goto(f"{own}{anchor and '#'}{anchor}", wait_until="load")
        return page

    def _asked(self, own: str, url: str) -> None:
        if not url.startswith("data:") and url.partition("#")[0] != own:
            self.requests.append(url)

    def _asked_somebody(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def quiet(self) -> None:
        """That no page asked for anything, said anything, broke or opened a dialog."""
        assert (self.requests, self.console, self.errors, self.dialogs) == ([], [], [], [])
