"""Explain: a pasted line of log, a number or a code, and what it means."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from agent.core.as_json import as_json
from agent.guides import load_guides
from agent.page.backend import Answer, Backend, Endpoint, Refused, text_field
from agent.page.endpoints.guide import without_drawings
from agent.tws.applications import ApplicationKind

if TYPE_CHECKING:
    from agent.guides.explain import Explanation

_LONGEST = 50_000
"""Characters of a paste."""


async def explain_words(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """What some words mean."""
    given = text_field(asked, "words", _LONGEST).strip()
    if not given:
        raise Refused("Paste a line of a log, or type a notice number or a problem code.", 422)
    # Aside: a long paste takes a fifth of a second, in which heartbeats would wait.
    found = await asyncio.to_thread(_explanation, given, backend.view()["connections"])
    if found is None:
        raise Refused("Nothing in it is known: try a notice number, a problem code or another line of the log.", 422)
    answer: Answer = as_json(found)
    answer["steps"] = without_drawings(ApplicationKind.UNKNOWN, found.steps)["steps"]
    for cause, told in zip(found.causes, answer["causes"], strict=True):
        del told["steps"]
        told["lists"] = [without_drawings(one.application, one.steps) for one in cause.steps]
    return answer


def _explanation(words: str, connections: Iterable[Mapping[str, Any]]) -> "Explanation | None":
    # Loaded with the first question: its patterns take as long as the rest of the page.
    from agent.guides.explain import explain
    from agent.guides.seen_now import with_seen_now

    found = explain(words, load_guides())
    return None if found is None else with_seen_now(found, words, connections)


ENDPOINTS = (Endpoint("POST", "explain", explain_words),)
