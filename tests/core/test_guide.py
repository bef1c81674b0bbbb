import pytest

from agent.core.guide import Guide, GuideError, fill, parse_guide, placeholders
from agent.tws.applications import ApplicationKind

BOTH = """# Nobody listens

It means this.

And that.

## Steps

1. Open **File** on {port}.
2. Wait
   a while.

## Good to know

Background.
"""
TWO = """# Title

Meaning.

## Steps in TWS

1. In TWS.

## Steps in IB Gateway

1. In Gateway.
2. Again.
"""


def test_a_guide_is_read() -> None:
    steps = ("Open **File** on {port}.", "Wait a while.")

    assert parse_guide("x", BOTH) == Guide(
        code="x",
        title="Nobody listens",
        meaning="It means this.\n\nAnd that.",
        steps={ApplicationKind.TWS: steps, ApplicationKind.GATEWAY: steps},
        more="Background.",
    )


def test_steps_are_those_of_the_application_with_values_filled_in() -> None:
    guide = parse_guide("x", TWO)

    assert guide.steps_for(ApplicationKind.TWS, {}) == ("In TWS.",)
    assert guide.steps_for(ApplicationKind.GATEWAY, {}) == ("In Gateway.", "Again.")
    assert guide.steps_for(ApplicationKind.UNKNOWN, {}) == (
        "TWS: In TWS.",
        "IB Gateway: In Gateway.",
        "IB Gateway: Again.",
    )
    assert parse_guide("x", BOTH).steps_for(ApplicationKind.TWS, {"port": "4002"})[0] == "Open **File** on 4002."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Title\n\n## Steps\n\n1. a\n",
        "# Title\n\nMeaning.\n",
        "# Title\n\nMeaning.\n\n## Steps in TWS\n\n1. a\n",
        "# Title\n\nMeaning.\n\n## Stepps\n\n1. a\n",
        "# Title\n\nMeaning.\n\n## Steps\n\nnot numbered\n",
        "Meaning without a title.\n\n## Steps\n\n1. a\n",
    ],
)
def test_what_is_not_a_guide_is_refused_by_name(text: str) -> None:
    with pytest.raises(GuideError, match="the-code"):
        parse_guide("the-code", text)


GENERAL = """# Off

{app} has been off
since {since}, on port {port}.

## Steps

1. Ask {app} on port {port}.

## In general

- has been off since {since} → is off
"""


def test_in_general_the_guides_own_words_go_before_those_of_all() -> None:
    guide = parse_guide("x", GENERAL)
    told = guide.in_general(ApplicationKind.UNKNOWN, (("since {since}", "long"), ("port {port}", "its port")))

    assert guide.general == (("has been off since {since}", "is off"),)
    assert told.meaning == "TWS or IB Gateway is off, on its port."
    assert told.steps[ApplicationKind.TWS] == ("Ask TWS or IB Gateway on its port.",)


def test_in_general_the_steps_of_one_application_name_it() -> None:
    text = TWO.replace("1. In Gateway.", "1. In {app}.").replace("1. In TWS.", "1. In {app}.")
    told = parse_guide("x", text).in_general(ApplicationKind.UNKNOWN, ())

    assert told.steps[ApplicationKind.TWS][0] == "In TWS."
    assert told.steps[ApplicationKind.GATEWAY][0] == "In IB Gateway."


def test_words_in_general_without_a_placeholder_are_refused() -> None:
    with pytest.raises(GuideError, match="the-code"):
        parse_guide("the-code", GENERAL.replace("since {since} →", "→"))


def test_placeholders_are_filled_and_a_missing_value_stays_readable() -> None:
    assert fill("{app} on {port} and {x9} {A}", {"app": "TWS"}) == "TWS on … and {x9} {A}"
    assert placeholders("{app} on {port}, {app}") == {"app", "port"}


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert fill("{name}", {"name": "{port}", "port": "1"}) == "{port}"


MARKED = """# Title

Meaning.

## Steps

1. [tunnel, relay] Start it again.
2. [local] Start TWS.
3. Log in.
"""
CASES = """# Title

Meaning.

## Steps

1. Do it.

## When open

1. Close it before {until}.
2. Wait.

## Good to know

More.
"""


def test_steps_of_other_cases_are_left_out_where_the_case_is_known() -> None:
    guide = parse_guide("x", MARKED)

    assert guide.steps_for(ApplicationKind.TWS, {}, "tunnel") == ("Start it again.", "Log in.")
    assert guide.steps_for(ApplicationKind.UNKNOWN, {}, "local") == ("Start TWS.", "Log in.")
    assert guide.steps_for(ApplicationKind.TWS, {}) == ("Start it again.", "Start TWS.", "Log in.")


def test_a_case_has_steps_of_its_own_and_an_unknown_one_those_of_all() -> None:
    guide = parse_guide("x", CASES)

    assert guide.steps_for(ApplicationKind.TWS, {"until": "14:00"}, "open") == ("Close it before 14:00.", "Wait.")
    assert guide.steps_for(ApplicationKind.TWS, {}, "shut") == guide.steps_for(ApplicationKind.TWS, {}) == ("Do it.",)
    assert guide.more == "More."


def test_a_guide_may_have_the_cases_of_another() -> None:
    text = CASES.replace("## When open\n\n1. Close it before {until}.\n2. Wait.\n", "## Cases of y\n")

    assert parse_guide("x", text).cases_of == "y"
    assert parse_guide("x", text).cases == {}


def test_a_case_without_numbered_steps_is_no_guide() -> None:
    with pytest.raises(GuideError):
        parse_guide("x", CASES.replace("1. Close it", "Close it"))


WAYS = """# Title

Meaning.

## Steps

1. Look at {owner}.

### Either free the port of {owner}

1. Close it.

### [free] Or keep port {port}

1. Open
   it.
2. [taken] Set it.

### Then

1. Go on.
"""


def test_of_several_ways_each_step_says_to_which_one_it_belongs() -> None:
    guide = parse_guide("x", WAYS)
    args = {"owner": "a: b", "port": "1"}

    assert guide.steps_for(ApplicationKind.TWS, args) == (
        "Look at a: b.",
        "Either free the port of a b: Close it.",
        "Or keep port 1: Open it.",
        "Or keep port 1: Set it.",
        "Then: Go on.",
    )
    assert guide.steps_for(ApplicationKind.TWS, args, "free")[2:] == ("Or keep port 1: Open it.", "Then: Go on.")


def test_a_way_that_is_none_in_this_case_leaves_no_choice() -> None:
    guide = parse_guide("x", WAYS)

    assert guide.steps_for(ApplicationKind.TWS, {}, "helper") == ("Look at ….", "Close it.", "Go on.")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("### Either free the port of {owner}\n", ""),
        ("### Either free", "### Or free"),
        ("### [free] Or keep", "### [free] Either keep"),
        ("### [free] Or keep port {port}\n", ""),
        ("### Then", "### Afterwards"),
        ("## Steps\n", "## Steps\n\n### Then\n"),
    ],
)
def test_headings_of_ways_are_one_either_then_ors_then_perhaps_then(old: str, new: str) -> None:
    with pytest.raises(GuideError, match="the-code"):
        parse_guide("the-code", WAYS.replace(old, new))
