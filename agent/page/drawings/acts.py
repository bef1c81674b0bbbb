"""A strip of little pictures: what a step does to the application as a whole, in order."""

import re

from agent.page.drawings.canvas import WIDTH, path, picture, text_line
from agent.page.drawings.layout import Drawing, Layout
from agent.page.drawings.little_pictures import HEIGHT, PICTURES, SAID, WIDE, Act
from agent.page.drawings.step import Step

_PROGRAM = r"(?:tws|ib gateway|the application)"
_PHRASES: tuple[tuple[str, tuple[Act, ...]], ...] = (
    (rf"\bbring the (?:{_PROGRAM}|application) window to the front\b", (Act.FRONT,)),
    (r"\bclose every (?:other )?tws or ib gateway\b|\bonly one tws or ib gateway runs\b", (Act.CLOSE_OTHERS,)),
    (r"\bclose watchlists and charts in tws\b", (Act.CLOSE_CHARTS,)),
    (rf"\brestart {_PROGRAM}\b", (Act.CLOSE, Act.START)),
    (rf"\bclose {_PROGRAM}\b|\b{_PROGRAM} does not react, close it\b", (Act.CLOSE,)),
    (rf"(?<!scripts )\bstart (?:{_PROGRAM}|it again|the new version)(?= |[.,]|$)", (Act.START,)),
    (r"(?<!ready to )\blog in\b(?! to )|\bstart the log-in again\b", (Act.LOG_IN,)),
    (r"\blog-in screen or the main window\b", (Act.LOG_IN_SCREEN,)),
    (r"\bconfirm the [^.]*\bphone\b", (Act.PHONE,)),
    (r"\bmain window\b[^.]*\bis open\b|\bruns there and is logged in\b", (Act.MAIN_WINDOW,)),
    (r"\bis locked, unlock it\b", (Act.UNLOCK,)),
    (r"\bmessage window\b|\blook for messages\b", (Act.MESSAGE,)),
)
"""Phrases of guides, and the pictures for each."""
_FORBIDDEN = re.compile(r"^do not\b|^never\b")
_BETWEEN = 34
"""Units between two pictures: room for an arrow."""
_LINE = 14
"""Units below a row of pictures: room for the mouse pointer."""


def acts(step: Step, layout: Layout) -> Drawing | None:
    """Draw a step that does something to the application as a whole; None for another step."""
    found = _found(step)
    if not found:
        return None
    either = Act.LOG_IN_SCREEN in found
    rows = _in_rows(found)
    parts = []
    for row, several in enumerate(rows):
        pictures = _row(several, found, layout, either=either)
        parts.append(f'<g transform="translate(0 {row * (HEIGHT + _LINE)})">{pictures}</g>' if row else pictures)
    height = len(rows) * (HEIGHT + _LINE)
    alt = f"{layout.application}: {(', or ' if either else ', then ').join(SAID[act] for act in found)}."
    return Drawing(picture(height, "".join(parts), alt), alt)


def _in_rows(found: tuple[Act, ...]) -> list[list[Act]]:
    """Two pictures in each row; a wide one has a row of its own."""
    rows: list[list[Act]] = []
    for act in found:
        if rows and len(rows[-1]) == 1 and act not in WIDE and rows[-1][0] not in WIDE:
            rows[-1].append(act)
        else:
            rows.append([act])
    return rows


def _row(several: list[Act], found: tuple[Act, ...], layout: Layout, *, either: bool) -> str:
    """One row of pictures. `either`: one of them is enough; otherwise they follow each other."""
    width = (WIDTH - 8 - _BETWEEN * (len(several) - 1)) / len(several)
    parts = []
    for position, act in enumerate(several):
        left = 4 + position * (width + _BETWEEN)
        order = found.index(act) + 1 if len(found) > 1 and not either else None
        parts.append(PICTURES[act](left, width, layout, order))
        middle = left - _BETWEEN / 2
        if position and either:
            parts.append(text_line(middle, HEIGHT / 2 + 4, "or", "d-s d-m"))
        elif position:
            parts.append(path(f"M{middle - 9:g} {HEIGHT / 2:g}h18m-7-6l7 6-7 6", "d-line"))
    return "".join(parts)


def _found(step: Step) -> tuple[Act, ...]:
    if _FORBIDDEN.search(step.words):
        return ()
    places = [
        (match.start(), order, act)
        for pattern, several in _PHRASES
        for match in [re.search(pattern, step.words)]
        if match is not None
        for order, act in enumerate(several)
    ]
    return tuple(dict.fromkeys(act for _, _, act in sorted(places, key=lambda place: place[:2])))
