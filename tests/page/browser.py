"""A real browser for the page: the system's own Chromium, driven through Playwright; no browser is downloaded."""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright

from tests.desktop_session import need

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000
VIEWS = ("now", "problem", "limits", "explain", "settings", "about", "history")
Scheme = Literal["light", "dark"]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser; it ends with the context."""
    need("chromium")
    # As root there is no sandbox; elsewhere it stays on.
    flags = [flag for flag in FLAGS if flag != "--no-sandbox" or os.geteuid() == 0]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Tab:
    """One page in the browser, and everything it complained about or loaded."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    async def go(self, *parts: str) -> None:
        """Go to a view, as a link would."""
        await self.page.evaluate("(parts) => { location.hash = '/' + parts.map(encodeURIComponent).join('/') }", parts)
        await self.page.wait_for_function(
            "(name) => document.querySelector('main').dataset.view === name", arg=parts[0]
        )

    async def sees(self, text: str, within: str = "main") -> Locator:
        """Wait until some text is on the page."""
        found = self.page.locator(within).get_by_text(text).first
        await found.wait_for(timeout=PATIENCE_MS)
        return found

    async def text(self, within: str = "main") -> str:
        """All that is to be read."""
        return await self.page.locator(within).inner_text()

    async def violations(self) -> list[str]:
        """What axe-core finds wrong with what is shown."""
        results = await Axe().run(self.page, options={"resultTypes": ["violations"]})
        return [
            f"{found['id']}: {node['html'][:120]} ({node.get('failureSummary', '')})"
            for found in results.response["violations"]
            for node in found["nodes"]
        ]

    async def wide(self) -> int:
        """Pixels by which the page is wider than the window."""
        width: int = await self.page.evaluate(
            "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width

    async def focused(self) -> str:
        """Words of whatever has the focus."""
        words: str = await self.page.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText "
            "|| document.activeElement.id || document.activeElement.tagName).trim()"
        )
        return words


@asynccontextmanager
async def tab(
    browser: Browser, address: str, *, width: int = 1280, scheme: Scheme = "light", **more: Any
) -> AsyncIterator[Tab]:
    """The page opened as the opener does it; it fails when the page has complained about anything."""
    # What moves is drawn many times a second, and without a graphics card that is most of the work.
    calm = {"reduced_motion": "reduce", **more}
    context = await browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **calm)
    try:
        opened = Tab(await context.new_page())
        opened.page.set_default_timeout(PATIENCE_MS)
        opened.page.on("pageerror", lambda fault: opened.complaints.append(str(fault)))
        opened.page.on("console", lambda told: opened.complaints.append(told.text) if _is_wrong(told) else None)
        opened.page.on("request", lambda request: opened.loaded.append(request.url))
        await opened.page.goto(address)
        await opened.page.locator("main :is(h1, .cards)").first.wait_for(state="attached")
        yield opened
        assert opened.complaints == []
    finally:
        await context.close()


def _is_wrong(told: ConsoleMessage) -> bool:
    """Whether the page is to blame. A browser that has just begun may take the network of these tests, which has just
    begun as well, for one that changes; the page gets over that."""
    return told.type == "error" and "ERR_NETWORK_CHANGED" not in told.text


def elsewhere(loaded: Sequence[str], port: int) -> list[str]:
    """What was loaded from anywhere but the page's own server."""
    return [url for url in loaded if not url.startswith((f"http://127.0.0.1:{port}/", "data:image/svg+xml"))]
