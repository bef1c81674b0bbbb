"""All drawings on one page, to look at: every picture of every guide once, with the step it belongs to.

Run: python -m tests.page.drawings.contact_sheet FILE [GUIDE], then open FILE in a browser.
"""

import sys
from html import escape
from pathlib import Path

from agent.page.drawings.style import STYLE
from tests.page.drawings.all_steps import Told, all_steps

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drawings</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 16px; font: 15px/1.45 system-ui, sans-serif; background: Canvas; color: CanvasText; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 28px 24px; }}
figure {{ margin: 0; }}
figcaption {{ margin-bottom: 8px; overflow-wrap: break-word; }}
{style}
</style></head>
<body><main>
{figures}
</main></body></html>
"""


def _figure(told: Told, svg: str) -> str:
    return f"<figure><figcaption>{escape(told.step)}<br>{told}</figcaption>{svg}</figure>"


def sheet(guide: str = "") -> str:
    """The page, of one guide or of all."""
    pictures: dict[str, Told] = {}
    for told in all_steps():
        if told.drawing is not None and guide in ("", told.code):
            pictures.setdefault(told.drawing.svg, told)
    return _PAGE.format(style=STYLE, figures="\n".join(_figure(told, svg) for svg, told in pictures.items()))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(sheet(*sys.argv[2:]), encoding="utf-8")
