"""Shapes and words of a drawing as SVG text: frames, buttons, boxes, and the one kind of mark that says "here".

Colours and type sizes are classes of the stylesheet in `style.py`, because the page's content policy forbids styles on
elements. Coordinates are units of the drawing; a drawing is `WIDTH` units wide.
"""

import re
from html import escape

WIDTH = 400
"""Width of a drawing in units. On a page 360 pixels wide one unit is 0.8 of a pixel, so 14 units are readable."""

TITLE, LABEL, STRONG, SMALL = 13, 14, 15, 13
"""Type sizes in units, as the stylesheet has them: window titles, labels, marked labels, remarks."""
LEADING = 19
"""Units from one line of a label to the next."""
BOX = 16
"""Side of a box to tick."""
BUTTON = 30
"""Height of a button."""
TITLE_BAR = 28
"""Height of a window's title bar."""

_EM = {
    0.30: "'IJijl",
    0.35: " ,./:;\\|",
    0.40: "()-[]ft",
    0.45: "!r",
    0.50: '"*_`’',
    0.55: "?csz“”",
    0.60: "FLkvxy–",
    0.65: "$0123456789EPSTYabdeghnopqu{}•",
    0.70: "ABCKRVXZ",
    0.75: "NU",
    0.80: "&DGHOQ",
    0.85: "#+<=>^w~",
    0.90: "M",
}
"""Widths of characters in em, those of DejaVu Sans rounded up: it is the widest common font, so a label fits in all."""
_WIDTHS = {character: width for width, characters in _EM.items() for character in characters}
_WIDEST = 1.0
_BOLD = 1.14
"""How much wider bold type is (DejaVu Sans Bold)."""
MONO = 0.61
"""Width of every character of a fixed-width font, in em (DejaVu Sans Mono)."""

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def width_of(text: str, size: float = LABEL, *, bold: bool = False) -> float:
    """The greatest width of a line of text, in units."""
    return sum(_WIDTHS.get(c, _WIDEST) for c in text) * size * (_BOLD if bold else 1.0)


def wrapped(text: str, width: float, size: float = LABEL, *, bold: bool = False) -> tuple[str, ...]:
    """The text in lines that fit. A single word that is too long stays whole."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines) or ("",)


def fitted(text: str, width: float, size: float = LABEL, *, bold: bool = False) -> str:
    """The text, cut off with "…" where it is too long; for values of the user, never for labels."""
    if width_of(text, size, bold=bold) <= width:
        return text
    while text and width_of(f"{text}…", size, bold=bold) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def xml_text(text: str) -> str:
    """The text for XML: escaped, and without the characters that XML forbids."""
    return escape(_NOT_IN_XML.sub("", text), quote=True)


def picture(height: float, body: str, alt: str) -> str:
    """The whole drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="img" viewBox="0 0 {WIDTH} {height:g}">'
        f"<title>{xml_text(alt)}</title>{body}</svg>"
    )


def rect(x: float, y: float, width: float, height: float, kind: str, *, corner: float = 3) -> str:
    """A rectangle of one of the stylesheet's kinds."""
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{corner:g}"/>'


def path(data: str, kind: str) -> str:
    """Lines and curves."""
    return f'<path class="{kind}" d="{data}"/>'


def disc(x: float, y: float, radius: float, kind: str) -> str:
    """A disc or a ring, by its centre."""
    return f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>'


def text_line(x: float, y: float, text: str, kind: str = "d-t") -> str:
    """One line of text; `y` is its base line. Kinds with an "m" at the end are centred on `x`."""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{xml_text(text)}</text>'


def lines(x: float, y: float, rows: tuple[str, ...], kind: str = "d-t") -> str:
    """Several lines as one text element, so that a search or a screen reader finds the label whole."""
    if len(rows) == 1:
        return text_line(x, y, rows[0], kind)
    spans = (
        f'<tspan x="{x:g}" y="{y + number * LEADING:g}">{xml_text(row)}{" " if number < len(rows) - 1 else ""}</tspan>'
        for number, row in enumerate(rows)
    )
    return f'<text class="{kind}">{"".join(spans)}</text>'


def bar(x: float, y: float, width: float, height: float = 8) -> str:
    """A grey bar in place of words that do not matter; `y` is its upper edge."""
    return rect(x, y, width, height, "d-bar", corner=height / 2)


def box(x: float, y: float, ticked: bool | None, *, marked: bool = False) -> str:
    """A box to tick. None: its state does not matter, and it is drawn as a grey square."""
    if ticked is None:
        return rect(x, y, BOX, BOX, "d-bar")
    shape = rect(x, y, BOX, BOX, "d-on" if marked else "d-field")
    return shape + path(f"M{x + 3.5:g} {y + 8.5:g}l3.5 3.5 6-8", "d-tick") if ticked else shape


def radio(x: float, y: float, chosen: bool | None, *, marked: bool = False) -> str:
    """A radio button in a square of side `BOX`. None: its state does not matter."""
    x, y, radius = x + BOX / 2, y + BOX / 2, BOX / 2
    if chosen is None:
        return disc(x, y, radius, "d-bar")
    shape = disc(x, y, radius, "d-on" if marked else "d-field")
    return shape + disc(x, y, 4, "d-dot") if chosen else shape


def window(x: float, y: float, width: float, height: float, title: str, tag: str = "") -> str:
    """A window's frame with its title, and the remark `tag` at the right of the title bar."""
    right = x + width
    controls = "".join(disc(right - 14 - 14 * n, y + TITLE_BAR / 2, 4, "d-bar") for n in range(3))
    parts = [
        rect(x, y, width, height, "d-frame", corner=7),
        path(f"M{x:g} {y + TITLE_BAR:g}h{width:g}", "d-line"),
        text_line(x + 12, y + 19, title, "d-w"),
        controls,
    ]
    if tag:
        parts.append(f'<text class="d-s d-e" x="{right - 62:g}" y="{y + 19:g}">{xml_text(tag)}</text>')
    return "".join(parts)


def button_width(label: str) -> float:
    """How wide a button with this label is."""
    return max(64.0, width_of(label, STRONG, bold=True) + 24)


def button(x: float, y: float, label: str, width: float, *, marked: bool = False) -> str:
    """A button; `x` and `y` are its upper left corner."""
    text = text_line(x + width / 2, y + 20, label, "d-b d-m" if marked else "d-t d-m")
    return rect(x, y, width, BUTTON, "d-on" if marked else "d-field", corner=5) + text


def pointer(x: float, y: float) -> str:
    """The mouse pointer, its tip at this place."""
    return path(f"M{x:g} {y:g}v21l5-4.6 3.6 8 4-1.8-3.6-7.8h6.6z", "d-hand")


def number(x: float, y: float, value: int) -> str:
    """A number in a disc, by its centre: the place of a mark in the order of clicks."""
    return disc(x, y, 10, "d-af") + text_line(x, y + 4.5, str(value), "d-n d-m")


def mark(content: str) -> str:
    """Content that the step names, as a group. The tests find every mark by this group."""
    return f'<g class="d-mark">{content}</g>'


def around(
    x: float, y: float, width: float, height: float, content: str, order: int | None, *, hand: bool | None = None
) -> str:
    """The content, marked: a frame in the accent colour around it, and a number or the mouse pointer.

    `order`: 1 for the first of several marks; None for the only one. `hand`: whether to draw the pointer; by default
    it is drawn where there is no number.
    """
    frame = rect(x, y, width, height, "d-a", corner=5)
    sign = "" if order is None else number(x, y + height / 2, order)
    if hand if hand is not None else order is None:
        sign += pointer(x + width - 16, y + height - 9)
    return mark(frame + content + sign)
