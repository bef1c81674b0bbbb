"""The market data self-test: started on a click and never otherwise; its result, each symbol with its remedy."""

from collections.abc import Iterable, Mapping
from typing import Any

from agent.core.commands import AskDataTest
from agent.page.backend import Answer, Backend, Endpoint, Refused, said
from agent.page.endpoints.guide import of_case
from agent.tws.applications import ApplicationKind

_MOST_SYMBOLS = 20
"""Entries of a request that are looked at; how many can be tested at a time is the agent's business."""


async def read_data_test(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """The run under way, else the latest one."""
    answer = said(await backend.ask(AskDataTest(str(asked.get("name", "")))))
    return {**_drawn(answer, backend.view()), "configured": list(backend.settings.checks.test_symbols)}


async def start_data_test(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Start one."""
    symbols = asked.get("symbols")
    if not isinstance(symbols, list) or len(symbols) > _MOST_SYMBOLS:
        raise Refused(f"“symbols” must be a list of at most {_MOST_SYMBOLS} texts.")
    answer = await backend.ask(AskDataTest(str(asked.get("name", "")), tuple(symbols)))
    return _drawn(said(answer), backend.view())


def _drawn(answer: Answer, view: Answer) -> Answer:
    """The answer with the steps of each symbol as lists with drawings."""
    test = answer.get("data_test")
    if test is None:
        return answer
    kind = _kind(view, test["connection"])
    results = [
        {
            **one,
            "lists": _lists(kind, one["steps"]),
            "history": {**one["history"], "lists": _lists(kind, one["history"]["steps"])},
        }
        for one in test["results"]
    ]
    return {**answer, "data_test": {**test, "results": results}}


def _lists(kind: ApplicationKind, steps: Iterable[str]) -> list[Answer]:
    return list(of_case(kind, steps)) if steps else []


def _kind(view: Answer, name: str) -> ApplicationKind:
    found: Answer = next((one for one in view["connections"] if one["name"] == name), {})
    return ApplicationKind((found.get("application") or {}).get("kind", "unknown"))


ENDPOINTS = (Endpoint("GET", "data-test", read_data_test), Endpoint("POST", "data-test", start_data_test))
