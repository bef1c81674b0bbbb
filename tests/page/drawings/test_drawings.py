"""What is promised of every drawing of every step of every guide, in every layout."""

import re

import pytest

from agent.page.drawings.canvas import WIDTH
from agent.page.drawings.choose import drawing_for
from agent.page.drawings.layout import Layout
from agent.page.drawings.style import STYLE
from tests.page.drawings.all_steps import Told, all_steps
from tests.page.drawings.nothing_to_see import FOREIGN, NOTHING_TO_SEE
from tests.page.drawings.seen import SVG, Line, marked, text_lines, texts, tree_of

MENUS = {
    Layout.MOSAIC: "File > Global Configuration...",
    Layout.CLASSIC: "Edit > Global Configuration...",
    Layout.GATEWAY: "Configure > Settings",
}
"""How the settings are opened, in each layout: written here once more, and not taken from the code under test."""
TREE = {"General", "Lock and Exit", "API > Settings", "API > Precautions"}
LARGEST = 6000
"""Bytes of a drawing."""
ELEMENTS = {"svg", "title", "g", "rect", "circle", "path", "text", "tspan"}
ATTRIBUTES = {"class", "role", "viewBox", "x", "y", "width", "height", "rx", "cx", "cy", "r", "d", "transform"}

STEPS = tuple(all_steps())
DRAWN = tuple(told for told in STEPS if told.drawing is not None)
EVERY = pytest.mark.parametrize("code", sorted({told.code for told in DRAWN}))


def drawn_of(code: str) -> list[Told]:
    """The steps of one guide that have a drawing."""
    return [told for told in DRAWN if told.code == code]


def svg_of(told: Told) -> str:
    drawing = told.drawing
    assert drawing is not None
    return drawing.svg


def labels_of(told: Told) -> list[str]:
    """The labels that this step names in this layout, in its order; a menu of the other layout is not one."""
    bold = re.findall(r"\*\*(.+?)\*\*", told.step)
    others = {path for layout, path in MENUS.items() if path != MENUS[told.layout]}
    return [label for label in bold if label not in FOREIGN and label not in others]


def refused(told: Told) -> set[str]:
    """The labels that the step warns of."""
    return set(re.findall(r"\bnot \*\*(.+?)\*\*", told.step))


def parts(label: str) -> list[str]:
    """A path by its parts; any other label as it is."""
    return label.split(" > ") if label in TREE or label in MENUS.values() else [label]


def test_there_is_a_drawing_for_most_steps() -> None:
    assert len(DRAWN) > len(STEPS) / 2
    assert {told.layout for told in DRAWN} == set(Layout)


def test_the_steps_without_a_drawing_are_named() -> None:
    undrawn = {told.written for told in STEPS if told.drawing is None}

    assert sorted(undrawn - NOTHING_TO_SEE) == [], (
        "draw them (agent/page/drawings/choose.py), or name them in tests/page/drawings/nothing_to_see.py"
    )
    assert sorted(NOTHING_TO_SEE - undrawn) == [], "no guide has them any more, or they are drawn"


@EVERY
def test_it_is_sound_xml_that_a_strict_page_can_hold(code: str) -> None:
    for told in drawn_of(code):
        svg = svg_of(told)
        root = tree_of(svg)

        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ELEMENTS
        assert {name for element in root.iter() for name in element.attrib} <= ATTRIBUTES
        assert len(svg.encode()) <= LARGEST


@EVERY
def test_it_is_told_to_who_does_not_see_it(code: str) -> None:
    for told in drawn_of(code):
        drawing = told.drawing
        assert drawing is not None
        root = tree_of(drawing.svg)

        assert root.get("role") == "img"
        assert root[0].tag == f"{SVG}title"
        assert root[0].text == drawing.alt
        assert drawing.alt.endswith(".")
        named = (part for label in labels_of(told) if label not in refused(told) for part in parts(label))
        assert [part for part in named if part not in drawing.alt] == []


@EVERY
def test_every_label_of_the_step_stands_in_it_word_for_word(code: str) -> None:
    for told in drawn_of(code):
        shown = texts(svg_of(told))

        assert [part for label in labels_of(told) for part in parts(label) if part not in shown] == []


@EVERY
def test_what_the_step_names_is_marked_and_nothing_else(code: str) -> None:
    for told in drawn_of(code):
        wanted = [label for label in labels_of(told) if label not in refused(told)]
        quoted = re.findall(r"“(.+?)”", told.step)
        lit = marked(svg_of(told))

        if wanted:
            assert lit == [part for label in wanted for part in parts(label)]
        elif quoted:
            assert lit == quoted
        assert "d-mark" in svg_of(told)


@EVERY
def test_a_mark_is_known_by_more_than_its_colour(code: str) -> None:
    for told in drawn_of(code):
        groups = [group for group in tree_of(svg_of(told)).iter(f"{SVG}g") if group.get("class") == "d-mark"]
        kinds = {(element.get("class") or "").split(" ")[0] for group in groups for element in group.iter()}

        assert kinds & {"d-a", "d-on", "d-arrow"}, "an outline, or an arrow"
        assert kinds & {"d-hand", "d-af"}, "and the mouse pointer, a number, or another sign"


@EVERY
def test_a_quoted_window_says_what_the_step_quotes(code: str) -> None:
    for told in drawn_of(code):
        quoted = re.findall(r"“(.+?)”", told.step)

        assert [words for words in quoted if words not in texts(svg_of(told))] == []


@EVERY
def test_the_words_are_whole_and_apart(code: str) -> None:
    for told in drawn_of(code):
        svg = svg_of(told)
        height = float((tree_of(svg).get("viewBox") or "").split()[3])
        found = [line for line in text_lines(svg) if line.text]

        assert [line for line in found if line.left < 0 or line.right > WIDTH or line.bottom > height] == []
        assert [(a.text, b.text) for i, a in enumerate(found) for b in found[i + 1 :] if overlap(a, b)] == []


def overlap(a: Line, b: Line) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


@EVERY
def test_it_uses_no_kind_that_the_stylesheet_does_not_have(code: str) -> None:
    for told in drawn_of(code):
        used = {kind for element in tree_of(svg_of(told)).iter() for kind in (element.get("class") or "").split()}

        assert used - {"drawing", "d-mark"} <= kinds_of_the_stylesheet()


def kinds_of_the_stylesheet() -> set[str]:
    return set(re.findall(r"\.drawing \.(d-[a-z]+)", STYLE))


def test_the_stylesheet_has_no_kind_that_no_drawing_uses() -> None:
    used = {kind for told in DRAWN for kind in re.findall(r"d-[a-z]+", svg_of(told))}

    assert kinds_of_the_stylesheet() <= used


def test_the_stylesheet_loads_nothing_and_is_complete() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert STYLE.count("{") == STYLE.count("}")
    assert set(re.findall(r"var\((--d-[a-z]+)\)", STYLE)) == set(re.findall(r"(--d-[a-z]+):", STYLE))
    assert min(map(int, re.findall(r"font-size: (\d+)px", STYLE))) >= 13


def test_the_same_step_gives_the_same_picture() -> None:
    assert [told.drawing for told in DRAWN[:50]] == [told.drawing for told in DRAWN[:50]]


def test_two_layouts_differ_where_the_menus_do() -> None:
    step = "In Mosaic, open **File > Global Configuration...**; in Classic, open **Edit > Global Configuration...**."

    mosaic, classic = (drawing_for(step, layout) for layout in (Layout.MOSAIC, Layout.CLASSIC))
    assert mosaic is not None
    assert classic is not None
    assert marked(mosaic.svg) == ["File", "Global Configuration..."]
    assert marked(classic.svg) == ["Edit", "Global Configuration..."]
