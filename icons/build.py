"""Builds the icons that installers and notices use from the drawings in `agent/tray/artwork.py`.

Run in the checkout after a change of the artwork: `python icons/build.py`. A test fails while they differ.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from PIL import Image  # noqa: E402

from agent.core.shown.display import IconState  # noqa: E402
from agent.tray.artwork import Background, icon_picture, information, tick_mark  # noqa: E402

PROGRAM = "gatelight"
"""The program's own icon shows what its users like to see."""

NOTICES = {
    "notice-error": IconState.PROBLEM,
    "notice-warning": IconState.WARNING,
    "notice-info": None,
    "notice-over": IconState.CONNECTED,
}
"""Icons of notices by severity, and the one for a problem that is over. None: mere information, which is no state."""

WINDOWS_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
"""Pixels in an .ico: Windows asks for 16, 32, 48 at scale 1 and for the others at 125 % and more."""

MAC_SIZES = (16, 32, 64, 128, 256, 512)
"""Pixels in an .icns."""

NOTICE_SIZE = 64
"""Pixels: what notification services show at scale 1 and a half."""


def drawn(state: IconState | None, size: int) -> Image.Image:
    """What the file for a state is made of."""
    return information(size) if state is None else icon_picture(state, size, Background.ANY)


def vector() -> str:
    """The program's icon as SVG, for icon themes."""
    side = 64
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in tick_mark(lambda part: 3 + part * (side - 6)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {side} {side}">\n'
        '  <circle cx="32" cy="32" r="30.5" fill="#22a054" stroke="#1a1d22" stroke-width="3"/>\n'
        f'  <polyline points="{points}" fill="none" stroke="#fff" stroke-width="8.6"'
        ' stroke-linecap="round" stroke-linejoin="round"/>\n'
        "</svg>\n"
    )


def _save_ico(state: IconState | None, path: Path, sizes: tuple[int, ...]) -> None:
    first, *others = (drawn(state, size) for size in reversed(sizes))
    first.save(path, format="ICO", sizes=[(n, n) for n in sizes], append_images=others)


def build(folder: Path) -> None:
    """Write every icon file into `folder`."""
    drawn(IconState.CONNECTED, 256).save(folder / f"{PROGRAM}.png", optimize=True)
    _save_ico(IconState.CONNECTED, folder / f"{PROGRAM}.ico", WINDOWS_SIZES)
    first, *others = (drawn(IconState.CONNECTED, size) for size in reversed(MAC_SIZES))
    first.save(folder / f"{PROGRAM}.icns", append_images=others)
    (folder / f"{PROGRAM}.svg").write_text(vector(), encoding="utf-8")
    for name, state in NOTICES.items():
        drawn(state, NOTICE_SIZE).save(folder / f"{name}.png", optimize=True)
        _save_ico(state, folder / f"{name}.ico", (16, 32, 48))


if __name__ == "__main__":
    build(HERE)
