"""A browser, and an agent for which all is well, one of each for every file of tests that wants them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.page.browser import chromium
from tests.page.living import LivingAgent, living_agent


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def living(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LivingAgent]:
    async with living_agent(tmp_path_factory.mktemp("agent")) as one:
        await one.world.connected()
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def agent(living: LivingAgent) -> AsyncIterator[LivingAgent]:
    """The same agent for each test of a file, with one connection in its configuration, as it was before."""
    before = living.places.config.read_text()
    yield living
    living.places.config.write_text(before)
