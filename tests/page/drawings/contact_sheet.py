"""All drawings on one page, to look at: every step of every guide in every layout it has.

Run: python -m tests.page.drawings.contact_sheet FILE [WORD], then open FILE. WORD: only the steps that hold it.
"""

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from agent.core.guide import fill
from agent.guides import load_guides
from agent.page.drawings import STYLE, Drawing, Layout, drawing_for

VALUES = {
    "port": "4002",
    "actual": "7497",
    "address": "172.17.0.2",
    "owner": "nginx",
    "client_id": "7",
    "until": "05:45",
    "due": "Sunday 07:00",
    "wanted": "paper",
    "other": "IB Gateway",
    "boxes": "Bypass Order Precautions for API Orders; Bypass Bond warning for API Orders.",
    "first_step": "Where TWS or IB Gateway runs outside WSL, set `host` to 172.28.16.1.",
    "programs": "quantower",
}
"""What stands in the guides' placeholders."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drawings</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 16px; font: 15px/1.45 system-ui, sans-serif; background: Canvas; color: CanvasText; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 28px 24px; }}
figure {{ margin: 0; }} figcaption {{ margin-bottom: 8px; overflow-wrap: break-word; }}
small {{ opacity: .7; }}
{style}
</style></head>
<body><main>
{figures}
</main></body></html>
"""


def all_drawings() -> Iterator[tuple[str, Layout, str, Drawing | None]]:
    """Guide, layout, step and drawing, each distinct picture once."""
    seen: set[str] = set()
    for code, guide in load_guides().items():
        values = VALUES | ({"wanted": "TWS"} if code == "wrong-application" else {})
        for layout in Layout:
            steps = [fill(step, values) for step in guide.steps[layout.kind]]
            for number, step in enumerate(steps):
                drawing = drawing_for(step, layout, context=steps[:number])
                if drawing is None or drawing.svg not in seen:
                    seen.add(drawing.svg if drawing is not None else "")
                    yield code, layout, step, drawing


def sheet(word: str = "") -> str:
    """The page."""
    figures = [
        f"<figure><figcaption>{escape(step)}<br><small>{code}, {layout}</small></figcaption>{drawing.svg}</figure>"
        for code, layout, step, drawing in all_drawings()
        if drawing is not None and word in step
    ]
    return _PAGE.format(style=STYLE, figures="\n".join(figures))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(sheet(*sys.argv[2:]), encoding="utf-8")
