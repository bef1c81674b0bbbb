from dataclasses import replace

from agent.core.alerts.announce import UNSHOWN_AGAIN
from agent.core.alerts.ledger import Ledger
from agent.core.effects import (
    Announce,
    CloseSession,
    Effect,
    LookAt,
    OpenSession,
    Record,
    Remember,
    SendHeartbeat,
    ShowStatus,
    WakeAt,
    Withdraw,
)
from agent.core.events import (
    ConfigRejected,
    HeartbeatAnswered,
    NoticeDelivered,
    NoticeUndelivered,
    Reconfigured,
    SessionReady,
    Tick,
    UserAsked,
)
from agent.core.facts import Facts
from agent.core.memory import Memory, Served, ServedBefore, ShownBefore, Stopped, Told
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.core.settings import Settings
from agent.core.shown.display import Connect, Disconnect, IconState, ShowSteps, Snooze
from agent.core.shown.menu import tooltip
from agent.core.shown.status import ShownProblem
from agent.core.state_machine.advance import FORGET_TOLD, advance
from agent.core.state_machine.connection import Connected, choose_client_id
from agent.core.state_machine.state import AgentState
from agent.problems.config_invalid import CONFIG_INVALID
from tests.core.made_up_agent import PAPER, START, connected, looked, play, started
from tests.problems.scene import NOW, connection, gateway, machine, relay


def _there(facts: Facts) -> Verdict:
    return Present({"name": facts.connection.name}, ("seen",))


def _raises(facts: Facts) -> Verdict:
    raise KeyError(facts.connection.name)


HERE = Problem("here", "It is here", "It is {name}.", Severity.ERROR, _there)
BROKEN = replace(HERE, code="broken", check=_raises)
KEY = "Paper Gateway/here"


def _first(state: AgentState) -> ShownProblem:
    assert state.shown is not None
    return state.shown.connections[0].problems[0]


def only(kind: type[Effect], effects: tuple[Effect, ...]) -> list[Effect]:
    return [e for e in effects if isinstance(e, kind)]


def unshown(ledger: Ledger) -> set[str]:
    return {key for key, entry in ledger.entries.items() if entry.unshown}


def test_an_agent_begins_with_a_look_and_a_status() -> None:
    state = started()

    assert state.look_at is not None
    assert state.look_at.at == START.monotonic
    assert state.shown is not None
    assert state.shown.overall is IconState.WAITING


def test_a_good_look_leads_to_an_attempt_and_the_attempt_to_a_session() -> None:
    state = looked(started())

    assert state.next_number == 2
    assert state.shown is not None
    assert state.shown.connections[0].phase == "connecting"

    state = connected()

    assert state.shown is not None
    assert state.shown.connections[0].phase == "connected"


def test_an_event_that_changes_nothing_does_nothing() -> None:
    state = replace(connected(), urgent_since=None)
    state, _ = play(state, HeartbeatAnswered(1, int(NOW.wall)))
    state, _ = play(state, Tick())

    assert [e for e in play(state, Tick())[1] if not isinstance(e, LookAt | WakeAt)] == []


def test_a_heartbeat_is_sent_when_it_is_due_and_only_then() -> None:
    state, _ = play(connected(), HeartbeatAnswered(1, int(NOW.wall)))
    every = state.timing.heartbeat_every

    assert only(SendHeartbeat, advance(state, Tick(), NOW.later(every - 1.0))[1]) == []
    assert only(SendHeartbeat, advance(state, Tick(), NOW.later(every))[1]) == [SendHeartbeat(1)]


def test_a_problem_is_announced_shown_and_remembered_at_once() -> None:
    state = started(problems=(HERE,))
    told = Told("Paper Gateway", "here", START.wall, START.wall, title="It is here")

    shown = ShownBefore("Paper Gateway", "here", START.wall, "error", ("name",), ("Paper Gateway",))

    assert state.memory == Memory((told,), shown=(shown,))
    assert state.kept == state.memory
    assert state.shown is not None
    assert state.shown.overall is IconState.PROBLEM
    assert only(Announce, play(state, Tick())[1]) == []
    assert only(Remember, play(state, Tick())[1]) == []


def test_what_was_told_before_the_restart_is_not_told_again() -> None:
    told = Told("Paper Gateway", "here", START.wall - 50, START.wall - 50, title="It is here")
    fresh = replace(started(), memory=Memory((told,)), knowledge=replace(started().knowledge, problems=(HERE,)))
    state, effects = advance(fresh, Tick(), START.later(1))

    assert only(Announce, effects) == []
    assert state.memory.told == (told,)


def test_since_when_a_problem_is_there_and_that_no_desktop_showed_it_outlive_the_agent() -> None:
    never_there = replace(HERE, check=lambda _: Absent())
    state = connected(problems=(never_there,))
    knowledge = replace(state.knowledge, problems=(HERE,))
    state, _ = play(replace(state, knowledge=knowledge), Tick(), now=NOW.later(20))
    state, _ = play(state, NoticeUndelivered(KEY, "no service"), now=NOW.later(21))
    before = _first(state)
    again = replace(started(), memory=state.memory, knowledge=knowledge)
    state, effects = advance(again, Tick(), NOW.later(60))
    after = _first(state)

    assert (before.began, before.told, before.since) == (True, False, NOW.wall + 20)
    assert (after.began, after.told, after.since) == (True, False, NOW.wall + 20)
    assert [e.notice.once_more for e in effects if isinstance(e, Announce)] == [True]


def test_what_an_agent_only_found_is_not_said_to_have_begun_by_the_next_one() -> None:
    state, _ = play(started(problems=(HERE,)), Tick(), now=START.later(1))
    again = replace(started(), memory=state.memory, knowledge=replace(state.knowledge, problems=(HERE,)))
    state, _ = advance(again, Tick(), START.later(60))

    assert not _first(state).began


def test_a_notice_about_gatelight_itself_is_shown_once_a_service_appears() -> None:
    state = play(connected(problems=(CONFIG_INVALID,)), ConfigRejected("line 3"))[0]
    state, _ = play(state, NoticeUndelivered("/config-invalid", "no service"))
    state, effects = play(state, Tick(), now=NOW.later(UNSHOWN_AGAIN))
    state, _ = play(state, NoticeDelivered("/config-invalid"), now=NOW.later(UNSHOWN_AGAIN + 1))

    assert [e.notice.once_more for e in effects if isinstance(e, Announce)] == [True]
    assert unshown(state.own.ledger) == set()


def test_what_was_told_before_and_did_not_turn_up_again_is_forgotten() -> None:
    told = Told("Paper Gateway", "gone", START.wall - 50, START.wall - 50)
    state = replace(started(), memory=Memory((told,)))

    assert advance(state, Tick(), START.later(FORGET_TOLD - 1))[0].memory.told == (told,)
    assert advance(state, Tick(), START.later(FORGET_TOLD))[0].memory.told == ()


def test_a_typo_in_the_configuration_is_told_once_and_hides_nothing_of_what_goes_on() -> None:
    state = connected(PAPER, connection("Live TWS", port=4001), problems=(CONFIG_INVALID,))
    state = play(state, Reconfigured(state.settings))[0]
    state, effects = play(state, ConfigRejected("config.toml, line 3: unknown key “prot”"))

    (said,) = [e.notice for e in only(Announce, effects) if isinstance(e, Announce)]
    assert (said.key, said.severity) == ("/config-invalid", Severity.WARNING)
    assert said.text.startswith("config.toml, line 3: unknown key “prot”. Until that is put right")
    assert state.shown is not None
    first, second = state.shown.connections
    assert [p.code for p in first.problems] == ["config-invalid"]
    assert second.problems == ()
    assert (first.overall, first.worst) == (IconState.CONNECTED, None)
    assert (state.shown.overall, state.shown.shows_problem) == (IconState.WARNING, True)
    assert state.shown.worst == (first.name, "config-invalid")
    assert tooltip(state.shown).splitlines()[0] == "Gatelight: The configuration cannot be used"
    assert "1 of 2 connected\nLive TWS: " in tooltip(state.shown)
    assert [t.connection for t in state.memory.told] == [""]

    # What is stopped being watched has nothing to do with it, and its end is told once as well.
    state, effects = play(state, UserAsked(Disconnect("")))

    assert only(Withdraw, effects) == []

    state, effects = play(state, Reconfigured(state.settings))

    (over,) = [e.notice for e in only(Announce, effects) if isinstance(e, Announce)]
    assert (over.key, over.over) == ("/config-invalid", True)
    assert (over.title, over.text) == ("The configuration is in order", "It could not be used for 0 s.")


def test_at_a_start_without_an_earlier_configuration_it_is_an_error() -> None:
    fresh = replace(started(problems=(CONFIG_INVALID,)), config_error="config.toml, line 3: unknown key “prot”")
    state, effects = play(fresh, Tick())

    assert [e.notice.severity for e in effects if isinstance(e, Announce)] == [Severity.ERROR]
    assert state.shown is not None
    assert state.shown.overall is IconState.PROBLEM


def test_the_steps_of_a_problem_of_the_program_and_its_snooze_work_like_all_others() -> None:
    state = connected(problems=(CONFIG_INVALID,))
    state = play(state, ConfigRejected("line 3"))[0]
    state = play(state, NoticeUndelivered("/config-invalid", "no service"))[0]

    assert unshown(state.own.ledger) == {"config-invalid"}

    for name in ("", "Paper Gateway"):
        effects = play(state, UserAsked(ShowSteps(name, "config-invalid", as_notice=True)))[1]

        assert [e.notice.title for e in effects if isinstance(e, Announce)] == ["The configuration cannot be used"]

    effects = play(state, UserAsked(Snooze("config-invalid", "", 60.0)))[1]

    assert Withdraw("/config-invalid") in effects


def test_a_check_that_fails_is_in_the_log_once_and_the_others_go_on() -> None:
    fresh = started()
    state = replace(fresh, knowledge=replace(fresh.knowledge, problems=(BROKEN, HERE)))
    state, effects = play(state, Tick())
    faults = [e for e in effects if isinstance(e, Record) and e.fault is not None]

    assert [e.text for e in faults] == ["the check of broken failed"]
    assert len(only(Announce, effects)) == 1
    assert [e for e in play(state, Tick())[1] if isinstance(e, Record)] == []


def test_who_disconnects_hears_nothing_more_and_nothing_of_it_is_kept() -> None:
    state = connected(problems=(HERE,))
    state, _ = play(state, NoticeUndelivered(KEY, "no service"))

    assert unshown(state.watched[0].ledger) == {"here"}

    state, effects = play(state, UserAsked(Disconnect("")))

    assert only(CloseSession, effects) == [CloseSession(1)]
    assert only(Withdraw, effects) == [Withdraw(KEY)]
    assert only(Announce, effects) == []
    assert state.watched[0].ledger.entries == {}
    assert state.watched[0].diagnosis.found == ()


def test_who_stops_watching_for_a_while_is_connected_again_after_it() -> None:
    live = replace(PAPER, name="Live")
    state, _ = play(started(PAPER, live), UserAsked(Disconnect(PAPER.name, 60.0)), UserAsked(Disconnect("Live")))
    early, _ = play(state, Tick(), now=NOW.later(59))
    late, effects = play(early, Tick(), now=NOW.later(61))

    assert [w.wanted for w in early.watched] == [False, False]
    assert [w.wanted for w in late.watched] == [True, False]
    assert Remember(Memory(stopped=(Stopped("Live", NOW.wall, None, NOW.wall),))) in effects
    assert only(LookAt, effects) or late.urgent_since is not None


def test_a_notice_is_shown_once_a_service_appears() -> None:
    state, _ = play(started(problems=(HERE,)), NoticeUndelivered(KEY, "no service"), now=START)
    again = START.later(UNSHOWN_AGAIN)
    (woken,) = only(WakeAt, play(state, Tick(), now=START.later(1))[1])
    early = only(Announce, play(state, Tick(), now=START.later(UNSHOWN_AGAIN - 1))[1])
    state, effects = play(state, Tick(), now=again)
    (announce,) = only(Announce, effects)
    state, _ = play(state, NoticeDelivered(KEY), now=again.later(1))

    assert isinstance(woken, WakeAt)
    assert woken.at <= again.monotonic
    assert isinstance(announce, Announce)
    assert (early, announce.notice.once_more) == ([], True)
    assert unshown(state.watched[0].ledger) == set()
    assert only(Announce, play(state, Tick(), now=again.later(UNSHOWN_AGAIN + 1))[1]) == []


def test_a_snooze_takes_the_notice_back() -> None:
    state = started(problems=(HERE,))
    state, effects = play(state, UserAsked(Snooze("here", "", 60.0)), now=START.later(1))

    assert only(Withdraw, effects) == [Withdraw(KEY)]
    assert state.shown is not None
    assert state.shown.connections[0].problems[0].snoozed_until == START.wall + 61

    after, _ = advance(state, Tick(), START.later(61))

    assert after.memory.snoozed == ()


def test_a_status_is_shown_only_when_it_changed() -> None:
    state = looked(started())

    assert only(ShowStatus, play(state, Tick())[1]) == []


def test_two_connections_never_share_a_client_id() -> None:
    twin = replace(PAPER, name="Twin")
    state = looked(started(PAPER, twin))
    ids = {w.link.last_client_id for w in state.watched}

    assert len(ids) == 2
    assert [w.number for w in state.watched] == [1, 2]


def test_where_nobody_is_seen_to_listen_one_knock_is_made_and_nothing_shown_of_it() -> None:
    quiet = started(problems=(replace(HERE, check=lambda _: Absent()),))
    state = looked(quiet, machine())

    assert state.watched[0].number == 1
    assert state.shown is not None
    assert state.shown.connections[0].phase == "idle"
    assert only(OpenSession, play(state, Tick())[1]) == []


def test_fewer_connections_than_before_are_shown_where_none_is_configured_any_more() -> None:
    two = looked(started(PAPER, replace(PAPER, name="Live Gateway", port=4001)), machine(gateway()))
    after, _ = play(two, Reconfigured(Settings(connections=())))

    assert two.shown is not None
    assert after.shown is not None
    assert [(w.settings.name, w.settings.implicit) for w in after.watched] == [("IB Gateway", True)]
    assert (len(two.shown.connections), len(after.shown.connections)) == (2, 1)


def test_without_a_configuration_nothing_is_missed_and_nothing_opened() -> None:
    state = looked(started(replace(PAPER, implicit=True)), machine())

    assert state.watched[0].number is None


def test_a_client_id_that_our_other_connection_uses_is_left_alone() -> None:
    state = connected(PAPER, replace(PAPER, name="Twin", auto_connect=False))
    first, twin = state.watched
    assert isinstance(first.link.state, Connected)
    natural = choose_client_id(twin.settings, twin.link, frozenset(), state.next_number)
    taken = replace(first, link=replace(first.link, state=replace(first.link.state, client_id=natural)))
    state, effects = play(replace(state, watched=(taken, twin)), UserAsked(Connect("Twin")), now=NOW.later(1))
    (opened,) = only(OpenSession, effects) or only(OpenSession, play(looked(state, now=NOW.later(2)), Tick())[1])

    assert isinstance(opened, OpenSession)
    assert opened.client_id != natural


def test_who_served_is_remembered_over_a_restart_of_the_agent() -> None:
    by_tunnel = machine(listeners=(relay(program="ssh"),))
    state = looked(started(), by_tunnel)
    number = state.watched[0].number
    assert number is not None
    state, effects = play(state, SessionReady(number, 178, ("DU1234567",), 0.001))
    (kept,) = (e for e in effects if isinstance(e, Remember))

    assert kept.memory.served == (ServedBefore("Paper Gateway", Served(4002, "ssh", 771)),)

    again = looked(started(memory=kept.memory), machine())

    assert again.watched[0].served == Served(4002, "ssh", 771)
