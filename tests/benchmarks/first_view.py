"""How long the status page takes to be there, from the click to what is painted. Run it by hand.

`python -m tests.benchmarks.first_view [ROUNDS]`: each round starts an agent of its own on one simulated IB Gateway and
opens its page twice, in a browser that runs already: the first time loads the server as well. Printed are medians of
the seconds from asking the agent for the address (as the menu, a notice and `gatelight` do) to the first paint and to
the connection's card. Baseline: one sentence of HTML from a plain server in the same browser.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from playwright.async_api import Browser

from agent.runtime.control.channel import request
from agent.runtime.paths import Places, find_places
from agent.simulator.world import SimulatedApplication
from tests.benchmarks.table import seconds, spread
from tests.page.browser import chromium

WATCH = """new MutationObserver((_, watch) => {
  if (!document.querySelector(".card")) return;
  requestAnimationFrame(() => { window.card = performance.timeOrigin + performance.now(); });
  watch.disconnect();
}).observe(document, {childList: true, subtree: true});"""
"""Notes when the card is drawn."""

SEEN = """(wanted) => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  if (!paint || (wanted && !window.card)) return null;
  const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const sizes = loaded.map((e) => e.transferSize);
  return [performance.timeOrigin + paint.startTime, window.card ?? 0, sizes.reduce((a, b) => a + b), sizes.length];
}"""
"""When something and when the card was painted (epoch milliseconds), bytes transferred, and in how many requests."""

PLAIN = b"<!doctype html><title>Plain</title><p>Nothing but this."


@dataclass(frozen=True)
class Opening:
    """One opening of a page, seconds since it was asked for."""

    painted: float
    card: float
    sent: int
    """Bytes."""
    requests: int


async def opening(browser: Browser, asked: Callable[[], str], *, card: bool = True) -> Opening:
    """Ask for an address and look at its page."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    tab = await context.new_page()
    await tab.add_init_script(WATCH)
    began = time.time()
    await tab.goto(await asyncio.to_thread(asked), wait_until="commit")
    handle = await tab.wait_for_function(SEEN, arg=card)
    painted, drawn, sent, requests = await handle.json_value()
    await context.close()
    return Opening(painted / 1000 - began, drawn / 1000 - began, sent, requests)


async def plain(browser: Browser, rounds: int) -> list[Opening]:
    """A page of one sentence."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(PLAIN)}\r\n\r\n"
        writer.write(head.encode() + PLAIN)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        return [await opening(browser, lambda: address, card=False) for _ in range(rounds)]


def page_of(places: Places) -> str:
    """The address of the page, as whoever opens it gets it."""
    return str(request(places, {"command": "page"})["url"])


async def round_of(browser: Browser, folder: Path, port: int) -> tuple[Opening, Opening]:
    """The first and the second opening of one agent."""
    places = find_places(folder / "config.toml", folder / "data", environ={})
    folder.mkdir()  # noqa: ASYNC240 - nothing else runs here
    places.config.write_text(f'[[connections]]\nname = "Paper Gateway"\napplication = "gateway"\nport = {port}\n')
    options = ("--no-tray", "--config", str(places.config), "--data-dir", str(places.data))
    agent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", "run", *options), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await asyncio.sleep(3.0)
        first = await opening(browser, partial(page_of, places))
        await asyncio.sleep(1.0)
        return first, await opening(browser, partial(page_of, places))
    finally:
        agent.terminate()
        await agent.wait()


async def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="gatelight-view-") as name:
        folder = Path(name)
        async with await SimulatedApplication.start(folder / "gateway") as gateway, chromium() as browser:
            bare = [one.painted for one in await plain(browser, rounds)]
            made = [await round_of(browser, folder / str(n), gateway.asked_port) for n in range(rounds)]
    print(f"plain sentence: painted {spread(bare)}")
    for title, openings in zip(("first opening", "second opening"), zip(*made, strict=True), strict=True):
        painted = [one.painted for one in openings]
        more = seconds(statistics.median(painted) - statistics.median(bare))
        print(f"{title}: painted {spread(painted)}, {more} more than that; card {spread([o.card for o in openings])}")
    print(f"{openings[-1].sent / 1000:.0f} kB in {openings[-1].requests} requests until then")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
