"""A name means itself first, and as a pattern all that fit."""

from agent.core.names import is_pattern, meant_by, none_fits

NAMES = ("prod-1", "Prod-2", "test", "a*b", "axb")


def test_the_very_name_comes_before_the_pattern() -> None:
    assert meant_by("a*b", NAMES) == ("a*b",)
    assert meant_by("prod-*", NAMES) == ("prod-1", "Prod-2")
    assert meant_by("?est", NAMES) == ("test",)
    assert meant_by("*", NAMES) == NAMES


def test_what_is_no_pattern_means_nothing_else() -> None:
    assert meant_by("prod", NAMES) == ()
    assert meant_by("TEST", NAMES) == ()
    assert is_pattern("gw-[1-3]")
    assert not is_pattern("Paper Gateway (port 4002)")


def test_a_sentence_says_that_none_is_meant_and_names_some() -> None:
    assert none_fits("live-*", NAMES[:2]) == "No connection fits “live-*”: choose one of “prod-1”, “Prod-2”."
    assert none_fits("live", ()) == "There is no connection named “live”: choose one of none."
    assert none_fits("x", [f"c{n}" for n in range(100)]).endswith("“c19” and 80 more.")


def test_of_many_those_that_are_spelled_alike_are_named() -> None:
    many = [f"{place}-prod-{n:02}" for place in ("lon", "nyc") for n in range(1, 20)]

    assert none_fits("nyc-prd-07", many).startswith(
        "There is no connection named “nyc-prd-07”: choose one of “nyc-prod-07”, "
    )
    assert none_fits("nyc-prd-07", many).endswith(" and 33 more.")
