"""The diagnostics bundle in a real browser: read first, then taken as a file; nothing is written without that."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Browser

from agent.history.recording.recorder import RECORDING_FOLDER
from tests.page.browser import Tab, tab
from tests.page.living import LivingAgent

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOOK_MS = 90_000
"""Milliseconds that a thorough look may take at most."""


async def prepared(shown: Tab) -> None:
    await shown.go("about")
    await shown.page.get_by_role("button", name="Prepare a bundle").click()
    await shown.page.get_by_role("button", name="Download").wait_for(timeout=LOOK_MS)


async def test_it_is_listed_and_read_before_it_is_taken(agent: LivingAgent, browser: Browser, tmp_path: Path) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await prepared(shown)
        names = await shown.page.locator("#bundle details > summary").all_inner_texts()
        await shown.page.locator("#bundle summary", has_text="doctor.json").click()
        read = await shown.page.locator("#bundle details[open] pre").inner_text()
        async with shown.page.expect_download() as taken:
            await shown.page.get_by_role("button", name="Download").click()
        download = await taken.value
        await download.save_as(tmp_path / "taken.zip")

        assert [name.split(" ")[0] for name in names] == [
            *("about.txt", "configuration.toml", "doctor.json", "status.json", "history.json")
        ]
        assert '"overall": "connected"' in read
        assert await shown.violations() == []
    with zipfile.ZipFile(io.BytesIO((tmp_path / "taken.zip").read_bytes())) as archive:
        doctor = json.loads(archive.read("doctor.json"))

    assert download.suggested_filename.startswith("gatelight-bundle-")
    assert [one["phase"] for one in doctor["connections"]] == ["connected"]
    assert list(agent.places.data.glob("*.zip")) == []


@pytest.mark.parametrize("width", [360, 1280])
async def test_it_fits_a_narrow_window(width: int, agent: LivingAgent, browser: Browser) -> None:
    folder = agent.places.data / RECORDING_FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "00000001.jsonl").write_text(json.dumps({"long": "word" * 2_000}) + "\n")
    try:
        async with tab(browser, await agent.page.address(), width=width) as shown:
            await prepared(shown)
            for summary in await shown.page.locator("#bundle summary").all():
                await summary.click()

            assert await shown.wide() <= 0
            assert "recording.jsonl" in await shown.text()
    finally:
        (folder / "00000001.jsonl").unlink()
        folder.rmdir()
