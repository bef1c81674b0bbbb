from dataclasses import replace

from agent.core.alerts.ledger import Entry, Ledger
from agent.core.clock import Moment
from agent.core.effects import OpenSession
from agent.core.facts import Known, MachineFacts, SettingsHints, Sight, Surroundings, SurroundingsKind, Unknown
from agent.core.memory import PortKept, Served
from agent.core.problem import Absent, Present, Problem, Severity
from agent.core.session_facts import Outcome, Phase, ServerLink, Way
from agent.core.state_machine.beats import next_beat, next_verdict
from agent.core.state_machine.connection import BackingOff, Blocked, Connected, Connecting, Idle, Link, Target
from agent.core.state_machine.session import Heartbeats, fresh_session
from agent.core.state_machine.watched import (
    Watched,
    consider_watched,
    due_times,
    facts_of_session,
    fresh,
    locate,
    note_server,
    see,
    target,
)
from agent.core.timing import Timing
from agent.tws.applications import ApplicationKind
from tests.problems.scene import NOW, attempt, connection, facts, foreign, gateway, machine, relay, tws

TIMING = Timing()
PAPER = connection(port=4002)
NEW = fresh(PAPER, NOW)
HERE = machine(gateway())
CONNECTED = Connected(NOW.monotonic - 50, 3, 4002, 7000, 178, "d")
UP = replace(NEW, link=Link(CONNECTED), session=replace(fresh_session(NOW.monotonic), accounts=("DU1",), latency=0.1))


def test_a_new_connection_is_idle_and_was_never_seen() -> None:
    assert Watched(PAPER, Link(Idle(NOW.monotonic)), port=PortKept(PAPER.name)) == NEW
    assert (NEW.connected, NEW.number, NEW.wanted) == (False, None, True)


def test_a_wish_goes_before_the_configuration() -> None:
    by_hand = replace(NEW, settings=replace(PAPER, auto_connect=False))

    assert not by_hand.wanted
    assert replace(by_hand, wish=True).wanted
    assert not replace(NEW, wish=False).wanted


def test_the_number_is_that_of_the_attempt_or_session() -> None:
    assert (UP.number, UP.connected) == (3, True)
    assert replace(NEW, link=Link(Connecting(0.0, 4, 4002, 7000, "d"))).number == 4


def test_an_application_is_seen_gone_and_replaced() -> None:
    seen = see(NEW, HERE, (), NOW)

    assert seen.sight == Sight(last_pid=3117, kind=ApplicationKind.GATEWAY, port=4002, ever=True)
    assert see(seen, HERE, (), NOW.later(5)) is seen

    gone = see(seen, machine(), (), NOW.later(10))

    assert gone.sight == replace(seen.sight, gone_since=NOW.monotonic + 10)
    assert see(gone, machine(), (), NOW.later(20)).sight == gone.sight

    back = see(gone, machine(gateway(pid=9)), (), NOW.later(30))

    assert back.sight == replace(seen.sight, last_pid=9, replaced_at=NOW.monotonic + 30)


def test_an_application_that_has_ended_is_awaited_where_it_listened() -> None:
    auto = fresh(connection(), NOW)
    gone = see(see(auto, HERE, (), NOW), machine(), (), NOW.later(10))
    starting = machine(gateway(ports=(), pid=9))

    assert target(auto, machine(), ()).port == 4001
    assert target(gone, machine(), ()).port == 4002
    assert target(see(gone, starting, (), NOW.later(20)), starting, ()).port == 4002


def test_an_application_that_was_never_there_is_not_gone() -> None:
    assert see(NEW, machine(tws()), (), NOW).sight == Sight()


def test_a_look_that_failed_and_another_machine_tell_nothing() -> None:
    seen = see(NEW, HERE, (), NOW)

    assert see(seen, MachineFacts(), (), NOW) is seen
    far = fresh(replace(PAPER, host="192.0.2.7"), NOW)

    assert see(far, HERE, (), NOW) is far


def test_what_the_settings_files_told_outlives_the_application() -> None:
    hints = SettingsHints(auto_restart_time=60)
    seen = see(NEW, machine(gateway(hints=Known(hints))), (), NOW)

    assert see(seen, machine(), (), NOW).sight.hints == hints
    assert see(seen, machine(gateway()), (), NOW).sight.hints == hints


def test_a_port_is_open_when_somebody_is_seen_to_listen() -> None:
    assert target(NEW, HERE, ()).open
    assert target(NEW, machine(listeners=(foreign(4002),)), ()).open
    assert not target(NEW, machine(), ()).open
    assert target(NEW, machine(), ()) == Target(True, 4002, False, "4002/-", seen=NOW.monotonic, missed=True)


def test_only_a_knock_can_tell_where_nothing_can_be_seen() -> None:
    blind = machine(sockets=Unknown("no rights"))
    inside = machine(surroundings=Known(Surroundings(SurroundingsKind.WSL)))

    assert target(NEW, blind, ()).open
    assert target(NEW, inside, ()).open
    assert not target(NEW, MachineFacts(), ()).open


def test_another_machine_is_always_worth_a_knock() -> None:
    far = fresh(replace(PAPER, host="nas.example"), NOW)

    assert target(far, machine(), ()) == Target(True, 4002, True, "nas.example:4002")


def test_a_host_is_this_machine_by_its_names_until_an_attempt_tells_for_certain() -> None:
    named = fresh(replace(PAPER, host="Trader-PC."), NOW)
    around = replace(HERE, own_names=Known(frozenset({"trader-pc", "192.168.1.20"})))
    found = locate(named, around)

    assert found.settings.here
    assert found.settings.local
    assert found.settings.dialled == "Trader-PC.", "what the user's programs use is what is tried"
    assert locate(found, around) is found
    assert locate(found, MachineFacts()) is found, "a look that failed tells nothing"

    elsewhere = replace(found, ways=(Way("10.0.0.5", "192.168.1.20"),))
    assert not locate(elsewhere, around).settings.here

    by_route = replace(named, ways=(Way("192.0.2.9", "192.0.2.9"),))
    assert locate(by_route, MachineFacts()).settings.here, "a machine reaches its own address from that address"
    assert locate(replace(named, ways=(Way("127.0.1.1", "127.0.0.1"),)), MachineFacts()).settings.here


def test_what_stands_is_the_same_listener_once_the_host_is_found_to_be_this_machine() -> None:
    named = replace(UP, settings=replace(PAPER, host="trader-pc"), ways=(Way("192.0.2.9", "192.0.2.9", used=True),))
    found = locate(named, HERE)

    assert isinstance(found.link.state, Connected)
    assert found.link.state.listener_key == target(found, HERE, ()).listener_key == found.link.served_listener
    waiting = replace(named, link=Link(BackingOff(0.0, 9.0, "trader-pc:4002"), attempt=attempt(Outcome.REFUSED)))
    state = locate(waiting, HERE).link.state

    assert isinstance(state, BackingOff)
    assert state.listener_key == target(found, HERE, ()).listener_key


def test_an_own_address_other_than_loopback_is_knocked_at_though_nothing_is_seen_to_listen() -> None:
    assert target(fresh(replace(PAPER, host="trader-pc", here=True), NOW), machine(), ()).open


def test_the_door_is_another_one_when_the_process_or_its_start_changes() -> None:
    doors = {
        target(NEW, machine(one), ()).listener_key
        for one in (gateway(), gateway(pid=9), gateway(age=1.0), gateway(memory=5))
    }

    assert len(doors) == 3


def test_the_facts_of_a_session_are_those_of_a_standing_one_only() -> None:
    shown = facts_of_session(UP, NOW, TIMING)

    assert (shown.phase, shown.port, shown.client_id, shown.server_version) == (Phase.CONNECTED, 4002, 7000, 178)
    assert (shown.accounts, shown.latency, shown.since) == (("DU1",), 0.1, CONNECTED.since)

    trying = replace(UP, link=Link(Connecting(5.0, 4, 4002, 7000, "d")))
    shown = facts_of_session(trying, NOW, TIMING)

    assert (shown.phase, shown.port, shown.accounts, shown.latency) == (Phase.CONNECTING, 4002, (), None)

    waiting = facts_of_session(replace(NEW, link=Link(BackingOff(5.0, 9.0, "d"), losses=(4.0,))), NOW, TIMING)

    assert (waiting.phase, waiting.port, waiting.since, waiting.losses) == (Phase.BACKING_OFF, None, 5.0, (4.0,))


def test_heartbeats_that_went_unanswered_are_facts() -> None:
    late = replace(fresh_session(0.0), heartbeats=Heartbeats(0.0, (NOW.monotonic - 7, NOW.monotonic - 1)))

    assert facts_of_session(replace(UP, session=late), NOW, TIMING).heartbeat_unanswered == 1


def test_the_machine_takes_its_step() -> None:
    stepped, (effect,) = consider_watched(NEW, target(NEW, HERE, ()), TIMING, NOW, 7)

    assert isinstance(effect, OpenSession)
    assert stepped.number == 7
    assert consider_watched(UP, replace(target(UP, HERE, ())), TIMING, NOW, 8) == (UP, ())


def due(watched: Watched) -> set[float]:
    around = facts(machine(), facts_of_session(watched, NOW, TIMING), wants=PAPER)
    beats = (next_beat(watched, TIMING, 0), next_verdict(watched, TIMING, NOW.monotonic, NOW.monotonic))
    return {round(at - NOW.monotonic, 3) for at in (*due_times(watched, around), *beats) if at != float("inf")}


def test_everything_the_clock_alone_decides_has_its_time() -> None:
    now = NOW.monotonic
    problem = Problem("x", "x", "x", Severity.ERROR, lambda _: Absent())
    entry = Entry(problem, Present(), since=NOW, visible_at=now + 3)
    session = replace(
        fresh_session(now),
        server_link=ServerLink.DOWN,
        link_since=now,
        data_lost_at=now - 1,
        heartbeats=Heartbeats(now),
    )

    assert due(NEW) == set()
    assert due(replace(NEW, ledger=Ledger({"x": entry}))) == {3.0}
    assert due(replace(NEW, link=Link(Blocked(now, Outcome.SILENT, now + 30, "d")))) == {30.0}
    assert due(replace(UP, session=session)) == {
        TIMING.heartbeat_every,
        TIMING.link_grace,
        TIMING.reset_elsewhere,
        TIMING.notice_lasting - 1,
    }
    assert due(replace(UP, link=replace(UP.link, losses=(now - 100,)))) == {10.0, TIMING.instability_window - 100}


def test_what_is_past_wakes_nobody() -> None:
    past = replace(NEW, link=Link(BackingOff(0.0, NOW.monotonic - 5, "d")))

    assert due(past) == set()
    assert Moment(NOW.monotonic, NOW.wall) == NOW


def test_a_starting_application_is_judged_again_when_its_time_is_over() -> None:
    around = facts(machine(gateway(age=10.0, link_for=5.0)), facts_of_session(NEW, NOW, TIMING), wants=PAPER)
    times = {round(at - NOW.monotonic, 3) for at in due_times(NEW, around)}

    assert times == {TIMING.settled_link - 5, TIMING.start_grace - 10, TIMING.restart_allowance - 10}


def test_who_serves_a_session_is_kept_until_another_one_does() -> None:
    relayed = note_server(UP, machine(listeners=(relay(program="ssh"),)), anew=True)

    assert relayed.served == Served(4002, "ssh", 771)
    assert note_server(relayed, machine()) is relayed
    assert note_server(relayed, machine(), anew=True).served == Served(4002)
    assert note_server(relayed, HERE).served == Served(4002, "java", 3117, application=True)
    assert note_server(NEW, HERE).served is None


def test_the_command_server_of_ibc_is_no_place_to_knock_at_and_another_helper_may_be() -> None:
    def aim(helper_port: int, command_port: int | None) -> Target:
        process = replace(gateway(ports=()), command_port=command_port)
        around = machine(process, listeners=(foreign(helper_port, program="java", pid=process.pid),))
        return target(replace(NEW, settings=connection(port=helper_port)), around, ())

    assert [(a.open, a.missed) for a in (aim(7462, None), aim(9000, 9000), aim(9000, None))] == [
        (False, False),
        (False, False),
        (False, True),
    ]
