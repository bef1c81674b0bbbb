import itertools
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from agent.channels.texts import icons_folder
from agent.core.shown.display import IconState
from agent.tray.artwork import SIZES, Background, argb, icon_picture
from icons.build import build

ALL = [(state, background) for state in IconState for background in Background]
PANELS = {
    Background.LIGHT: [245],
    Background.DARK: [32],
    Background.ANY: [245, 32],
    Background.WHITE: [255],
    Background.BLACK: [0],
}
"""Grey values of the panels each variant is made for."""


def on_panel(state: IconState, size: int, background: Background, grey: int) -> Image.Image:
    """What is seen on a panel of this grey by somebody who sees no colours."""
    panel = Image.new("RGBA", (size, size), (grey, grey, grey, 255))
    return Image.alpha_composite(panel, icon_picture(state, size, background)).convert("L")


def set_off(state: IconState, background: Background, grey: int) -> Image.Image:
    """Black and white: what stands out from the panel."""
    panel = Image.new("L", (16, 16), grey)
    return ImageChops.difference(on_panel(state, 16, background, grey), panel).point(lambda d: 255 * (d > 60))


def share(image: Image.Image) -> float:
    """The share of pixels that are not black."""
    return 1 - image.histogram()[0] / (image.width * image.height)


@pytest.mark.parametrize(("background", "grey"), [(b, g) for b, greys in PANELS.items() for g in greys])
def test_every_two_states_differ_in_shape_at_16_pixels_without_colour(background: Background, grey: int) -> None:
    for one, other in itertools.combinations(IconState, 2):
        differing = share(ImageChops.difference(set_off(one, background, grey), set_off(other, background, grey)))

        assert differing >= 0.12, (one, other, differing)


def test_every_two_outlines_differ_even_when_filled_with_one_colour() -> None:
    for one, other in itertools.combinations(IconState, 2):
        outlines = [icon_picture(state, 16).getchannel("A").point(lambda a: 255 * (a > 127)) for state in (one, other)]

        assert share(ImageChops.difference(*outlines)) >= 0.08, (one, other)


@pytest.mark.parametrize(("state", "background"), ALL)
def test_pictures_are_rgba_with_clear_corners_at_every_size(state: IconState, background: Background) -> None:
    for size in SIZES:
        image = icon_picture(state, size, background)

        assert (image.mode, image.size) == ("RGBA", (size, size))
        assert all(image.getpixel((x, y))[3] < 128 for x in (0, size - 1) for y in (0, size - 1))  # type: ignore[index]


@pytest.mark.parametrize(("state", "background"), ALL)
def test_pictures_reach_the_edges_but_are_not_cut_off(state: IconState, background: Background) -> None:
    for size in SIZES:
        box = icon_picture(state, size, background).getchannel("A").point(lambda a: 255 * (a > 100)).getbbox()

        assert box is not None
        assert box[3] - box[1] >= size - 4 - size // 8


@pytest.mark.parametrize("state", [IconState.PROBLEM, IconState.PAUSED])
def test_straight_edges_lie_on_whole_pixels(state: IconState) -> None:
    for size in SIZES:
        alpha = icon_picture(state, size).getchannel("A")
        middle = [alpha.getpixel((x, size // 2)) for x in range(size)]

        assert set(middle) <= {0, 255}, size


@pytest.mark.parametrize("state", list(IconState))
def test_what_is_drawn_for_any_panel_stands_out_on_both(state: IconState) -> None:
    for grey in PANELS[Background.ANY]:
        assert share(set_off(state, Background.ANY, grey)) > 0.2


@pytest.mark.parametrize("state", [s for s in IconState if s is not IconState.WARNING])
def test_a_light_panel_gets_no_dark_rim_that_would_close_the_gaps_of_a_small_shape(state: IconState) -> None:
    thin, rimmed = (share(set_off(state, background, 245)) for background in (Background.LIGHT, Background.ANY))

    assert thin < 0.9 * rimmed


def test_colours_are_not_darkened_at_the_edges() -> None:
    shown = icon_picture(IconState.CONNECTED, 64, Background.DARK)
    red, green, blue, alpha = shown.split()
    faint = alpha.point(lambda a: 255 * (0 < a < 128))
    rim = Image.merge("RGB", (red, green, blue))

    assert faint.getbbox() is not None
    assert all(
        min(rim.getpixel((x, y))) > 240  # type: ignore[arg-type]
        for x in range(64)
        for y in range(64)
        if faint.getpixel((x, y))
    )


def test_pixels_for_d_bus_begin_with_their_opacity() -> None:
    pixels = argb(Image.new("RGBA", (2, 1), (1, 2, 3, 4)))

    assert pixels == bytes([4, 1, 2, 3]) * 2


def test_the_built_icons_are_those_that_are_drawn(tmp_path: Path) -> None:
    folder = icons_folder()
    build(tmp_path)

    assert folder is not None
    built = sorted(path.name for path in tmp_path.iterdir())
    assert built == sorted(path.name for path in folder.iterdir() if path.suffix not in (".py", "") and path.is_file())
    for name in built:
        if name.endswith(".svg"):
            assert (folder / name).read_text() == (tmp_path / name).read_text()
        else:
            with Image.open(folder / name) as kept, Image.open(tmp_path / name) as fresh:
                assert kept.convert("RGBA").tobytes() == fresh.convert("RGBA").tobytes(), name


def test_windows_icons_hold_a_drawing_of_each_size() -> None:
    folder = icons_folder()
    assert folder is not None
    with Image.open(folder / "gatelight.ico") as icon:
        sizes = icon.info["sizes"]

        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= sizes
        icon.size = (16, 16)  # type: ignore[misc]
        assert icon.convert("RGBA").tobytes() == icon_picture(IconState.CONNECTED, 16).tobytes()
