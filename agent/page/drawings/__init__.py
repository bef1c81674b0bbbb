"""Drawings."""

from agent.page.drawings.choose import drawing_for
from agent.page.drawings.layout import Drawing, Layout
from agent.page.drawings.style import STYLE

__all__ = ["STYLE", "Drawing", "Layout", "drawing_for"]
