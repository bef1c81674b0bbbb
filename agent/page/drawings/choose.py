"""Chooses the drawing for a step."""

from collections.abc import Sequence

from agent.page.drawings.account import account
from agent.page.drawings.acts import acts
from agent.page.drawings.gatelight import evidence, terminal
from agent.page.drawings.keyboard import keyboard
from agent.page.drawings.layout import Drawing, Layout
from agent.page.drawings.login_screen import login_screen
from agent.page.drawings.menu_bar import menu_bar
from agent.page.drawings.message_window import message_window
from agent.page.drawings.settings_window import settings_window
from agent.page.drawings.step import layout_of, read_all, read_step


def drawing_for(step: str, layout: Layout, *, context: Sequence[str] = ()) -> Drawing | None:
    """The drawing for one step of a guide; None where there is nothing to see.

    `step`, and `context`, the steps before it, are Markdown of a guide with its placeholders filled. A step that names
    the other application is drawn for that one, whatever `layout` is.
    """
    if "Gatelight’s Settings" in step:
        # The page has the way to the field itself beside the step.
        return None
    told = read_step(step)
    place = layout_of(told, layout)
    # The particular comes before the general: a step that names a label is about that label, whatever else it says.
    return (
        keyboard(told, place)
        or evidence(told)
        or message_window(told, place)
        or menu_bar(told, place)
        or settings_window(told, place, read_all(context))
        or login_screen(told, place)
        or terminal(told)
        or account(told, place)
        or acts(told, place)
    )
