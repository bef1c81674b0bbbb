from typing import Any, cast

import pytest

from agent.app.actions import Actions
from agent.app.page_host import PageError, PageHost
from agent.app.running import RunningAgent
from agent.core.events import Event, UserAsked, UserLooked
from agent.core.shown.display import OpenRelease, ShowSteps
from agent.platforms import opening
from agent.runtime.paths import find_places


class Page:
    """A page that is switched off, cannot be opened, or can."""

    def __init__(self, kind: str) -> None:
        self.enabled = kind != "off"
        self._broken = kind == "broken"

    def address_from_anywhere(self, view: str) -> str:
        if self._broken:
            raise PageError("The page cannot be opened.")
        return f"http://127.0.0.1:1/{view}"


class Loop:
    """A loop that writes down what it is handed."""

    def __init__(self) -> None:
        self.handed: list[Event] = []

    def post_from_anywhere(self, event: Event) -> None:
        self.handed.append(event)


def actions(loop: Any, page: str = "open") -> Actions:
    world: Any = None
    return Actions(
        RunningAgent(find_places(environ={}), loop, world, lambda: None),
        page=cast(PageHost, Page(page)),
        leave=lambda: None,
        fix=lambda _: None,
        refresh=lambda: None,
    )


@pytest.mark.parametrize(("page", "as_notice"), [("off", True), ("broken", True), ("open", False)])
def test_steps_are_asked_for_as_a_notice_where_no_page_shows_them(
    monkeypatch: pytest.MonkeyPatch, page: str, as_notice: bool
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(opening, "open_address", opened.append)
    loop: Any = Loop()
    clicks = actions(loop, page)
    clicks.act(ShowSteps("Paper", "api-silent"))

    assert loop.handed == [UserLooked(), UserAsked(ShowSteps("Paper", "api-silent", as_notice))]
    assert bool(opened) is not as_notice


def test_the_page_of_a_newer_version_is_opened_and_nothing_else_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(opening, "open_address", opened.append)
    loop = Loop()
    actions(loop, "off").act(OpenRelease("https://example.org/gatelight/"))

    assert (opened, loop.handed) == (["https://example.org/gatelight/"], [UserLooked()])


def test_a_browser_that_does_not_open_is_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: str) -> None:
        raise OSError(2, "No such file or directory")

    monkeypatch.setattr(opening, "open_address", broken)
    actions(Loop()).act(OpenRelease("https://example.org/gatelight/"))

    assert [r.message for r in caplog.records] == ["no browser could be opened (No such file or directory)"]
