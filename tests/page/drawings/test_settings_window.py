"""The settings window: the rows in the order of the page, what is ticked, filled in, scrolled to and clicked."""

from xml.etree import ElementTree

import pytest

from agent.page.drawings.choose import drawing_for
from agent.page.drawings.layout import Drawing, Layout
from agent.tws.api_settings_table import LOCK_AND_EXIT, PRECAUTIONS, SETTINGS, FieldKind, SettingField
from tests.page.drawings.seen import SVG, marked, marks, texts, tree_of

TWS_ONLY = "Let API account requests switch user-visible account subscription"
FIELDS = [field for field in (*SETTINGS, *PRECAUTIONS) if field.label]
EVERY_FIELD = pytest.mark.parametrize("field", FIELDS, ids=lambda f: f.wire_name)


def draw(step: str, *context: str, layout: Layout = Layout.MOSAIC) -> Drawing:
    drawing = drawing_for(step, layout, context=context)
    assert drawing is not None
    return drawing


def mark_of(svg: str, label: str) -> ElementTree.Element:
    """The mark that holds this label."""
    groups = (group for group in tree_of(svg).iter(f"{SVG}g") if group.get("class") == "d-mark")
    return next(group for group in groups if label in ["".join(t.itertext()) for t in group.iter(f"{SVG}text")])


def kinds(element: ElementTree.Element) -> list[str]:
    return [part.get("class") or "" for part in element.iter()]


def values(svg: str) -> list[str]:
    """What is filled in."""
    return ["".join(t.itertext()) for t in tree_of(svg).iter(f"{SVG}text") if "d-v" in (t.get("class") or "").split()]


@EVERY_FIELD
@pytest.mark.parametrize("layout", Layout)
def test_every_setting_is_shown_among_its_neighbours_in_the_order_of_the_page(
    field: SettingField, layout: Layout
) -> None:
    if layout is Layout.GATEWAY and field.label == TWS_ONLY:
        assert drawing_for(f"Tick **{field.label}**.", layout) is None
        return
    svg = draw(f"Tick **{field.label}**.", layout=layout).svg
    order = ["Enable ActiveX and Socket Clients", *(f.label for f in SETTINGS), *(f.label for f in PRECAUTIONS)]
    shown = [label for label in texts(svg) if label in order]

    assert marked(svg) == [field.label]
    assert len(shown) > 1
    assert shown == sorted(shown, key=order.index)
    assert ("Enable ActiveX and Socket Clients" in shown) <= (layout is not Layout.GATEWAY)


@EVERY_FIELD
def test_neighbours_are_neighbours(field: SettingField) -> None:
    if field.kind is not FieldKind.FLAG:
        return
    svg = draw(f"Untick **{field.label}**.").svg
    page = [f.label for f in (SETTINGS if field in SETTINGS else PRECAUTIONS) if f.label]
    places = [page.index(label) for label in texts(svg) if label in page]

    assert places == list(range(places[0], places[-1] + 1))


@pytest.mark.parametrize(("verb", "ticked"), [("Tick", True), ("Untick", False)])
def test_a_box_is_drawn_as_it_should_be_afterwards(verb: str, ticked: bool) -> None:
    drawing = draw(f"{verb} **Read-Only API**.")

    assert ("d-tick" in kinds(mark_of(drawing.svg, "Read-Only API"))) is ticked
    assert ("not ticked" in drawing.alt) is not ticked


def test_a_box_of_which_the_step_says_nothing_is_drawn_as_neither_ticked_nor_empty() -> None:
    svg = draw("Look at **Read-Only API**.").svg

    assert "d-tick" not in svg
    assert "d-bar" in kinds(mark_of(svg, "Read-Only API"))


def test_a_field_holds_what_the_step_gives() -> None:
    assert values(draw("Set **Socket port** to 4002.").svg) == ["4002"]
    assert values(draw("Check that **Socket port** is 7497.").svg) == ["7497"]
    assert values(draw("Raise **Memory Allocation**, for example to 4000 MB, if there is that much.").svg) == ["4000"]
    assert values(draw("Set **Socket port** to a free port.").svg) == []
    assert values(draw("Compare **Socket port** with 4002.").svg) == []


def test_the_buttons_are_drawn_below_what_was_changed_before() -> None:
    svg = draw("Click **Apply**.", "On the left, open **API > Settings**.", "Untick **Read-Only API**.").svg

    assert marked(svg) == ["Apply"]
    assert "Read-Only API" in texts(svg)
    assert "d-tick" not in svg


def test_without_anything_before_the_buttons_are_drawn_below_a_page_without_words() -> None:
    svg = draw("Click **OK**.").svg

    assert marked(svg) == ["OK"]
    assert "Read-Only API" not in texts(svg)


def test_the_tree_shows_where_the_page_is() -> None:
    svg = draw("Untick **Bypass Bond warning for API Orders.**").svg
    selected = ["".join(t.itertext()) for t in tree_of(svg).iter(f"{SVG}text") if t.get("class") == "d-k"]

    assert selected == ["Precautions"]


def test_both_parts_of_a_place_in_the_tree_are_marked_in_order() -> None:
    assert marks(draw("On the left, open **API > Precautions**.").svg) == [(1, ["API"]), (2, ["Precautions"])]
    assert marks(draw("On the left, open **Lock and Exit**.").svg) == [(0, ["Lock and Exit"])]


def test_place_and_choice_in_one_step_are_numbered() -> None:
    svg = draw("Under **Lock and Exit**, choose **Auto restart**.").svg

    assert marks(svg) == [(1, ["Lock and Exit"]), (2, ["Auto restart"])]
    assert "d-dot" in kinds(mark_of(svg, "Auto restart"))


def test_the_label_of_the_time_follows_the_choice() -> None:
    log_off, restart = LOCK_AND_EXIT[0].label.split(" / ")

    assert log_off in texts(draw("Select **Auto logoff**.").svg)
    assert restart in texts(draw("Select **Auto restart**.").svg)


def test_ib_gateway_has_no_lock() -> None:
    assert drawing_for("Choose **Never lock Trader Workstation**.", Layout.GATEWAY) is None


def test_the_scroll_bar_is_at_the_top_for_the_first_row_and_at_the_bottom_for_the_last() -> None:
    assert thumb(draw("Tick **Enable ActiveX and Socket Clients**.").svg) < 0.2
    assert thumb(draw("Untick **Allow connections from localhost only**.").svg) > 0.7


def thumb(svg: str) -> float:
    """Where the thumb of the scroll bar begins, as a part of the whole drawing."""
    root = tree_of(svg)
    place = next(part for part in root.iter(f"{SVG}rect") if part.get("class") == "d-thumb")
    return float(place.get("y") or 0) / float((root.get("viewBox") or "").split()[3])


def test_scrolling_is_drawn_as_a_mark_of_its_own() -> None:
    alone = draw("Scroll to the bottom of the page.", "On the left, open **API > Settings**.")
    first = draw("Scroll to the bottom and untick **Allow connections from localhost only**.")

    assert marks(alone.svg) == [(0, [])]
    assert "Trusted IPs" in texts(alone.svg)
    assert "scroll bar" in alone.alt
    assert marks(first.svg) == [(1, []), (2, ["Allow connections from localhost only"])]


def test_an_address_is_created_in_the_list_and_stays_there_unmarked() -> None:
    step = "Under **Trusted IPs**, click **Create** and enter 172.17.0.2."
    svg, after = draw(step).svg, draw("Click **Apply**.", step).svg

    assert marks(svg) == [(1, ["Trusted IPs"]), (2, ["Create"]), (3, [])]
    assert values(svg) == ["172.17.0.2"]
    assert marked(after) == ["Apply"]
    assert values(after) == ["172.17.0.2"]


@pytest.mark.parametrize("address", ["fe80::1", "::1", "192.168.178.123", "2001:db8:1234:5678:9abc:def0:1234:5678"])
def test_addresses_of_any_length_stay_in_the_list(address: str) -> None:
    (shown,) = values(draw(f"Under **Trusted IPs**, click **Create** and enter {address}.").svg)

    assert shown == address or (shown.endswith("…") and address.startswith(shown[:-1]))


def test_boxes_left_to_the_user_are_framed_together_and_empty() -> None:
    told = "Tick only the boxes whose safety prompt you want to give up"
    context = "On the left, open **API > Precautions**."
    named = (PRECAUTIONS[0].label, PRECAUTIONS[7].label)

    every, some = draw(f"{told}.", context), draw(f"{told}: {'; '.join(named)}.", context)
    assert marked(every.svg) == [p.label for p in PRECAUTIONS if p.label]
    assert marked(some.svg) == list(named)
    assert "d-tick" not in every.svg
    assert drawing_for(f"{told}.", Layout.MOSAIC) is None


def test_rows_that_are_left_out_leave_a_gap() -> None:
    svg = draw("Untick **Read-Only API** and tick **Show advanced order reject in UI always**.").svg

    assert marks(svg) == [(1, ["Read-Only API"]), (2, ["Show advanced order reject in UI always"])]
    assert kinds(tree_of(svg)).count("d-dot") == 3 + 1, "three dots, and the arrow of the tree"
