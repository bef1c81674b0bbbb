"""Many connections in groups."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.shown.display import IconState
from agent.core.shown.groups import HERE, MOST_GROUPS, READ_AT_ONCE, UNGROUPED, Grouped, groups_of

WELL, ILL = IconState.CONNECTED, IconState.PROBLEM


def of(names: Sequence[str], hosts: Sequence[str] = ("127.0.0.1",), ill: Sequence[str] = ()) -> list[Grouped]:
    return [Grouped(name, hosts[n % len(hosts)], ILL if name in ill else WELL) for n, name in enumerate(names)]


def numbered(*stems: str, each: int = 15) -> list[str]:
    return [f"{stem}{n:02}" for stem in stems for n in range(1, each + 1)]


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (numbered("lon-", "nyc-"), ["lon", "nyc"]),
        (numbered("lon", "nyc"), ["lon", "nyc"]),
        (numbered("Paper Gateway ", "Live Gateway "), ["Paper Gateway", "Live Gateway"]),
        (numbered("prod-lon-", "prod-nyc-"), ["prod-lon", "prod-nyc"]),
        # Too many cities: by what comes before them.
        (
            [f"{what}-city{n}-{k}" for what in ("prod", "test") for n in range(20) for k in range(3)],
            ["prod-city", "test-city"],
        ),
        ([*numbered("lon-"), *numbered("nyc-"), "Home", "VPS"], ["lon", "nyc", UNGROUPED]),
        ([*numbered("東京-", each=11), *numbered("Köln_", each=11)], ["東京", "Köln"]),
    ],
)
def test_names_that_begin_alike_are_a_group(names: list[str], groups: list[str]) -> None:
    found = groups_of(of(names))

    assert [group.name for group in found] == groups
    assert sorted(place for group in found for place in group.members) == list(range(len(names)))
    for group in found:
        assert group.name == UNGROUPED or all(names[place].startswith(group.name) for place in group.members)


def test_where_names_do_not_part_them_hosts_do() -> None:
    found = groups_of(of(numbered("gw-", each=90), hosts=("127.0.0.1", "10.0.0.2", "10.0.0.3")))

    assert [(g.name, len(g.members)) for g in found] == [(HERE, 30), ("10.0.0.2", 30), ("10.0.0.3", 30)]


@pytest.mark.parametrize(
    "names",
    [
        numbered("lon-", "nyc-", each=READ_AT_ONCE // 2),
        numbered("gw-", each=90),
        [chr(97 + n) for n in range(25)],
    ],
)
def test_few_and_those_that_nothing_parts_are_in_no_group(names: list[str]) -> None:
    assert groups_of(of(names)) == ()


def test_the_worst_group_comes_first_and_in_it_the_worst_connection() -> None:
    names = numbered("lon-", "nyc-", "ams-")
    worst, *others = groups_of(of(names, ill=("nyc-07",)))

    assert (worst.name, worst.state, worst.words) == ("nyc", ILL, "1 with a problem, 14 connected")
    assert names[worst.members[0]] == "nyc-07"
    assert [(g.name, g.state, g.words) for g in others] == [
        ("lon", WELL, "all 15 connected"),
        ("ams", WELL, "all 15 connected"),
    ]
    assert worst.crowd == ()


def test_a_crowd_says_how_most_of_it_is() -> None:
    names = numbered("lon-", "nyc-")
    ill = [replace(one, headline="IB Gateway is not running") for one in of(names, ill=names[:7])]
    ill[0] = replace(ill[0], headline="It hangs")
    first = groups_of(ill)[0]

    assert first.words == "7 with a problem, 8 connected; IB Gateway is not running (6)"
    assert first.crowd == tuple(range(7))


@given(st.lists(st.tuples(st.text(min_size=1, max_size=12), st.sampled_from(list(IconState))), max_size=60))
def test_whatever_they_are_called_each_is_in_one_group_or_none_is(named: list[tuple[str, IconState]]) -> None:
    found = groups_of([Grouped(name, "10.0.0.1", state) for name, state in named])
    places = sorted(place for group in found for place in group.members)

    assert places == (list(range(len(named))) if found else [])
    assert len(found) <= MOST_GROUPS
    assert all(group.name for group in found)
    assert [g.state.rank for g in found] == sorted(g.state.rank for g in found)
