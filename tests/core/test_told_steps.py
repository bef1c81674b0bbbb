"""Steps taken apart into application, way and text, and put together for plain text."""

import pytest

from agent.core.told_steps import ToldStep, is_heading, only_real_ways, plain, text_lines, told_step
from agent.tws.applications import ApplicationKind

BOTH, TWS, GATEWAY = ApplicationKind.UNKNOWN, ApplicationKind.TWS, ApplicationKind.GATEWAY


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("Wait: it takes a minute.", ToldStep(BOTH, "", "Wait: it takes a minute.")),
        ("IB Gateway: Log in.", ToldStep(GATEWAY, "", "Log in.")),
        ("Either free the port: Close it: now.", ToldStep(BOTH, "Either free the port", "Close it: now.")),
        ("TWS: Or give TWS another port: Go on.", ToldStep(TWS, "Or give TWS another port", "Go on.")),
        ("Then: Start your programs again.", ToldStep(BOTH, "Then", "Start your programs again.")),
        ("Then log in by hand, once.", ToldStep(BOTH, "", "Then log in by hand, once.")),
    ],
)
def test_a_step_is_taken_apart_and_put_together_again(step: str, told: ToldStep) -> None:
    assert told_step(step) == told
    assert told.told == step
    assert told.is_choice is told.way.startswith(("Either", "Or"))


def test_a_way_that_is_left_alone_is_no_choice() -> None:
    steps = ("Look.", "Either do this: One.", "Or do that: Two.", "Or leave it: Three.", "Then: Go on.")

    assert only_real_ways(steps) == steps
    assert only_real_ways((steps[0], steps[2], steps[4])) == ("Look.", "Two.", "Go on.")
    assert only_real_ways(steps[2:4]) == ("Either do that: Two.", "Or leave it: Three.")


def test_in_plain_text_each_part_stands_below_its_heading_and_is_numbered_by_itself() -> None:
    steps = ("Look.", "Either do this: Click **OK**.", "Either do this: Wait.", "Or wait: Sit.", "Then: Go on.")

    assert list(text_lines(steps)) == [
        "1. Look.",
        "Either do this:",
        "  1. Click “OK”.",
        "  2. Wait.",
        "Or wait:",
        "  1. Sit.",
        "Then:",
        "  1. Go on.",
    ]


def test_in_plain_text_the_applications_stand_one_after_the_other() -> None:
    lines = list(
        text_lines(("TWS: Close TWS.", "TWS: Wait.", "IB Gateway: Either go: Run.", "IB Gateway: Or: stay: X."))
    )

    assert lines == [
        "In TWS:",
        "  1. Close TWS.",
        "  2. Wait.",
        "In IB Gateway:",
        "  Either go:",
        "    1. Run.",
        "  1. Or: stay: X.",
    ]
    assert [is_heading(line) for line in lines] == [True, False, False, True, True, False, False]


def test_labels_are_set_off_without_marks() -> None:
    step = "Untick **Allow connections from localhost only** and set `client_id`."

    assert plain(step) == "Untick “Allow connections from localhost only” and set client_id."
