"""Keys that the user presses together."""

import re

from agent.page.drawings.canvas import TITLE_BAR, WIDTH, mark, path, picture, rect, width_of, window, xml_text
from agent.page.drawings.layout import Drawing, Layout
from agent.page.drawings.step import Step

_KEYS = re.compile(r"(?:(?:Ctrl|Alt|Shift)-)+.")
_KEY = 52
"""Height of a key."""
_BETWEEN = 30
_SIZE = 20
"""Type size on a key, as the stylesheet has it."""


def keyboard(step: Step, layout: Layout) -> Drawing | None:
    """Draw a step that presses keys; None for another step."""
    found = next((label for label in step.wanted if _KEYS.fullmatch(label)), None)
    if found is None:
        return None
    keys = re.split(r"-(?=.)", found)
    widths = [max(_KEY, width_of(key, _SIZE) + 24.0) for key in keys]
    x = (WIDTH - sum(widths) - _BETWEEN * (len(keys) - 1)) / 2
    top = 2 + TITLE_BAR + 30
    caps: list[str] = []
    spans: list[str] = []
    for key, width in zip(keys, widths, strict=True):
        if spans:
            spans.append(f'<tspan x="{x - _BETWEEN / 2:g}">-</tspan>')
        caps.append(
            rect(x, top, width, _KEY, "d-a", corner=8)
            + rect(x + 5, top + 4, width - 10, _KEY - 12, "d-field", corner=5)
        )
        caps.append(path(f"M{x + width / 2 - 7:g} {top - 16}h14l-7 9z", "d-af"))
        spans.append(f'<tspan x="{x + width / 2:g}">{xml_text(key)}</tspan>')
        x += width + _BETWEEN
    label = f'<text class="d-h d-m" y="{top + 30}">{"".join(spans)}</text>'
    height = top + _KEY + 24
    frame = window(2, 2, WIDTH - 4, height - 2, layout.program)
    alt = f"The window of {layout.application}, and over it the keys {found}, pressed together."
    return Drawing(picture(height + 2, frame + mark("".join(caps) + label), alt), alt)
