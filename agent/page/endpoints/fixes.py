"""Fixes: what one would do is read first, and the yes belongs to exactly what was read."""

from collections.abc import Mapping
from typing import Any

from agent.core.fix import Asker
from agent.core.shown.display import AskFix, DoFix
from agent.page.backend import Answer, Backend, Endpoint, said, text_field


async def fix_question(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """What a fix would change, and the digest that names this very text."""
    return said(await backend.ask(AskFix(text_field(asked, "id"), text_field(asked, "connection"))))


async def yes(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Do it, if it is still what was read."""
    fix, connection, digest = (text_field(asked, name) for name in ("id", "connection", "digest"))
    return said(await backend.ask(DoFix(fix, connection, digest, Asker.PAGE)))


ENDPOINTS = (
    Endpoint("POST", "fix/question", fix_question),
    Endpoint("POST", "fix/yes", yes, seconds=60.0),
)
