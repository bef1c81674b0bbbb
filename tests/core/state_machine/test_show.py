from dataclasses import replace

from agent.core.alerts.ledger import Entry, Ledger
from agent.core.facts import ApiClient, Facts, Known, MachineFacts, Sight, Sockets, Unknown
from agent.core.guide import Guide
from agent.core.memory import Memory, Snoozed
from agent.core.problem import Absent, Present, Problem, Severity
from agent.core.session_facts import Outcome, Phase, ServerLink, SessionFacts
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownApplication, ShownProblem, ShownProgram
from agent.core.state_machine.connection import BackingOff, Blocked, Connected, Idle, Link
from agent.core.state_machine.show import overall, server_link, show_connection, snoozed_until
from agent.core.state_machine.state import Words
from agent.core.state_machine.watched import Watched
from agent.tws.applications import ApplicationKind
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.farms import Farm, FarmKind, FarmStatus
from tests.core.test_fix import OFFER
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, machine

PAPER = connection(port=4002)
STEPS = {ApplicationKind.TWS: ("In TWS.",), ApplicationKind.GATEWAY: ("In Gateway, port {port}.",)}
WORDS = Words({"x": Guide("x", "X", "meaning", STEPS)}, {})
PROBLEM = Problem("x", "X on {port}", "{port} is x.", Severity.ERROR, lambda _: Absent(), fix="do-it")
ENTRY = Entry(PROBLEM, Present({"port": "4002"}, ("seen {port}",)), since=NOW, visible_at=0.0, visible=True)
UP = Watched(PAPER, Link(Connected(NOW.monotonic - 3600, 1, 4002, 7341, 178, "d")))
IDLE = Watched(PAPER, Link(Idle(NOW.monotonic)))


def having(watched: Watched, *entries: Entry) -> Watched:
    return replace(watched, ledger=Ledger({e.key: e for e in entries}))


def state_of(watched: Watched, seen: Facts, memory: Memory | None = None) -> IconState:
    return overall(watched, seen, memory or Memory())


def test_a_session_is_shown_with_everything_known() -> None:
    around = machine(gateway(), clients=(ApiClient(4002, 991, "quantower", since=5.0), ApiClient(4002, 1, own=True)))
    shown = show_connection(UP, facts(around, wants=PAPER), Memory(), WORDS)

    assert shown.overall is IconState.CONNECTED
    assert (shown.phase, shown.since, shown.client_id) == ("connected", NOW.wall - 3600, 7341)
    assert shown.application == ShownApplication("gateway", "10.45", 3117, NOW.wall - 7200, (4002,))
    assert (shown.trading_mode, shown.accounts, shown.server_link) == ("paper", ("DU1234567",), "up")
    assert shown.programs == (ShownProgram(991, "quantower", 5.0),)
    assert (shown.problems, shown.retry_at, shown.outage_ends) == ((), None, None)


def test_what_a_frozen_application_said_before_is_not_shown_as_good() -> None:
    session = replace(connected(), latency=0.002, farms=(Farm("usfarm", FarmKind.MARKET_DATA, FarmStatus.OK, 1.0),))
    well = show_connection(UP, facts(session=session), Memory(), WORDS)
    frozen = show_connection(UP, facts(session=replace(session, heartbeat_unanswered=2)), Memory(), WORDS)

    assert (well.server_link, well.latency, [f.name for f in well.farms]) == ("up", 0.002, ["usfarm"])
    assert (frozen.server_link, frozen.latency, frozen.farms) == ("unknown", None, ())


def test_what_cannot_be_seen_is_not_shown_as_nothing() -> None:
    shown = show_connection(UP, facts(machine(sockets=Unknown("no rights"))), Memory(), WORDS)

    assert shown.programs is None


def test_a_problem_is_shown_in_words_with_the_steps_of_the_application() -> None:
    watched = replace(having(UP, ENTRY), offers={"x": (OFFER,)})
    (shown,) = show_connection(watched, facts(wants=PAPER), Memory(), WORDS).problems

    assert shown == ShownProblem(
        "x",
        "error",
        "X on 4002",
        "4002 is x.",
        ("seen 4002",),
        ("In Gateway, port 4002.",),
        NOW.wall,
        visible=True,
        began=False,
        fixes=(OFFER,),
    )


def test_a_fix_nobody_can_do_is_not_offered_and_an_undelivered_notice_is_admitted() -> None:
    watched = having(UP, replace(ENTRY, unshown=True))
    (shown,) = show_connection(watched, facts(), Memory(), Words({}, {})).problems

    assert (shown.fixes, shown.steps, shown.told) == ((), (), False)


def test_hidden_problems_are_not_shown_and_young_ones_are_marked() -> None:
    hidden, young = replace(ENTRY, hidden=True), replace(ENTRY, visible=False)

    assert show_connection(having(UP, hidden), facts(), Memory(), WORDS).problems == ()
    assert [p.visible for p in show_connection(having(UP, young), facts(), Memory(), WORDS).problems] == [False]


def test_the_next_attempt_is_told_while_waiting() -> None:
    for waiting in (BackingOff(0.0, NOW.monotonic + 9, "d"), Blocked(0.0, Outcome.SILENT, NOW.monotonic + 9, "d")):
        watched = replace(IDLE, link=Link(waiting))

        assert show_connection(watched, facts(session=backing_off()), Memory(), WORDS).retry_at == NOW.wall + 9


def test_a_snooze_holds_for_its_connection_or_for_all_until_it_ends() -> None:
    memory = Memory(snoozed=(Snoozed("", "x", 50.0), Snoozed("a", "x", 70.0), Snoozed("b", "x", 90.0)))

    assert [snoozed_until(memory, "a", "x", wall) for wall in (10.0, 60.0, 70.0)] == [70.0, 70.0, None]
    assert snoozed_until(memory, "a", "y", 10.0) is None


def test_errors_win_over_warnings_and_both_over_everything_else() -> None:
    warning = replace(ENTRY, problem=replace(PROBLEM, code="w", severity=Severity.WARNING))
    info = replace(ENTRY, problem=replace(PROBLEM, code="i", severity=Severity.INFO))
    planned = replace(ENTRY, problem=replace(PROBLEM, code="p", severity=Severity.INFO, expected=True))

    assert state_of(having(UP, warning, ENTRY), facts()) is IconState.PROBLEM
    assert state_of(having(UP, planned, warning), facts()) is IconState.WARNING
    assert state_of(having(UP, planned), facts()) is IconState.MAINTENANCE
    assert state_of(having(UP, info), facts()) is IconState.CONNECTED
    assert state_of(having(UP, replace(ENTRY, visible=False)), facts()) is IconState.CONNECTED


def test_a_lost_link_shows_before_it_is_a_problem() -> None:
    assert state_of(UP, facts(session=connected(server_link=ServerLink.DOWN))) is IconState.WARNING


def test_pause_and_disconnect_show_as_paused_and_unknown_is_never_good() -> None:
    memory = Memory(paused_until=NOW.wall + 60)
    blind = machine(processes=Unknown("no rights"))
    idle = SessionFacts(phase=Phase.IDLE)

    assert state_of(UP, facts(), memory) is IconState.PAUSED
    assert state_of(UP, facts(), Memory(paused_until=NOW.wall)) is IconState.CONNECTED
    assert state_of(replace(IDLE, wish=False), facts(session=idle)) is IconState.PAUSED
    assert state_of(IDLE, facts(blind, idle)) is IconState.UNKNOWN


def test_waiting_for_an_application_is_not_connecting() -> None:
    idle = SessionFacts(phase=Phase.IDLE)
    gone = Sight(last_pid=1, gone_since=NOW.monotonic - 3, ever=True)
    long_gone = replace(gone, gone_since=NOW.monotonic - 30)

    assert state_of(IDLE, facts(machine(), idle, sight=Sight())) is IconState.WAITING
    assert state_of(IDLE, facts(MachineFacts(), idle, sight=Sight())) is IconState.WAITING
    assert state_of(IDLE, facts(machine(), idle, sight=gone)) is IconState.CONNECTING
    assert state_of(IDLE, facts(machine(), idle, sight=long_gone)) is IconState.WAITING
    assert state_of(IDLE, facts(machine(gateway(ports=())), idle)) is IconState.CONNECTING
    assert state_of(IDLE, facts(session=backing_off())) is IconState.CONNECTING


def test_the_end_of_an_outage_is_told_while_it_is_under_way() -> None:
    planned = having(UP, replace(ENTRY, problem=replace(PROBLEM, code="scheduled-outage", expected=True)))
    reset = Outage(OutageKind.RESET, NOW.wall - 60, NOW.wall + 600)
    restart = replace(reset, ends=NOW.wall + 60)

    def ends(watched: Watched, expected: Expectation) -> float | None:
        return show_connection(watched, facts(expected=expected), Memory(), WORDS).outage_ends

    assert ends(planned, Expectation(outage=reset)) == NOW.wall + 600
    # A session that stands has lost IB's servers; without one, the application itself is away.
    assert ends(planned, Expectation(outage=reset, restart=restart)) == NOW.wall + 600
    away = facts(machine(), backing_off(), expected=Expectation(outage=reset, restart=restart))
    assert show_connection(planned, away, Memory(), WORDS).outage_ends == NOW.wall + 60
    assert ends(planned, Expectation()) is None
    assert ends(UP, Expectation(outage=reset)) is None


def test_a_frozen_session_is_not_shown_as_well_before_it_is_a_problem() -> None:
    assert state_of(UP, facts(session=replace(connected(), heartbeat_unanswered=2))) is IconState.UNKNOWN


def test_farms_are_not_told_while_the_link_is_down() -> None:
    broken = Farm("usfarm", FarmKind.MARKET_DATA, FarmStatus.BROKEN, 1.0)
    session = replace(connected(server_link=ServerLink.DOWN), farms=(broken,), farms_more=2)
    shown = show_connection(UP, facts(session=session), Memory(), WORDS)

    assert (shown.server_link, shown.farms, shown.farms_more) == ("down", (), 0)


def test_the_link_is_known_from_the_sockets_where_no_session_tells() -> None:
    idle = SessionFacts(phase=Phase.IDLE)
    logged_in, at_login = gateway(ports=()), gateway(ports=(), link_for=None)

    assert server_link(facts(machine(logged_in), idle)) == (ServerLink.UP, "connected, as its sockets show")
    assert server_link(facts(machine(at_login), idle))[0] is ServerLink.UNKNOWN
    assert server_link(facts(machine(logged_in, network=Known(False)), idle))[0] is ServerLink.UNKNOWN
    assert server_link(facts(machine(), idle))[0] is ServerLink.UNKNOWN
    assert server_link(facts(session=replace(connected(), heartbeat_unanswered=2)))[0] is ServerLink.UNKNOWN


def test_programs_are_not_told_where_they_cannot_be_seen() -> None:
    hidden = machine(gateway(), sockets=Known(Sockets(unseen="other users’ programs are hidden")))

    assert show_connection(UP, facts(wants=connection(host="tws.example")), Memory(), WORDS).programs is None
    assert show_connection(UP, facts(hidden), Memory(), WORDS).programs is None
    assert show_connection(UP, facts(machine(gateway())), Memory(), WORDS).programs == ()


def test_why_the_application_is_not_seen() -> None:
    def unseen(seen: Facts) -> tuple[bool, str]:
        shown = show_connection(replace(IDLE, settings=seen.connection), seen, Memory(), WORDS)
        return shown.local, shown.unseen

    assert unseen(facts(wants=connection(host="tws.example")))[0] is False
    assert "tws.example" in unseen(facts(wants=connection(host="tws.example")))[1]
    assert unseen(facts(machine(processes=Unknown("no rights")))) == (True, "no rights")
    assert unseen(facts(machine())) == (True, "")


def test_what_is_hidden_is_not_shown_and_not_over() -> None:
    shown = show_connection(having(UP, replace(ENTRY, hidden=True)), facts(wants=PAPER), Memory(), WORDS)

    assert (shown.problems, shown.set_aside) == ((), ("x",))


def test_the_worst_problem_comes_first() -> None:
    read_only = replace(ENTRY, problem=replace(PROBLEM, code="old"), since=NOW.later(-600))
    warning = replace(ENTRY, problem=replace(PROBLEM, code="w", severity=Severity.WARNING))
    shown = show_connection(having(UP, warning, read_only, ENTRY), facts(wants=PAPER), Memory(), WORDS)

    assert [p.code for p in shown.problems] == ["x", "old", "w"]


def test_a_connection_over_which_the_link_was_lost_proves_no_link_when_the_session_has_ended() -> None:
    for link_for, told in ((400.0, ServerLink.UNKNOWN), (200.0, ServerLink.UP)):
        around = machine(gateway(link_for=link_for))
        cut_off = replace(backing_off(), link_lost_at=NOW.monotonic - 300.0)

        assert server_link(facts(around, cut_off))[0] is told
