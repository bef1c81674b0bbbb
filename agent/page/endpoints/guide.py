"""The guide to one problem: its steps with a drawing each, for the application and the layout of its windows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from agent.core.guide import Guide
from agent.core.told_steps import told_step
from agent.guides import in_general, load_guides
from agent.page.backend import Answer, Backend, Endpoint, Refused, text_field
from agent.page.drawings.layout import Drawing, Layout
from agent.tws.applications import ApplicationKind

_BOTH = re.compile(r"\bIn Mosaic, (?P<mosaic>.+?); in Classic, (?P<classic>.+?)\.$")
_EITHER = re.compile(r"(?P<mosaic>\*\*[^*]+\*\*) in Mosaic or (?P<classic>\*\*[^*]+\*\*) in Classic")
_SITE = "https://www.interactivebrokers.com/en"
LINKS = {
    "download page for Trader Workstation": ("Download Trader Workstation", f"{_SITE}/trading/tws-offline-stable.php"),
    "download page for IB Gateway": ("Download IB Gateway", f"{_SITE}/trading/ibgateway-stable.php"),
    "system status page of Interactive Brokers": ("System status of IB", f"{_SITE}/software/systemStatus.php"),
}
"""What guides name in words: the words of its button, and where it is."""
_SETTINGS = "Gatelight’s Settings"
OWN_FIELDS = {
    "Computer": "host",
    "API port": "port",
    "Client ID of Gatelight": "client_id",
    "Application": "application",
    "Live or paper": "trading_mode",
    "Your programs": "intent",
}
"""The fields of Gatelight's Settings that guides name, and their keys."""
OWN_FIXES = ("choose-app", "use-application", "use-client-id", "use-intent", "use-port", "use-trading-mode")
"""Fixes that fill in such a field."""
_TITLES = {Layout.MOSAIC: "Mosaic", Layout.CLASSIC: "Classic", Layout.GATEWAY: ""}


async def guide(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """The guide to a code; where the connection has this problem, or is on its way out of it, this case's steps."""
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
    at_hand = (connection.get("application") or {}).get("kind", "unknown")
    general = in_general(found, kind)
    return {
        "code": code,
        "current": problem is not None,
        "case": [] if problem is None else list(problem["steps"]),
        "title": problem["title"] if problem is not None else general.title,
        "meaning": general.meaning,
        "more": general.more,
        "application": at_hand,
        "lists": lists,
        "own_fixes": list(OWN_FIXES),
    }


def _current(view: Answer, name: object, code: str) -> tuple[Answer, Answer | None]:
    for connection in view["connections"]:
        if connection["name"] == name:
            present = (p for p in connection["problems"] if p["code"] == code and p["visible"])
            on_the_way = (p for p in view["under_way"] if (p["connection"], p["code"]) == (name, code))
            return connection, next(chain(present, on_the_way), None)
    return {}, None


def of_case(kind: ApplicationKind, steps: Iterable[str]) -> Iterable[Answer]:
    """Steps of a case at hand as lists with drawings, one for each layout that can be meant."""
    numbered = list(enumerate(steps, 1))
    for layout in Layout:
        if kind in (layout.kind, ApplicationKind.UNKNOWN):
            yield _list(layout, numbered)


def _in_general(found: Guide) -> Iterable[Answer]:
    for layout in Layout:
        yield _list(layout, list(enumerate(in_general(found, layout.kind).steps[layout.kind], 1)))


def without_drawings(kind: ApplicationKind, steps: Iterable[str]) -> Answer:
    """One application's steps as a list that has neither drawings nor layouts."""
    told = [(number, told_step(step)) for number, step in enumerate(steps, 1)]
    listed = [{"number": number, "way": one.way, **_step(one.text, None)} for number, one in told]
    return {"layout": "", "application": kind.value, "title": "", "steps": listed}


def _list(layout: Layout, numbered: Sequence[tuple[int, str]]) -> Answer:
    """The list for one layout: without the steps of the other application, each with its number among all of them."""
    before: list[str] = []
    listed = []
    for number, step in numbered:
        told = told_step(step)
        if told.application not in (layout.kind, ApplicationKind.UNKNOWN):
            continue
        shown = _step(step_in(layout, told.text), _drawing(told.text, layout, before))
        listed.append({"number": number, "way": told.way, **shown})
        before.append(told.text)
    return {
        "layout": layout.value,
        "application": layout.kind.value,
        "title": _TITLES[layout],
        "steps": listed,
    }


def _drawing(step: str, layout: Layout, before: Sequence[str]) -> Drawing | None:
    # Loaded with the first guide: the first view of the page has none.
    from agent.page.drawings.choose import drawing_for

    return drawing_for(step, layout, context=before)


def _step(text: str, drawing: Drawing | None) -> Answer:
    """A step, with its drawing, the pages on the web that it names, and the fields of Gatelight's Settings."""
    step: Answer = {"text": text}
    links = [{"label": label, "address": address} for words, (label, address) in LINKS.items() if words in text]
    named = _LABEL.findall(text) if _SETTINGS in text else []
    fields = [{"label": label, "key": OWN_FIELDS[label]} for label in named if label in OWN_FIELDS]
    if links:
        step["links"] = links
    if fields:
        step["fields"] = fields
    if drawing is not None:
        step["drawing"] = {"svg": drawing.svg, "alt": drawing.alt}
    return step


_LABEL = re.compile(r"\*\*([^*]+)\*\*")


def step_in(layout: Layout, step: str) -> str:
    """A step in the words for one layout: who has chosen one need not read about the other."""
    if layout is Layout.GATEWAY:
        return step
    if (both := _BOTH.search(step)) is not None:
        words = both[layout.value]
        return f"{step[: both.start()]}{words[:1].upper()}{words[1:]}."
    return _EITHER.sub(lambda found: found[layout.value], step)


ENDPOINTS = (Endpoint("GET", "guide", guide),)
