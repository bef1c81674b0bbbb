"""Which drawing a step gets: that of the application it speaks of, whatever it holds, and none without a need."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.guide import fill
from agent.core.told_steps import told_step
from agent.guides import load_guides
from agent.page import drawings
from agent.page.drawings.choose import drawing_for
from agent.page.drawings.layout import Layout
from tests.page.drawings.all_steps import VALUES
from tests.page.drawings.seen import SVG, marked, marks, texts, tree_of


def svg_of(step: str, layout: Layout = Layout.MOSAIC) -> str:
    drawing = drawing_for(step, layout)
    assert drawing is not None
    return drawing.svg


@pytest.mark.parametrize(
    ("step", "title"),
    [
        ("Open **Configure > Settings**.", "IB Gateway"),
        ("In IB Gateway, press **Ctrl-Alt-R** to reconnect the account.", "IB Gateway"),
        ("Bring the IB Gateway window to the front.", "IB Gateway"),
        ("In TWS, open **File > Global Configuration...** in Mosaic.", "Trader Workstation"),
        ("Bring the TWS window to the front.", "Trader Workstation"),
    ],
)
@pytest.mark.parametrize("layout", Layout)
def test_a_step_about_one_application_is_drawn_for_it_whatever_was_detected(
    step: str, title: str, layout: Layout
) -> None:
    assert title in texts(svg_of(step, layout))


def test_a_label_the_step_warns_of_is_shown_and_not_marked() -> None:
    svg = svg_of("Select **IB API**, not **FIX CTCI**, on the log-in screen.", Layout.GATEWAY)

    assert marked(svg) == ["IB API"]
    assert "FIX CTCI" in texts(svg)


@pytest.mark.parametrize(("mode", "button"), [("live", "Log In"), ("paper", "Paper Log In")])
@pytest.mark.parametrize("layout", Layout)
def test_the_trading_mode_is_chosen_on_the_log_in_screen(mode: str, button: str, layout: Layout) -> None:
    svg = svg_of(f"Start it again and choose {mode} trading on the log-in screen.", layout)

    assert marked(svg) == [f"{mode.title()} Trading"]
    assert button in texts(svg)
    assert ("IB API" in texts(svg)) is (layout is Layout.GATEWAY)


def test_what_gatelight_saw_is_looked_for_in_gatelight() -> None:
    svg = svg_of("Find out which instrument was refused: the notice quoted under “What was seen” often names it.")

    assert marked(svg) == ["What was seen"]
    assert "Gatelight" in texts(svg)


def test_keys_are_read_as_the_guide_writes_them() -> None:
    assert marked(svg_of("In TWS, press **Ctrl-Alt-=** to see how many lines are in use.")) == ["Ctrl-Alt-="]


@pytest.mark.parametrize(
    ("step", "numbers"),
    [
        ("Close TWS.", 0),
        ("Log in and confirm the two-factor push on your phone.", 2),
        ("If it still does not answer, restart TWS.", 2),
        ("If the link is still gone after ten minutes, restart TWS and log in again.", 3),
    ],
)
def test_several_things_to_do_are_numbered_in_order(step: str, numbers: int) -> None:
    assert [number for number, _ in marks(svg_of(step))] == ([*range(1, numbers + 1)] if numbers else [0])


@pytest.mark.parametrize(
    "step",
    [
        "Do not restart TWS meanwhile: that makes it take longer.",
        "Wait two minutes: most interruptions are over by then.",
        "Log in to the web portal with the user name that your programs use.",
        "Be ready to log in some time after Sunday, before your programs need TWS.",
        "Open **Settings > Market Data Subscriptions**.",
        "Tick **A box nobody knows**.",
        "Look at the “system status” page of Interactive Brokers.",
        "",
    ],
)
def test_there_is_no_drawing_where_there_is_nothing_to_see(step: str) -> None:
    assert [drawing_for(step, layout) for layout in Layout] == [None, None, None]


FILLED = sorted(
    {told_step(step).text for guide in load_guides().values() for steps in guide.steps.values() for step in steps}
)


@given(st.sampled_from(FILLED), st.text(max_size=60), st.sampled_from(Layout), st.lists(st.sampled_from(FILLED)))
def test_whatever_a_placeholder_holds_the_drawing_stays_sound(
    step: str, value: str, layout: Layout, before: list[str]
) -> None:
    told = fill(step, dict.fromkeys(VALUES, value))
    drawing = drawing_for(told, layout, context=before)

    if drawing is not None:
        root = tree_of(drawing.svg)
        assert {part.tag.removeprefix(SVG) for part in root.iter()} <= {
            "svg", "title", "g", "rect", "circle", "path", "text", "tspan",
        }  # fmt: skip
        assert drawing == drawing_for(told, layout, context=before)
        # A value may stand in a drawing some twenty times, and a character of it takes up to six bytes.
        assert len(drawing.svg.encode()) <= 6000 + 120 * len(value)


def test_a_label_with_signs_of_markup_is_text() -> None:
    svg = svg_of("If a window “<script>alert(1)</script> & more” is open, answer it.")

    assert "<script" not in svg
    assert "<script>alert(1)</script> & more" in texts(svg)


def test_the_room_touches_nothing_outside() -> None:
    allowed = ("agent.page.drawings", "agent.core", "agent.tws", "collections", "dataclasses", "enum", "html", "re")
    imported = set()
    for file in Path(drawings.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")

    assert [name for name in sorted(imported) if not name.startswith(allowed)] == []
