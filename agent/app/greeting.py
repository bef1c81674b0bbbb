"""What the user is told at the first start on a desktop: what Gatelight does now, and where its icon is."""

import sys

from agent.core.problem import Severity
from agent.core.shown.display import TEXT_LIMIT, MenuEntry, Notice, OpenPage
from agent.core.shown.menu import tooltip
from agent.core.shown.status import Status
from agent.core.text import shortened

FIRST_START = "Gatelight watches from here"
_PLACES = {
    "win32": "at the right end of the taskbar, perhaps behind the arrow",
    "darwin": "in the menu bar",
}


def greeting(status: Status, *, page: bool, system: str = sys.platform) -> Notice:
    """The notice. `page`: a click on the icon opens the page; without one its menu tells all."""
    click = "a click on it opens its page" if page else "its menu tells what is wrong and what to do"
    where = f"Gatelight’s icon is {_PLACES.get(system, 'in the panel')}: {click}."
    now = ". ".join(tooltip(status).splitlines())
    text = f"{shortened(now, TEXT_LIMIT - len(where) - 2)}. {where}"
    offers = (MenuEntry("Open Gatelight page", OpenPage()),) if page else ()
    return Notice("gatelight/first-start", Severity.INFO, FIRST_START, text, offers=offers)
