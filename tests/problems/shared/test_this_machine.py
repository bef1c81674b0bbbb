"""On this machine: the obstacles on the way to the API port, each one told from the next."""

from hypothesis import given, settings

from agent.core.alerts.diagnosis import diagnose
from agent.core.facts import Facts
from agent.core.problem import Present
from agent.core.session_facts import Outcome
from agent.problems import PROBLEMS
from agent.problems.api_disabled import API_DISABLED
from agent.problems.several_apps import SEVERAL_APPS
from agent.problems.shared.obstacles import (
    AtLogin,
    ListensElsewhere,
    NoObstacle,
    NotTried,
    PortClash,
    PortTaken,
    RelayCloses,
    Silent,
    Unseen,
)
from agent.problems.shared.reach import how_far
from agent.problems.shared.this_machine import on_this_machine
from tests.problems.scene import backing_off, connection, facts, foreign, gateway, machine, relay
from tests.problems.situations import HIDDEN, situations


def test_the_way_to_the_port_is_looked_at_in_order() -> None:
    wants = connection(port=4002)
    for around, session, met in (
        (machine(gateway(ports=(), link_for=None)), backing_off(), AtLogin(gateway(ports=(), link_for=None))),
        (machine(gateway(ports=(4001,))), backing_off(), ListensElsewhere(gateway(ports=(4001,)))),
        (machine(gateway()), backing_off(Outcome.SILENT), Silent(gateway(), None)),
        (machine(gateway()), backing_off(Outcome.READY), NoObstacle()),
        (machine(listeners=(foreign(),)), backing_off(Outcome.NOT_TWS), PortTaken(foreign())),
        (machine(listeners=(relay(),)), backing_off(Outcome.CLOSED), RelayCloses(relay())),
    ):
        assert on_this_machine(facts(around, session, wants=wants)) == met


def test_what_only_an_attempt_can_tell_waits_for_one() -> None:
    for around in (machine(gateway()), machine(listeners=(relay(),)), machine(listeners=(foreign(),))):
        assert isinstance(on_this_machine(facts(around, backing_off(), wants=connection(port=4002))), NotTried)


def test_without_the_process_table_the_handshake_tells() -> None:
    blind = machine(processes=HIDDEN)
    wants = connection(port=4002)

    assert on_this_machine(facts(blind, backing_off(Outcome.ID_IN_USE), wants=wants)) == NoObstacle()
    refused = on_this_machine(facts(blind, backing_off(Outcome.REFUSED), wants=wants))
    assert refused == Unseen("access denied", refused=True)


@given(situations())
@settings(max_examples=300, deadline=None)
def test_a_clash_over_a_port_is_not_an_api_switched_off(seen: Facts) -> None:
    clash = isinstance(SEVERAL_APPS.check(seen), Present) and isinstance(how_far(seen), PortClash)

    assert not (clash and isinstance(API_DISABLED.check(seen), Present))


def test_a_silent_api_shows_nothing_beside_it() -> None:
    seen = facts(machine(gateway()), backing_off(Outcome.SILENT), wants=connection(port=4002))

    assert [f.problem.code for f in diagnose(seen, PROBLEMS).found] == ["api-silent"]
