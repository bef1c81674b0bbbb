"""No two problems claim the same fault, whatever the machine looks like, and what they say always fits."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.diagnosis import diagnose
from agent.core.facts import (
    Fact,
    Facts,
    Installation,
    Known,
    Listener,
    MachineFacts,
    OtherProcess,
    Outcome,
    Phase,
    Sight,
    Surroundings,
    SurroundingsKind,
    Unknown,
)
from agent.core.problem import Present
from agent.core.reading import port_of
from agent.core.settings import WantedApplication, WantedMode
from agent.problems import PROBLEMS
from agent.problems.api_disabled import API_DISABLED
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.reach import how_far
from agent.problems.several_apps import SEVERAL_APPS
from agent.tws.applications import ApplicationKind, TradingMode
from tests.problems.conftest import hold_to_contract
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, machine, process, relay

OF_REACH = {
    "agent-cannot-see",
    "app-not-installed",
    "app-not-running",
    "wrong-application",
    "wrong-product",
    "app-starting",
    "login-pending",
    "restart-stuck",
    "api-disabled",
    "api-port-mismatch",
    "api-port-taken",
    "container-not-ready",
    "host-unresolvable",
    "host-unreachable",
    "peer-not-trusted",
    "api-silent",
    "api-wedged",
    "not-tws",
    "session-not-ready",
    "client-id-in-use",
    "too-many-clients",
    "app-outdated",
}
"""Problems that each stand alone in the way of a connection."""
PORTS = st.sampled_from([4001, 4002, 7496, 7497, 5000, 65535])
HIDDEN = Unknown("access denied")

applications = st.builds(
    process,
    st.sampled_from(list(ApplicationKind)),
    pid=st.integers(4_194_300, 4_194_304),
    age=st.sampled_from([1.0, 89.9, 90.0, 299.0, 300.0, 90_000.0]),
    ports=st.lists(PORTS, max_size=2, unique=True).map(tuple),
    link_for=st.sampled_from([None, 1.0, 29.9, 30.0, 5000.0]),
    version=st.sampled_from([None, "10.45.1d"]),
    restarted=st.booleans(),
    mode=st.sampled_from(list(TradingMode)),
    heap_limit=st.sampled_from([None, 2**30]),
    memory=st.sampled_from([None, 2**30]),
    cpu=st.sampled_from([None, 3.0]),
    close_wait=st.sampled_from([(), ((4002, 23),)]),
)
listeners = st.builds(
    Listener,
    port=PORTS,
    pid=st.sampled_from([None, 640, 88, 4_194_304]),
    program=st.sampled_from([None, "java", "docker-proxy", "p" * 60]),
    relay=st.booleans(),
)
connections = st.builds(
    connection,
    name=st.just("n" * 40),
    application=st.sampled_from(list(WantedApplication)),
    trading_mode=st.sampled_from(list(WantedMode)),
    host=st.sampled_from(["127.0.0.1"] * 5 + ["localhost", "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "h" * 200]),
    port=st.one_of(st.just("auto"), PORTS),
    implicit=st.booleans(),
    pinned_pid=st.sampled_from([None, None, 4_194_301]),
)


networks: st.SearchStrategy[Fact[bool]] = st.sampled_from([Known(True), Known(False), HIDDEN])
NOTHING: Known[tuple[Installation, ...]] = Known(())
surroundings: st.SearchStrategy[Fact[Surroundings]] = st.sampled_from(
    [
        Known(Surroundings()),
        Known(Surroundings(SurroundingsKind.WSL, "172.28.64.1")),
        Known(Surroundings(SurroundingsKind.CONTAINER, "a" * 80)),
        HIDDEN,
    ]
)


@st.composite
def machines(draw: st.DrawFn) -> MachineFacts:
    running = draw(st.lists(applications, max_size=3, unique_by=lambda p: p.pid))
    around = machine(
        *running,
        listeners=tuple(draw(st.lists(listeners, max_size=2))),
        client_portal=draw(st.sampled_from([(), (OtherProcess(640, "java", (5000,)),)])),
        unreadable=draw(st.sampled_from([(), (OtherProcess(88, "java"),)])),
        network=draw(networks),
        installed=draw(st.sampled_from([None, NOTHING])),
        surroundings=draw(surroundings),
    )
    if draw(st.integers(0, 5)) == 0:
        around = replace(around, processes=HIDDEN)
    return replace(around, sockets=HIDDEN) if draw(st.integers(0, 5)) == 0 else around


@st.composite
def situations(draw: st.DrawFn) -> Facts:
    seen = facts(
        draw(machines()),
        wants=draw(connections),
        doctor=draw(st.booleans()),
        sight=draw(st.sampled_from([Sight(), Sight(last_pid=9, gone_since=NOW.monotonic - 20.0, ever=True)])),
        others=tuple(draw(st.lists(connections, max_size=1))),
    )
    # Mostly an attempt on the port in question; now and then one on the port of before.
    port = port_of(seen) if draw(st.integers(0, 5)) else draw(PORTS)
    outcome = draw(st.sampled_from([None, *Outcome]))
    session = backing_off(outcome, port) if draw(st.integers(0, 9)) else connected(port)
    return replace(seen, session=replace(session, wanted=draw(st.integers(0, 9)) > 0))


@given(situations())
@settings(max_examples=600, deadline=None)
def test_one_fault_is_one_problem_and_its_words_fit(seen: Facts) -> None:
    diagnosis = diagnose(seen, PROBLEMS)
    shown = [f for f in diagnosis.found if f.problem.code in OF_REACH]

    assert not diagnosis.failures
    assert len(shown) <= 1, [f.problem.code for f in shown]
    for found in diagnosis.found + diagnosis.hidden:
        hold_to_contract(found.problem, found.present)
    if seen.session.phase is Phase.CONNECTED:
        # A session may lead to the wrong one of the two; nothing else about reaching it is left to object to.
        assert {f.problem.code for f in shown} <= {"wrong-application", "api-port-mismatch"}


@given(situations())
@settings(max_examples=300, deadline=None)
def test_a_clash_over_a_port_is_not_an_api_switched_off(seen: Facts) -> None:
    clash = isinstance(SEVERAL_APPS.check(seen), Present) and type(how_far(seen)).__name__ == "PortClash"

    assert not (clash and isinstance(API_DISABLED.check(seen), Present))


def test_every_failure_of_a_lasting_kind_is_shown_as_something() -> None:
    far = connection(host="192.168.1.20", port=4002)
    ours, behind = connection(port=4002), connection(port=4002)
    failures = (Outcome.CLOSED, Outcome.SILENT, Outcome.NOT_TWS)
    for wants, around, outcomes in (
        (far, machine(), (*failures, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.UNRESOLVABLE)),
        (ours, machine(gateway()), failures),
        (behind, machine(listeners=(relay(),)), failures),
    ):
        for outcome in outcomes:
            found = diagnose(facts(around, backing_off(outcome), wants=wants), PROBLEMS).found

            assert [f.problem.code for f in found if f.problem.code in OF_REACH], (wants.host, outcome)


def test_a_healthy_connection_shows_nothing_at_all() -> None:
    for wants in (connection(), connection(port=4002, trading_mode=WantedMode.PAPER), connection(implicit=True)):
        assert diagnose(facts(wants=wants), PROBLEMS).found == ()


def test_a_remote_host_without_a_network_shows_the_network_only() -> None:
    far = connection(host="192.168.1.20", port=4002)
    seen = facts(machine(network=Known(False)), backing_off(Outcome.UNREACHABLE), wants=far)

    assert [f.problem for f in diagnose(seen, PROBLEMS).found] == [NETWORK_DOWN]


def test_a_silent_api_shows_nothing_beside_it() -> None:
    seen = facts(machine(gateway()), backing_off(Outcome.SILENT), wants=connection(port=4002))

    assert [f.problem.code for f in diagnose(seen, PROBLEMS).found] == ["api-silent"]
