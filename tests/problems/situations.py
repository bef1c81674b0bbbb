"""Machines, connections and sessions of every kind, drawn at random: what one decision has to hold for."""

from dataclasses import replace

from hypothesis import strategies as st

from agent.core.evidence.processes import port_of
from agent.core.facts import (
    Fact,
    Facts,
    Installation,
    Known,
    Listener,
    MachineFacts,
    OtherProcess,
    Sight,
    Surroundings,
    SurroundingsKind,
    Unknown,
)
from agent.core.session_facts import Outcome
from agent.core.settings import WantedApplication, WantedMode
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.launcher_log import LoginStage
from agent.tws.relays import RelayKind
from agent.tws.reset_windows import Region
from tests.problems.scene import NOW, backing_off, connected, connection, facts, login, machine, process

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
    login=st.one_of(
        st.none(),
        st.builds(
            login,
            st.sampled_from(list(LoginStage)),
            ago=st.sampled_from([1.0, 179.9, 180.0, 90_000.0]),
            heard=st.sampled_from([1.0, 90.1, 5000.0]),
            left=st.sampled_from([None, -1.0, 295.0]),
            push=st.booleans(),
        ),
    ),
)
listeners = st.builds(
    Listener,
    port=PORTS,
    pid=st.sampled_from([None, 640, 88, 4_194_304]),
    program=st.sampled_from([None, "java", "docker-proxy", "p" * 60]),
    relay=st.sampled_from([None, *RelayKind]),
)
elsewhere = st.builds(
    lambda found, address: replace(found, address=address), listeners, st.sampled_from(["10.0.0.9", "f" * 80])
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
        elsewhere=tuple(draw(st.lists(elsewhere, max_size=1))),
        client_portal=draw(st.sampled_from([(), (OtherProcess(640, "java", (5000,)),)])),
        unreadable=draw(st.sampled_from([(), (OtherProcess(88, "java"),)])),
        network=draw(networks),
        installed=draw(st.sampled_from([None, NOTHING])),
        surroundings=draw(surroundings),
    )
    if draw(st.integers(0, 5)) == 0:
        around = replace(around, processes=HIDDEN)
    return replace(around, sockets=HIDDEN) if draw(st.integers(0, 5)) == 0 else around


expectations = st.builds(
    Expectation,
    outage=st.sampled_from(
        [
            None,
            Outage(OutageKind.RESET, NOW.wall - 500.0, NOW.wall + 90_000.0, Region.AMERICA),
            Outage(OutageKind.RESET, NOW.wall - 500.0, NOW.wall + 600.0),
            Outage(OutageKind.WEEKEND, NOW.wall - 500.0, NOW.wall + 90_000.0),
        ]
    ),
    login_due=st.sampled_from([None, NOW.wall + 6.5 * 86_400.0]),
)


@st.composite
def situations(draw: st.DrawFn) -> Facts:
    seen = facts(
        draw(machines()),
        wants=draw(connections),
        doctor=draw(st.booleans()),
        sight=draw(st.sampled_from([Sight(), Sight(last_pid=9, gone_since=NOW.monotonic - 20.0, ever=True)])),
        others=tuple(draw(st.lists(connections, max_size=1))),
        expected=draw(expectations),
    )
    # Mostly an attempt on the port in question; now and then one on the port of before.
    port = port_of(seen) if draw(st.integers(0, 5)) else draw(PORTS)
    outcome = draw(st.sampled_from([None, *Outcome]))
    session = backing_off(outcome, port) if draw(st.integers(0, 9)) else connected(port)
    return replace(seen, session=replace(session, wanted=draw(st.integers(0, 9)) > 0))
