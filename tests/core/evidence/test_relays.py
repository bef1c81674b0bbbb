from dataclasses import replace

import pytest

from agent.core.evidence.processes import client_count, clients_of, listener_at
from agent.core.evidence.relays import (
    OWN_RELAY,
    application_of,
    leading_to,
    past_relays,
    relays_of,
    with_relays,
    worth_telling,
)
from agent.core.facts import ApiClient, Fact, Known, Listener, MachineFacts, RelaySeen, Unknown
from agent.core.relay_facts import LimitUse, RelayCounts
from agent.tws.relays import RelayKind, relay_kind
from tests.problems.scene import connected, connection, counted, facts, gateway, machine, relay_seen, through_relay

RELAY = relay_seen()
LISTENER = Listener(5002, RELAY.pid, "python3")
ITS_OWN = ApiClient(4002, RELAY.pid, "python3", connections=2)
BOT, CHART = ApiClient(5002, 991, "quantower"), ApiClient(5002, 992, "python3", script="bot.py")
BEHIND = tuple(replace(one, port=4002, relayed=True) for one in (BOT, CHART))
OTHER = ApiClient(4002, 993, "ninja")


def around(*clients: ApiClient) -> MachineFacts:
    return machine(gateway(), listeners=(LISTENER,), clients=clients, relays=Known((RELAY,)))


def test_a_relay_is_known_as_one_whatever_its_program_is_called() -> None:
    told = with_relays(around())

    assert listener_at(told, 5002) == replace(LISTENER, program=OWN_RELAY, relay=RelayKind.RELAY)
    assert relay_kind(OWN_RELAY) is RelayKind.RELAY
    # Another program that has taken the port since is none.
    other = machine(listeners=(replace(LISTENER, pid=5),), relays=Known((RELAY,)))
    assert with_relays(other) == other


def test_programs_behind_a_relay_are_clients_of_the_port_to_which_it_leads() -> None:
    told = with_relays(around(ITS_OWN, BOT, CHART, OTHER))
    straight = facts(told, connected(4002), wants=connection(port=4002))
    through = facts(told, connected(5002), wants=connection(port=5002))

    assert clients_of(straight) == (*BEHIND, OTHER)
    assert client_count(straight) == 3
    assert clients_of(through) == (BOT, CHART)
    assert with_relays(told) == told


def test_a_relay_whose_programs_are_not_seen_stands_for_them() -> None:
    (seen,) = clients_of(facts(with_relays(around(ITS_OWN)), connected(4002), wants=connection(port=4002)))
    assert seen == replace(ITS_OWN, relayed=True)


def test_only_programs_that_go_past_every_relay_are_not_counted() -> None:
    own = ApiClient(4002, 5, "gatelight", own=True)
    told = with_relays(around(ITS_OWN, BOT, OTHER, own))

    assert past_relays(told, application_of(RELAY)) == (OTHER,)
    assert past_relays(told, application_of(replace(RELAY, to_port=4001))) == ()
    # Of another computer nothing is seen.
    assert past_relays(told, ("nas", "4002")) == ()


def test_a_relay_that_names_this_computer_in_another_way_leads_to_the_same_application() -> None:
    named = replace(RELAY, host="192.0.2.5", here=True)
    told = with_relays(machine(gateway(), listeners=(LISTENER,), clients=(BOT, OTHER, ITS_OWN), relays=Known((named,))))
    straight = facts(told, connected(4002), wants=connection(port=4002))

    assert application_of(named) == application_of(RELAY)
    assert application_of(replace(named, here=False)) != application_of(RELAY)
    assert clients_of(straight) == (OTHER, BEHIND[0])
    assert leading_to(straight) == (named,)
    assert past_relays(told, application_of(named)) == (OTHER,)


def test_a_relay_to_another_computer_changes_no_client_here() -> None:
    elsewhere = replace(RELAY, host="192.0.2.7")
    told = machine(listeners=(LISTENER,), clients=(ITS_OWN, BOT), relays=Known((elsewhere,)))

    assert clients_of(facts(with_relays(told), connected(4002), wants=connection(port=4002))) == (ITS_OWN,)


def test_where_relays_are_not_known_nothing_changes() -> None:
    told = replace(around(ITS_OWN), relays=Unknown("not readable"))

    assert with_relays(told) is told
    assert relays_of(told) == ()


NEAR = LimitUse(91, 100, 1.0, 91)
CALM = counted(through_relay(lines=10, history=2), lines=LimitUse(10, 100), history=LimitUse(2, 60))


@pytest.mark.parametrize(
    ("before", "after", "worth"),
    [
        (CALM, replace(CALM, written=5.0, lines=LimitUse(11, 100), history_safe_at=9.0), False),
        (CALM, replace(CALM, programs=(through_relay(lines=11, history=3),)), False),
        (CALM, replace(CALM, programs=()), True),
        (CALM, replace(CALM, lines=NEAR), True),
        (CALM, replace(CALM, history=LimitUse(55, 60, 1.0, 55)), True),
        (replace(CALM, lines=NEAR), replace(CALM, lines=replace(NEAR, used=92)), True),
        (replace(CALM, lines=NEAR), replace(CALM, lines=replace(NEAR, near_since=1.1), written=7.0), False),
        (
            replace(CALM, programs=(through_relay(rate=LimitUse(4, 50)),)),
            replace(CALM, programs=(through_relay(rate=LimitUse(9, 50)),)),
            False,
        ),
        (
            replace(CALM, programs=(through_relay(rate=LimitUse(4, 50)),)),
            replace(CALM, programs=(through_relay(rate=LimitUse(46, 50, 1.0, 46)),)),
            True,
        ),
    ],
)
def test_only_what_decides_something_is_worth_telling(before: RelayCounts, after: RelayCounts, worth: bool) -> None:
    assert worth_telling(Known((relay_seen(before),)), Known((relay_seen(after),))) is worth


def test_a_relay_that_ends_or_grows_silent_is_worth_telling() -> None:
    known: Fact[tuple[RelaySeen, ...]] = Known((RELAY,))

    assert not worth_telling(known, known)
    assert worth_telling(known, Known(()))
    assert worth_telling(known, Unknown("no"))
    assert worth_telling(known, Known((relay_seen(Unknown("late")),)))
