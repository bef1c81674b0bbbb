from dataclasses import replace

import pytest

from agent.core.evidence.processes import (
    age,
    applications,
    candidates,
    chosen,
    client_count,
    clients_of,
    fits,
    full_house,
    is_key_of,
    last_port,
    likeliest,
    link_settled,
    listener_at,
    listener_key_at,
    mode_hint,
    outcome,
    owner_in,
    port_of,
    standing_outcome,
    target_port,
)
from agent.core.facts import ApiClient, Known, SettingsHints, Sight, Unknown
from agent.core.session_facts import Outcome
from agent.core.settings import WantedApplication, WantedMode
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.limits import API_CLIENTS
from tests.problems.scene import (
    NOW,
    backing_off,
    connected,
    connection,
    facts,
    foreign,
    gateway,
    machine,
    process,
    relay,
    tws,
)

ANY = connection(application=WantedApplication.ANY)
FAR = connection(host="192.0.2.7", port=4002)
UNSEEN = Unknown("not allowed")


def test_a_connection_means_applications_of_its_kind() -> None:
    assert fits(connection(), gateway())
    assert not fits(connection(), tws())
    assert fits(ANY, tws())
    assert fits(connection(), process(ApplicationKind.UNKNOWN))
    assert fits(replace(ANY, pinned_pid=2020), tws())
    assert not fits(replace(ANY, pinned_pid=1), tws())


def test_no_application_is_seen_where_the_process_table_cannot_be_read() -> None:
    assert applications(machine(gateway(), processes=UNSEEN)) == ()
    assert [p.pid for p in applications(machine(gateway(), tws()))] == [3117, 2020]


def test_the_command_line_tells_the_mode_before_the_settings_files_do() -> None:
    hints = Known(SettingsHints(trading_mode=TradingMode.LIVE))

    assert mode_hint(gateway(mode=TradingMode.PAPER, hints=hints)) is TradingMode.PAPER
    assert mode_hint(gateway(hints=hints)) is TradingMode.LIVE
    assert mode_hint(gateway()) is TradingMode.UNKNOWN


@pytest.mark.parametrize(
    ("program", "means"), [("docker-proxy", []), ("ssh", []), ("wslrelay.exe", []), ("socat", [3117]), ("java", [3117])]
)
def test_what_is_behind_a_tunnel_or_a_container_is_no_application_of_this_machine(
    program: str, means: list[int]
) -> None:
    around = machine(gateway(ports=(4001,)), listeners=(relay(port=5002, program=program),))

    assert [p.pid for p in candidates(connection(port=5002), around)] == means
    assert [p.pid for p in candidates(connection(port=4001), around)] == [3117]
    assert [p.pid for p in candidates(connection(port="auto"), around)] == [3117]


def test_of_several_the_one_on_the_port_comes_first_then_the_mode_then_a_port_at_all_then_the_youngest() -> None:
    on_port = gateway(pid=1, ports=(4002,), age=9000)
    right_mode = gateway(pid=2, ports=(5001,), mode=TradingMode.PAPER, age=9000)
    young = gateway(pid=3, ports=(5002,), age=10)
    old = gateway(pid=4, ports=(5003,), age=9000)
    portless = gateway(pid=5, ports=(), age=1)
    running = machine(portless, old, young, right_mode, on_port)
    wants = connection(port=4002, trading_mode=WantedMode.PAPER)

    assert [p.pid for p in candidates(wants, running)] == [1, 2, 3, 4, 5]


def test_of_two_alike_each_mode_gets_the_one_that_is_not_on_the_port_of_the_other() -> None:
    # One jts.ini for both tells both the same.
    for hints in (Unknown("no jts.ini"), Known(SettingsHints(trading_mode=TradingMode.PAPER))):
        running = machine(tws(pid=1, ports=(7496,), age=10, hints=hints), tws(pid=2, ports=(7497,), hints=hints))
        for mode, pid in ((WantedMode.LIVE, 1), (WantedMode.PAPER, 2)):
            wants = connection(application=WantedApplication.TWS, trading_mode=mode)
            found = candidates(wants, running)

            assert found[0].pid == pid
            assert [p.pid for p in likeliest(wants, found)] == [pid]


def test_what_listens_on_the_port_of_another_connection_belongs_to_that() -> None:
    live = connection("Live", port=4001)
    running = machine(gateway(pid=1, ports=(4001,)), gateway(pid=2, ports=(4002,)))

    assert [p.pid for p in candidates(connection(), running, (live,))] == [2]
    assert [p.pid for p in candidates(connection(port=4001), running, (live,))] == [1, 2]
    assert [p.pid for p in candidates(connection(), running, (replace(live, host="192.0.2.7"),))] == [1, 2]


def test_a_remote_connection_means_no_process_of_this_machine() -> None:
    assert chosen(facts(wants=FAR)) is None
    assert chosen(facts(machine())) is None
    found = chosen(facts())

    assert found is not None
    assert found.pid == 3117


@pytest.mark.parametrize(
    ("wants", "running", "port"),
    [
        (connection(port=5555), machine(gateway()), 5555),
        (connection(), machine(gateway(ports=(7500,))), 7500),
        (connection(), machine(gateway(ports=()), gateway(pid=2, ports=(7500,), age=9000)), 7500),
        (connection(), machine(gateway(ports=(), mode=TradingMode.PAPER)), 4002),
        (connection(trading_mode=WantedMode.LIVE), machine(gateway(ports=(), mode=TradingMode.PAPER)), 4001),
        (connection(), machine(listeners=(relay(4002),)), 4002),
        (connection(), machine(listeners=(foreign(4002),)), 4001),
        (connection(), machine(listeners=(foreign(4002, program=None, pid=None),)), 4002),
        (connection(), machine(), 4001),
        (connection(application=WantedApplication.TWS, trading_mode=WantedMode.PAPER), machine(), 7497),
        (replace(FAR, port="auto"), machine(gateway(ports=(7500,))), 4001),
    ],
)
def test_the_port_is_the_configured_one_else_what_is_found_else_the_default(
    wants: object, running: object, port: int
) -> None:
    assert target_port(wants, running) == port  # type: ignore[arg-type]


def test_an_application_that_is_gone_is_spoken_of_with_the_port_it_had() -> None:
    sight = Sight(last_pid=3117, kind=ApplicationKind.GATEWAY, port=4002, ever=True)
    tws_wanted = connection(application=WantedApplication.TWS)

    assert last_port(connection(), sight, "") == 4002
    assert last_port(tws_wanted, sight, "") is None
    assert last_port(connection(), Sight(), "4004/771") == 4004
    assert last_port(connection(), Sight(), "") is None
    assert last_port(FAR, Sight(), f"{FAR.host}:4002") is None
    assert target_port(connection(), machine(), (), 4002) == 4002
    assert target_port(connection(), machine(gateway(ports=(7500,))), (), 4002) == 7500
    assert target_port(connection(), machine(gateway(ports=(), mode=TradingMode.LIVE)), (), 4002) == 4001
    assert target_port(connection(port=5555), machine(), (), 4002) == 5555


def test_a_listener_is_found_by_its_port() -> None:
    assert listener_at(machine(listeners=(foreign(80),)), 80) == foreign(80)
    assert listener_at(machine(), 80) is None
    assert listener_at(machine(sockets=UNSEEN), 80) is None


def test_the_programs_of_a_connection_are_the_others_on_its_port() -> None:
    other, mine, elsewhere = ApiClient(4002, 1, "a"), ApiClient(4002, 2, "b", own=True), ApiClient(7497, 3, "c")
    around = machine(gateway(), clients=(other, mine, elsewhere))

    assert clients_of(facts(around)) == (other,)
    assert clients_of(facts(around, connected(7497))) == (elsewhere,)
    assert clients_of(facts(machine(sockets=UNSEEN))) == ()
    assert clients_of(facts(around, wants=FAR)) == ()
    assert client_count(facts(around)) == 2
    assert client_count(facts(machine(sockets=UNSEEN))) is None
    assert client_count(facts(around, wants=FAR)) is None


def test_an_outcome_counts_for_the_port_it_was_made_on() -> None:
    assert outcome(facts(session=backing_off(Outcome.SILENT))) is Outcome.SILENT
    assert outcome(facts(session=backing_off(Outcome.SILENT, 4001))) is None
    assert outcome(facts(session=backing_off())) is None


def test_an_outcome_stands_while_somebody_listens_and_it_is_wanted() -> None:
    silent = backing_off(Outcome.SILENT)
    unwanted = replace(silent, wanted=False)

    assert standing_outcome(facts(session=silent)) is Outcome.SILENT
    assert standing_outcome(facts(session=unwanted)) is None
    assert standing_outcome(facts(session=unwanted, doctor=True)) is Outcome.SILENT
    assert standing_outcome(facts(machine(), silent)) is None
    assert standing_outcome(facts(machine(sockets=UNSEEN), silent, wants=connection(port=4002))) is Outcome.SILENT


@pytest.mark.parametrize("result", [Outcome.CLOSED, Outcome.SILENT, Outcome.NOT_READY])
def test_a_house_is_full_when_every_place_is_taken_and_we_were_turned_away(result: Outcome) -> None:
    def seen(clients: int, how: Outcome) -> bool:
        taken = tuple(ApiClient(4002, pid) for pid in range(clients))
        return full_house(facts(machine(gateway(), clients=taken), backing_off(how)))

    assert seen(API_CLIENTS, result)
    assert not seen(API_CLIENTS - 1, result)
    assert not seen(API_CLIENTS, Outcome.REFUSED)


def test_age_and_link_are_measured_from_now() -> None:
    settled = facts().timing.settled_link

    assert age(facts(), gateway(age=50.0)) == 50.0
    assert age(facts(), gateway(age=-50.0)) == 0.0
    assert link_settled(facts(), gateway(link_for=settled))
    assert not link_settled(facts(), gateway(link_for=settled - 1))
    assert not link_settled(facts(), gateway(link_for=None))
    assert port_of(facts()) == 4002
    assert facts().now == NOW


def test_a_door_names_the_process_behind_it_and_when_that_started() -> None:
    local, around = connection(), machine(gateway(pid=3117, age=50.0), listeners=(relay(4001), foreign(4003, pid=None)))
    own = listener_key_at(local, around, 4002)

    assert owner_in(own) == (3117, NOW.wall - 50.0)
    assert is_key_of(own, gateway(pid=3117, age=50.0))
    assert not is_key_of(own, gateway(pid=3117, age=49.0))


def test_a_door_with_a_relay_another_machine_or_nobody_behind_it_names_no_process() -> None:
    around = machine(listeners=(relay(4001), foreign(4003, pid=None)))
    doors = [listener_key_at(connection(), around, port) for port in (4001, 4002, 4003)]
    away = listener_key_at(connection(host="192.0.2.7"), around, 4001)

    assert [owner_in(listener_key) for listener_key in (*doors, away)] == [None] * 4
    assert (doors[0], away) == ("4001/771", "192.0.2.7:4001")
    assert owner_in("[2001:db8::1]:4001") is None
