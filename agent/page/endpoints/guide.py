"""The guide to one problem: its steps with a drawing each, for the application and the layout of its windows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.core.guide import Guide
from agent.guides import in_general, load_guides
from agent.page.backend import Answer, Backend, Endpoint, Refused, text_field
from agent.page.drawings.layout import Drawing, Layout
from agent.tws.applications import ApplicationKind

_BOTH = re.compile(r"\bIn Mosaic, (?P<mosaic>.+?); in Classic, (?P<classic>.+?)\.$")
_EITHER = re.compile(r"(?P<mosaic>\*\*[^*]+\*\*) in Mosaic or (?P<classic>\*\*[^*]+\*\*) in Classic")
_SITE = "https://www.interactivebrokers.com/en"
LINKS = {
    "download page for Trader Workstation": f"{_SITE}/trading/tws-offline-stable.php",
    "download page for IB Gateway": f"{_SITE}/trading/ibgateway-stable.php",
    "system status page of Interactive Brokers": f"{_SITE}/software/systemStatus.php",
}
"""What guides name in words, and where it is."""
_TITLES = {Layout.MOSAIC: "TWS Mosaic", Layout.CLASSIC: "TWS Classic", Layout.GATEWAY: "IB Gateway"}


async def guide(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """The guide to a code; where the connection has this problem now, the steps of this very case."""
    code = text_field(asked, "code")
    found = load_guides().get(code)
    if found is None:
        raise Refused("There is no problem of that name.", 404)
    connection, problem = _current(backend.view(), asked.get("connection"), code)
    if problem is not None:
        kind = ApplicationKind((connection.get("application") or {}).get("kind", "unknown"))
        lists = list(of_case(kind, problem["steps"]))
    else:
        kind = ApplicationKind.UNKNOWN
        lists = list(_in_general(found))
    general = in_general(found, kind)
    return {
        "code": code,
        "current": problem is not None,
        "title": problem["title"] if problem is not None else general.title,
        "meaning": general.meaning,
        "more": general.more,
        "lists": lists,
    }


def _current(view: Answer, name: object, code: str) -> tuple[Answer, Answer | None]:
    for connection in view["connections"]:
        if connection["name"] == name:
            problem = next((p for p in connection["problems"] if p["code"] == code and p["visible"]), None)
            return connection, problem
    return {}, None


def of_case(kind: ApplicationKind, steps: Iterable[str]) -> Iterable[Answer]:
    """Steps of a case at hand as lists with drawings, one for each layout that can be meant."""
    steps = list(steps)
    if kind is ApplicationKind.UNKNOWN and any(step.startswith(("TWS: ", "IB Gateway: ")) for step in steps):
        yield {"layout": "", "title": "", "steps": [_told_apart(step, steps[:n]) for n, step in enumerate(steps)]}
        return
    for layout in Layout:
        if kind in (layout.kind, ApplicationKind.UNKNOWN):
            yield _list(layout, steps)


def _in_general(found: Guide) -> Iterable[Answer]:
    for layout in Layout:
        yield _list(layout, in_general(found, layout.kind).steps[layout.kind])


def _list(layout: Layout, steps: Sequence[str]) -> Answer:
    drawn = [(step, _drawing(step, layout, steps[:n])) for n, step in enumerate(steps)]
    return {
        "layout": layout.value,
        "title": _TITLES[layout],
        "steps": [_step(step_in(layout, step), drawing) for step, drawing in drawn],
    }


def _told_apart(step: str, before: Sequence[str]) -> Answer:
    """A step where the application is not known; those before it tell which window is open."""
    layout = Layout.GATEWAY if step.startswith("IB Gateway: ") else Layout.MOSAIC
    return _step(step, _drawing(step, layout, before))


def _drawing(step: str, layout: Layout, before: Sequence[str]) -> Drawing | None:
    # Loaded with the first guide: the first view of the page has none.
    from agent.page.drawings.choose import drawing_for

    return drawing_for(step, layout, context=before)


def _step(text: str, drawing: Drawing | None) -> Answer:
    if drawing is None:
        return {"text": linked(text)}
    return {"text": linked(text), "drawing": {"svg": drawing.svg, "alt": drawing.alt}}


def step_in(layout: Layout, step: str) -> str:
    """A step in the words for one layout: who has chosen one need not read about the other."""
    if layout is Layout.GATEWAY:
        return step
    if (both := _BOTH.search(step)) is not None:
        words = both[layout.value]
        return f"{step[: both.start()]}{words[:1].upper()}{words[1:]}."
    return _EITHER.sub(lambda found: found[layout.value], step)


def linked(step: str) -> str:
    """A step with what it names on the web as a link."""
    for words, address in LINKS.items():
        step = step.replace(words, f"[{words}]({address})")
    return step


ENDPOINTS = (Endpoint("GET", "guide", guide),)
