"""Values become JSON in one way, and what a field says about itself is obeyed."""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.as_json import IfAny, Time, as_json, present


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    colour: Colour
    since: Time


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    last: Time | None
    inner: tuple[Inner, ...] = ()
    chosen: frozenset[str] = frozenset()
    remark: IfAny[str] = ""
    hurry: IfAny[bool] = False
    empty: str = ""
    count: int = 0
    unknown: int | None = None


def test_a_value_is_an_object_of_its_fields_in_their_order() -> None:
    value = Outer("A", 0.9, (Inner(Colour.RED, 1795442400.75),), frozenset("ba"), "why", hurry=True, count=3, unknown=4)

    assert list(as_json(value).items()) == [
        ("name", "A"),
        ("last", "1970-01-01T00:00:00Z"),
        ("inner", [{"colour": "red", "since": "2026-11-23T14:00:00Z"}]),
        ("chosen", ["a", "b"]),
        ("remark", "why"),
        ("hurry", True),
        ("empty", ""),
        ("count", 3),
        ("unknown", 4),
    ]


def test_what_is_none_is_left_out_and_what_is_empty_only_where_its_field_says_so() -> None:
    assert as_json(Outer("A", None)) == {"name": "A", "inner": [], "chosen": [], "empty": "", "count": 0}


def test_other_values_stay_what_they_are() -> None:
    assert as_json((1, None, "x", 2.5, True)) == [1, None, "x", 2.5, True]
    assert present({"a": 0, "b": None}) == {"a": 0}
