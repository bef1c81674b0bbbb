"""Waiting for what comes about by itself, with a generous limit."""

import asyncio
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds; far more than anything needs."""


async def until(so: Callable[[], object], what: str = "it did not come about") -> None:
    """Wait until a condition holds; fails with `what` where it does not."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not so():
        assert asyncio.get_running_loop().time() < deadline, what
        await asyncio.sleep(0.02)
