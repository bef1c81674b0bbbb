"""Fixes: what one would do is read first, and the yes belongs to exactly what was read."""

from collections.abc import Mapping
from typing import Any

from agent.page.desk import Answer, Desk, Endpoint, said, text_of


async def question(desk: Desk, asked: Mapping[str, Any]) -> Answer:
    """What a fix would change, and the digest that names this very text."""
    return said(
        await desk.ask({"command": "fix", "connection": text_of(asked, "connection"), "id": text_of(asked, "id")})
    )


async def yes(desk: Desk, asked: Mapping[str, Any]) -> Answer:
    """Do it, if it is still what was read."""
    wish = {name: text_of(asked, name) for name in ("connection", "id", "digest")}
    return said(await desk.ask({"command": "fix", "asker": "page", **wish}))


ENDPOINTS = (
    Endpoint("POST", "fix/question", question),
    Endpoint("POST", "fix/yes", yes, seconds=60.0),
)
