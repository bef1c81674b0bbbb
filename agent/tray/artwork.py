"""The icon's pictures: each state has its own shape and colour, drawn sharp at the requested size.

A user who cannot tell the colours apart can tell the shapes: a square with a cross, a triangle, a question mark, an
open ring, an hourglass, a crescent, two bars, a disc with a tick. Every picture is RGBA, because Windows swaps the
colours of other formats.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from PIL import Image, ImageChops, ImageDraw

from agent.core.shown.display import IconState

SIZES = (16, 22, 24, 32, 48, 64)
"""Sizes in pixels that panels ask for: 16 and 22 to 24 at scale 1, the others at scale 2 and in overviews."""

_SUPERSAMPLING = 4
"""Pictures are drawn this many times larger and averaged down. Slopes get smooth; edges on whole pixels stay sharp."""

_RIM_DIRECTIONS = 24
"""The rim is the union of the shape moved in this many directions; more directions would not change a pixel."""

Colour: TypeAlias = tuple[int, int, int]
_Point: TypeAlias = tuple[float, float]


class Background(StrEnum):
    """The background that the icon lies on."""

    LIGHT = "light"
    DARK = "dark"
    ANY = "any"
    """Not known: the picture must be clear on both."""
    WHITE = "white"
    """High contrast is on, with dark on white."""
    BLACK = "black"
    """High contrast is on, with light on black."""


_WHITE: Colour = (255, 255, 255)
_INK: Colour = (26, 29, 34)
_BLACK: Colour = (0, 0, 0)


class _Stencil:
    """One layer of a picture of `size` pixels; its shapes are painted. Coordinates are pixels of the result."""

    def __init__(self, size: int) -> None:
        side = size * _SUPERSAMPLING
        self.size = size
        self.mask = Image.new("L", (side, side), 0)
        self._draw = ImageDraw.Draw(self.mask)

    def disc(self, centre: _Point, radius: float, fill: int = 255) -> None:
        x, y, r = (v * _SUPERSAMPLING for v in (*centre, radius))
        self._draw.ellipse((x - r, y - r, x + r - 1, y + r - 1), fill=fill)

    def polygon(self, *points: _Point) -> None:
        self._draw.polygon([(x * _SUPERSAMPLING, y * _SUPERSAMPLING) for x, y in points], fill=255)

    def box(self, left: float, top: float, right: float, bottom: float, corner: float = 0.0) -> None:
        left, top, right, bottom = (v * _SUPERSAMPLING for v in (left, top, right, bottom))
        self._draw.rounded_rectangle((left, top, right - 1, bottom - 1), radius=corner * _SUPERSAMPLING, fill=255)

    def stroke(self, width: float, *points: _Point) -> None:
        """A line with round ends and corners."""
        line = [(x * _SUPERSAMPLING, y * _SUPERSAMPLING) for x, y in points]
        self._draw.line(line, fill=255, width=round(width * _SUPERSAMPLING), joint="curve")
        for point in points:
            self.disc(point, width / 2)

    def arc(self, centre: _Point, radius: float, width: float, start: float, end: float) -> None:
        """Part of a ring with round ends, clockwise, in degrees from three o'clock."""
        steps = max(8, int(abs(end - start) / 6))
        angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
        points = [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]
        self.stroke(width, *points)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Positions in a picture of `size` pixels, on whole pixels wherever an edge is straight."""

    size: int

    @property
    def rim(self) -> int:
        """Width of the outline in pixels: one pixel on a panel of usual size."""
        return max(1, round(self.size / 24))

    @property
    def middle(self) -> float:
        return self.size / 2

    def at(self, part: float) -> float:
        """The position of a part, 0 to 1, of the way between the edges of the shape; may be between two pixels."""
        return self.rim + part * (self.size - 2 * self.rim)

    def on(self, part: float) -> int:
        """The same, on a whole pixel."""
        return round(self.at(part))

    @property
    def bar(self) -> int:
        """Width of an upright stroke. It is even, so that the stroke can be centred without blur."""
        return 2 * max(1, round(self.size / 16))


def _tick_disc(grid: _Grid, body: _Stencil, mark: _Stencil) -> None:
    body.disc((grid.middle, grid.middle), grid.middle - grid.rim)
    mark.stroke(grid.size * 0.135, *tick_mark(grid.at))


def tick_mark(at: Callable[[float], float]) -> tuple[_Point, ...]:
    """The corners of the tick. `at` gives the position of a part, 0 to 1, of the width."""
    return ((at(0.24), at(0.53)), (at(0.43), at(0.71)), (at(0.76), at(0.32)))


def _cross_square(grid: _Grid, body: _Stencil, mark: _Stencil) -> None:
    body.box(grid.rim, grid.rim, grid.size - grid.rim, grid.size - grid.rim, corner=grid.size * 0.13)
    near, far = grid.at(0.27), grid.at(0.73)
    mark.stroke(grid.size * 0.145, (near, near), (far, far))
    mark.stroke(grid.size * 0.145, (near, far), (far, near))


def _triangle(grid: _Grid, body: _Stencil, mark: _Stencil) -> None:
    corner = grid.size * 0.06
    left, right, top, bottom = grid.rim + corner, grid.size - grid.rim - corner, grid.rim + corner, grid.on(0.97)
    body.polygon((grid.middle, top), (right, bottom - corner), (left, bottom - corner))
    body.stroke(2 * corner, (grid.middle, top), (right, bottom - corner), (left, bottom - corner), (grid.middle, top))
    half = grid.bar / 2
    dot_top = bottom - grid.on(0.09) - grid.bar + grid.rim
    gap = max(1, round(grid.size / 16))
    mark.box(grid.middle - half, grid.on(0.34), grid.middle + half, dot_top - gap, corner=half * 0.5)
    mark.box(grid.middle - half, dot_top, grid.middle + half, dot_top + grid.bar, corner=half * 0.5)


def _question(grid: _Grid, body: _Stencil, mark: _Stencil) -> None:
    width = grid.size * 0.17
    radius = grid.size * 0.25
    top = grid.rim + width / 2 + radius
    body.arc((grid.middle, top), radius, width, 180, 410)
    end = math.radians(410)
    elbow = (grid.middle + radius * math.cos(end), top + radius * math.sin(end))
    body.stroke(width, elbow, (grid.middle, grid.at(0.53)), (grid.middle, grid.at(0.63)))
    dot = 2 * round(width * 0.62)
    bottom = grid.size - grid.rim
    body.box(grid.middle - dot / 2, bottom - dot, grid.middle + dot / 2, bottom, corner=dot / 2)


def _open_ring(grid: _Grid, body: _Stencil, mark: _Stencil) -> None:
    width = grid.size * 0.17
    radius = grid.middle - grid.rim - width / 2
    body.arc((grid.middle, grid.middle), radius, width, -10, 265)
    body.disc((grid.middle, grid.middle), grid.size * 0.155)


def _hourglass(grid: _Grid, body: _Stencil, mark: _Stencil) -> None:
    left, right = grid.on(0.16), grid.size - grid.on(0.16)
    top, bottom = grid.rim, grid.size - grid.rim
    cap = max(2, round(grid.size * 0.14))
    inset, waist = grid.size * 0.05, grid.size * 0.055
    body.box(left, top, right, top + cap, corner=cap * 0.35)
    body.box(left, bottom - cap, right, bottom, corner=cap * 0.35)
    for edge, towards in ((top + cap - 1, 1), (bottom - cap + 1, -1)):
        neck = grid.middle + towards * 0.5
        body.polygon(
            (left + inset, edge), (right - inset, edge), (grid.middle + waist, neck), (grid.middle - waist, neck)
        )


def _crescent(grid: _Grid, body: _Stencil, mark: _Stencil) -> None:
    body.disc((grid.middle, grid.middle), grid.middle - grid.rim)
    body.disc((grid.at(0.72), grid.at(0.33)), grid.size * 0.36, fill=0)


def _letter_disc(grid: _Grid, body: _Stencil, mark: _Stencil) -> None:
    body.disc((grid.middle, grid.middle), grid.middle - grid.rim)
    half = grid.bar / 2
    top, stem, bottom = grid.on(0.2), grid.on(0.42), grid.on(0.8)
    mark.box(grid.middle - half, top, grid.middle + half, top + grid.bar, corner=half * 0.5)
    mark.box(grid.middle - half, stem, grid.middle + half, bottom, corner=half * 0.5)


def _two_bars(grid: _Grid, body: _Stencil, mark: _Stencil) -> None:
    top, bottom = grid.on(0.06), grid.size - grid.on(0.06)
    width = max(4, round(grid.size * 0.25))
    gap = max(2 * grid.rim + 2, round(grid.size * 0.18))
    outer = round((grid.size - gap) / 2) - width
    for left in (outer, grid.size - outer - width):
        body.box(left, top, left + width, bottom, corner=grid.size * 0.05)


@dataclass(frozen=True, slots=True)
class _Look:
    """How one state is drawn."""

    shape: Callable[[_Grid, _Stencil, _Stencil], None]
    bright: Colour
    """Colour of the shape on an unknown background: contrast at least 3 to 1 with a dark panel, which hides the rim."""
    deep: Colour
    """Colour of the shape on a known background: contrasts with a light panel, and with the white rim on a dark one."""
    mark: Colour = _WHITE


_LOOKS: dict[IconState, _Look] = {
    IconState.PROBLEM: _Look(_cross_square, (226, 58, 48), (200, 38, 30)),
    IconState.WARNING: _Look(_triangle, (247, 181, 0), (247, 181, 0), mark=_INK),
    IconState.UNKNOWN: _Look(_question, (190, 134, 240), (124, 58, 190)),
    IconState.CONNECTING: _Look(_open_ring, (72, 156, 245), (20, 102, 200)),
    IconState.WAITING: _Look(_hourglass, (168, 178, 190), (92, 102, 114)),
    IconState.MAINTENANCE: _Look(_crescent, (122, 150, 238), (60, 84, 180)),
    IconState.PAUSED: _Look(_two_bars, (168, 178, 190), (92, 102, 114)),
    IconState.CONNECTED: _Look(_tick_disc, (34, 160, 84), (22, 128, 64)),
}


_INFORMATION = _Look(_letter_disc, (72, 156, 245), (20, 102, 200))


@lru_cache(maxsize=64)
def icon_picture(state: IconState, size: int, background: Background = Background.ANY) -> Image.Image:
    """The picture of a state, `size` pixels square, RGBA. Callers share the picture, so they must not draw on it."""
    return _drawn(_coloured(_LOOKS[state], background), size, background)


def information(size: int) -> Image.Image:
    """The picture of a notice that is neither good nor bad news. No state of the icon uses it."""
    return _drawn(_INFORMATION, size, Background.ANY)


def _drawn(look: _Look, size: int, background: Background) -> Image.Image:
    grid, body, mark = _Grid(size), _Stencil(size), _Stencil(size)
    look.shape(grid, body, mark)
    side = size * _SUPERSAMPLING
    rim = _rim_colour(look, background)
    image = Image.new("RGBA", (side, side), (*rim, 0))
    image.paste((*rim, 255), mask=_widened(body.mask, grid.rim * _SUPERSAMPLING))
    image.paste((*(look.bright if background is Background.ANY else look.deep), 255), mask=body.mask)
    image.paste((*look.mark, 255), mask=mark.mask)
    return _averaged(image)


def _coloured(look: _Look, background: Background) -> _Look:
    """The look on a background. High contrast has no colours: the shape alone tells the state, in black and white."""
    match background:
        case Background.WHITE:
            return _Look(look.shape, _BLACK, _BLACK, mark=_WHITE)
        case Background.BLACK:
            return _Look(look.shape, _WHITE, _WHITE, mark=_BLACK)
        case _:
            return look


def _rim_colour(look: _Look, background: Background) -> Colour:
    """The colour of the rim. On a known panel white sets the shape off; on an unknown one ink harms neither."""
    match background:
        case Background.DARK:
            return _WHITE
        # A white rim has the colour of the panel, and keeps close lines apart.
        case Background.LIGHT if look.mark is not _INK:
            return _WHITE
        case Background.WHITE:
            return _WHITE
        case Background.BLACK:
            return _BLACK
        case _:
            return _INK


def _widened(mask: Image.Image, by: int) -> Image.Image:
    """The mask grown by `by` pixels in every direction."""
    grown = mask
    for step in range(_RIM_DIRECTIONS):
        angle = 2 * math.pi * step / _RIM_DIRECTIONS
        moved = ImageChops.offset(mask, round(by * math.cos(angle)), round(by * math.sin(angle)))
        grown = ImageChops.lighter(grown, moved)
    return grown


def _averaged(image: Image.Image) -> Image.Image:
    """The image at its real size. Colours are weighted by opacity, so that no dark fringe appears."""
    return image.convert("RGBa").reduce(_SUPERSAMPLING).convert("RGBA")


def argb(image: Image.Image) -> bytes:
    """The pixels in the order of a StatusNotifierItem: alpha, red, green, blue, row by row from the top."""
    red, green, blue, alpha = image.convert("RGBA").split()
    return Image.merge("RGBA", (alpha, red, green, blue)).tobytes()
