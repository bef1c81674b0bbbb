"""Any day: Hypothesis makes up what happens, the agent has to stay sane whatever it is."""

from collections import defaultdict
from dataclasses import replace

from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agent.core.alerts.ledger import Ledger
from agent.core.effects import Announce, CloseSession, Effect, OpenSession, SendHeartbeat
from agent.core.events import (
    ConfigRejected,
    Event,
    HeartbeatAnswered,
    NoticeArrived,
    NoticeUndelivered,
    ProcessExited,
    Reconfigured,
    SessionFailed,
    SessionLost,
    SessionReady,
    Tick,
    UserAsked,
    Woke,
)
from agent.core.evidence.processes import applications, link_settled
from agent.core.facts import Known, SettingsHints, Unknown
from agent.core.session_facts import Outcome, Phase
from agent.core.settings import ConnectionSettings, Settings, WantedApplication
from agent.core.shown.display import TOOLTIP_LIMIT, Connect, Disconnect, IconState, Pause, Resume, Snooze
from agent.core.shown.menu import display, headline
from agent.core.shown.status import status_to_json, worst_first
from agent.core.state_machine.connection import Connected, Connecting
from agent.core.state_machine.session import KEPT_NOTICES
from agent.core.state_machine.state import AgentState
from agent.problems import PROBLEMS
from agent.tws.reset_windows import Region
from agent.tws.time_zone import TimeZone
from tests.journeys.day import PAPER, Day

LIVE = ConnectionSettings(name="Live Gateway", application=WantedApplication.GATEWAY, port=4001)
CONFIGURATIONS = (
    Settings(connections=(PAPER,)),
    Settings(connections=(PAPER, LIVE)),
    Settings(connections=(replace(PAPER, port="auto", client_id=77),)),
    Settings(),
)
WAYS_TO_THE_PORT = frozenset(
    {
        "app-not-installed", "app-not-running", "wrong-application", "wrong-product", "app-starting", "login-pending",
        "restart-stuck", "api-disabled", "api-port-mismatch", "api-port-taken", "container-not-ready",
        "host-unresolvable", "host-unreachable", "peer-not-trusted", "api-silent", "api-wedged", "not-tws",
        "session-not-ready", "client-id-in-use", "too-many-clients", "app-outdated",
    }
)  # fmt: skip
"""Problems that each explain why there is no session: one is enough."""
LINKS_TO_IB = frozenset({"network-down", "server-link-lost", "data-farm-broken"})
"""Problems that each explain why no data flows over a session."""
NOTICES = (
    (1100, "Connectivity between IB and Trader Workstation has been lost."),
    (1101, "Connectivity between IB and TWS has been restored- data lost."),
    (1102, "Connectivity between IB and Trader Workstation has been restored - data maintained."),
    (2110, "Connectivity between TWS and server is broken. It will be restored automatically."),
    (1300, "TWS socket port has been reset and this connection is being dropped. 4003"),
    (2103, "Market data farm connection is broken:usfarm"),
    (2104, "Market data farm connection is OK:usfarm"),
    (2119, "Market data farm is connecting:usfarm"),
    (2105, "HMDS data farm connection is broken:ushmds"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2157, "Sec-def data farm connection is broken:secdefnj"),
    (354, "Requested market data is not subscribed."),
    (162, "Historical Market Data Service error message:API historical data query pacing violation"),
    (321, "Error validating request: API interface is currently in Read-Only mode."),
    (10197, "No market data during competing live session"),
    (100, "Max rate of messages per second has been exceeded"),
    (101, "Max number of tickers has been reached"),
    (99999, "Something nobody has heard of {port}"),
)


def _came_up(before: Ledger, after: Ledger) -> bool:
    """Whether a problem became visible."""
    seen = {key for key, entry in before.entries.items() if entry.visible}
    return any(entry.visible and key not in seen for key, entry in after.entries.items())


class AnyDay(Day):
    """A day that keeps its own books of sessions and announcements."""

    def __init__(self, settings: Settings) -> None:
        self.standing: set[int] = set()
        self.up: set[int] = set()
        self.told: dict[str, list[tuple[str, float]]] = defaultdict(list)
        self.allowed_silence: set[str] = set()
        super().__init__(settings=settings)

    def tell(self, event: Event) -> None:
        """One event; what it means to the world's own books comes first, as it would in the world."""
        before = self.state
        match event:
            case SessionFailed(number) | SessionLost(number):
                self.standing.discard(number)
                self.up.discard(number)
                self.open.pop(number, None)
            case SessionReady(number) if number in self.standing:
                self.up.add(number)
            case _:
                pass
        super().tell(event)
        self._forgotten_in_silence(before)

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case OpenSession():
                    assert effect.client_id != 0
                    assert effect.number not in self.standing
                    self.standing.add(effect.number)
                case CloseSession(number):
                    assert number in self.standing
                    self.standing.remove(number)
                    self.up.discard(number)
                case SendHeartbeat(number):
                    assert number in self.up
                case Announce(notice) if notice.once_more:
                    # No service had shown it, or its notice went with a cause.
                    ledgers = [(w.settings.name, w.ledger) for w in self.state.watched]
                    assert notice.key in self.withdrawn or any(
                        e.unshown and notice.key == f"{name}/{k}"
                        for name, ledger in [*ledgers, ("", self.state.own.ledger)]
                        for k, e in ledger.entries.items()
                    )
                case Announce(notice):
                    self._told(notice.key, "over" if notice.over else "said")
                case _:
                    pass
        super()._perform(effects)

    def _told(self, key: str, what: str) -> None:
        heard = self.told[key]
        now = self.now.monotonic
        last, at = heard[-1] if heard else ("over", 0.0)
        repeat_after = self.state.settings.notifications.repeat_after
        if what == "over":
            assert last == "said", f"{key} is over twice, or was never said"
        elif last == "said" and key not in self.allowed_silence:
            assert repeat_after is not None
            assert now - at >= repeat_after, f"{key} was said again after {now - at} s"
        self.allowed_silence.discard(key)
        heard.append((what, now))

    def _forgotten_in_silence(self, before: AgentState) -> None:
        """An end that the user did not want to hear of is not said; the next time is news again."""
        after = {w.settings.name: w for w in self.state.watched}
        for watched in before.watched:
            name = watched.settings.name
            now = after.get(name)
            memory = self.state.memory
            unstable = "connection-unstable" in watched.ledger.entries
            quiet = now is None or not now.wanted or memory.paused_until is not None or unstable
            snoozed = {s.code for s in (*memory.snoozed, *before.memory.snoozed)}
            for key, entry in watched.ledger.entries.items():
                gone = now is None or key not in now.ledger.entries
                # A problem that gives way to another ends without a word.
                gave_way = gone and now is not None and _came_up(watched.ledger, now.ledger)
                if gone and (quiet or gave_way or entry.problem.code in snoozed or not entry.visible):
                    self.allowed_silence.add(f"{name}/{key}")


class Walk(RuleBasedStateMachine):
    """Anything may happen at any time."""

    day: AnyDay

    @initialize(settings=st.sampled_from(CONFIGURATIONS))
    def begin(self, settings: Settings) -> None:
        self.day = AnyDay(settings)

    # ── time ────────────────────────────────────────────────────────────────────────────────────

    @rule(seconds=st.sampled_from((0.05, 0.5, 2.0, 7.0, 20.0, 65.0)))
    def time_passes(self, seconds: float) -> None:
        self.day.run(seconds)

    @rule(seconds=st.sampled_from((1.0, 600.0, 9 * 3600.0)))
    def the_machine_sleeps(self, seconds: float) -> None:
        self.day.tell(Woke(self.day.sleep(seconds)))

    @rule()
    def it_is_woken_for_nothing(self) -> None:
        self.day.tell(Tick())

    # ── applications ────────────────────────────────────────────────────────────────────────────

    @rule(
        port=st.sampled_from((None, 4001, 4002, 4002, 4002, 7500)),
        linked=st.booleans(),
        age=st.sampled_from((0.0, 100.0, 4000.0)),
        restarted=st.booleans(),
        hints=st.sampled_from((SettingsHints(), SettingsHints(region=Region.EUROPE, auto_restart_time=15 * 60))),
    )
    def an_application_starts(
        self, port: int | None, linked: bool, age: float, restarted: bool, hints: SettingsHints
    ) -> None:
        if len(self.day.apps) < 3:
            self.day.start(port, linked=linked, age=age, restarted=restarted).hints = hints

    @rule(which=st.integers(0, 2), seen=st.booleans())
    def an_application_ends(self, which: int, seen: bool) -> None:
        if which < len(self.day.apps):
            self.day.stop(self.day.apps[which], seen=seen)

    @rule(which=st.integers(0, 2), outcome=st.sampled_from(Outcome))
    def it_meets_attempts_like_this(self, which: int, outcome: Outcome) -> None:
        if which < len(self.day.apps):
            self.day.apps[which].outcome = outcome

    @rule(which=st.integers(0, 2), answers=st.sampled_from((None, 0.001, 4.0, 30.0)), off=st.sampled_from((0.0, 30.0)))
    def it_answers_like_this(self, which: int, answers: float | None, off: float) -> None:
        if which < len(self.day.apps):
            self.day.apps[which].answers_after = answers
            self.day.apps[which].clock_off = off

    @rule(which=st.integers(0, 2), port=st.sampled_from((None, 4002, 4001)), linked=st.booleans())
    def its_port_or_link_changes(self, which: int, port: int | None, linked: bool) -> None:
        if which < len(self.day.apps):
            app = self.day.apps[which]
            app.port, app.link_since = port, self.day.now.monotonic if linked else None
            app.link_up = linked

    # ── the machine ─────────────────────────────────────────────────────────────────────────────

    @rule(network=st.sampled_from((Known(True), Known(False), Unknown("late"))), readable=st.booleans())
    def the_machine_changes(self, network: Known[bool] | Unknown, readable: bool) -> None:
        self.day.network = network
        self.day.sockets_readable = readable

    # ── sessions ────────────────────────────────────────────────────────────────────────────────

    @rule()
    def every_session_is_lost(self) -> None:
        self.day.drop()

    @rule(notice=st.sampled_from(NOTICES), times=st.integers(1, 3))
    def a_notice_comes(self, notice: tuple[int, str], times: int) -> None:
        for _ in range(times):
            self.day.notice(*notice)

    @rule(back=st.integers(1, 4), outcome=st.sampled_from(Outcome), notice=st.sampled_from(NOTICES))
    def an_ended_session_speaks_up(self, back: int, outcome: Outcome, notice: tuple[int, str]) -> None:
        number = self.day.state.next_number - back
        if number in self.day.standing:
            return
        before = tuple(w.link for w in self.day.state.watched)
        for event in (
            SessionReady(number, 178, ("U7654321",), 0.1),
            HeartbeatAnswered(number, 5),
            NoticeArrived(number, *notice),
            SessionLost(number, "late"),
            SessionFailed(number, outcome, 9.0),
        ):
            self.day.tell(event)

        named = {link.state.number for link in before if isinstance(link.state, Connecting | Connected)}
        assert number not in named

    @rule(outcome=st.sampled_from(Outcome))
    def a_session_hears_what_it_heard_before(self, outcome: Outcome) -> None:
        for number in tuple(self.day.up):
            link = next(w.link for w in self.day.state.watched if w.number == number)
            self.day.tell(SessionReady(number, 178, ("DU1234567",), 0.01))
            self.day.state, effects = _only(self.day, SessionFailed(number, outcome, 1.0))

            assert not any(isinstance(e, CloseSession) for e in effects)
            assert next(w.link for w in self.day.state.watched if w.number == number).state == link.state

    @rule()
    def heartbeats_are_answered_twice(self) -> None:
        for number in tuple(self.day.up):
            self.day.tell(HeartbeatAnswered(number, int(self.day.now.wall)))

    @rule(pid=st.integers(2999, 3003))
    def a_process_is_said_to_have_ended(self, pid: int) -> None:
        if all(app.pid != pid for app in self.day.apps):
            self.day.tell(ProcessExited(pid))

    # ── the user ────────────────────────────────────────────────────────────────────────────────

    @rule(
        action=st.sampled_from(
            (
                Connect(""), Disconnect(""), Connect(PAPER.name), Disconnect(PAPER.name), Disconnect("nobody"),
                Pause(None), Pause(300.0), Resume(), Snooze("api-silent", "", 60.0),
                Snooze("app-not-running", PAPER.name, 3600.0), Snooze("no-such-code", "", 60.0),
            )
        )
    )  # fmt: skip
    def the_user_asks(self, action: Connect | Disconnect | Pause | Resume | Snooze) -> None:
        self.day.tell(UserAsked(action))

    @rule(settings=st.sampled_from(CONFIGURATIONS))
    def the_configuration_changes(self, settings: Settings) -> None:
        self.day.tell(Reconfigured(settings))

    @rule()
    def the_configuration_is_refused(self) -> None:
        self.day.tell(ConfigRejected("line 3: port: 0 is not a port"))

    @rule()
    def the_desktop_takes_no_notice(self) -> None:
        for key in tuple(self.day.told):
            self.day.tell(NoticeUndelivered(key, "no notification service"))

    # ── what always holds ───────────────────────────────────────────────────────────────────────

    @invariant()
    def the_open_sessions_are_the_ones_the_states_name(self) -> None:
        states = [w.link.state for w in self.day.state.watched]
        named = [s.number for s in states if isinstance(s, Connecting | Connected)]

        assert len(named) == len(set(named))
        assert set(named) == self.day.standing
        assert {s.number for s in states if isinstance(s, Connected)} == self.day.up

    @invariant()
    def connections_at_one_application_have_client_ids_of_their_own(self) -> None:
        states = [w.link.state for w in self.day.state.watched]
        ids = [(s.port, s.client_id) for s in states if isinstance(s, Connecting | Connected)]

        assert len(ids) == len(set(ids))

    @invariant()
    def one_fault_has_one_cause(self) -> None:
        for watched in self.day.state.watched:
            shown = {e.problem.code for e in watched.ledger.entries.values() if e.shown}

            assert len(shown & WAYS_TO_THE_PORT) <= 1, shown
            assert len(shown & LINKS_TO_IB) <= 1, shown

    @invariant()
    def no_check_fails(self) -> None:
        assert self.day.state.broken_checks == frozenset()

    @invariant()
    def what_is_kept_has_bounds(self) -> None:
        state = self.day.state
        assert len(state.memory.stopped) <= len(self.day.state.watched) + 6
        assert len(state.memory.snoozed) <= 3
        assert {t.key.split(":")[0] for t in state.memory.told} <= {p.code for p in PROBLEMS}
        for watched in state.watched:
            assert len(watched.ledger.entries) <= len(PROBLEMS) + 4
            assert len(watched.link.losses) <= 60
            if watched.session is not None:
                assert len(watched.session.notices) <= KEPT_NOTICES
                assert len(watched.session.heartbeats.sent) <= 6

    @invariant()
    def it_can_be_shown(self) -> None:
        shown = display(self.day.status, 0.0, TimeZone())

        assert len(shown.tooltip) <= TOOLTIP_LIMIT
        assert "DU1234567" not in str(status_to_json(self.day.status)) + str(shown)

    @invariant()
    def what_is_shown_stands_on_what_is_known(self) -> None:
        state = self.day.state
        for watched, settled, shown in zip(state.watched, state.settled, self.day.status.connections, strict=True):
            facts, session = settled.facts, settled.facts.session
            answered = session.phase is Phase.CONNECTED and not session.frozen
            running = {p.pid for p in applications(facts.machine)}
            visible = {p.code for p in shown.problems if p.visible}

            assert shown.overall is not IconState.CONNECTED or (answered and shown.server_link != "down")
            assert answered or (shown.latency, shown.farms) == (None, ())
            assert shown.server_link == "up" or not shown.farms or shown.server_link == "unknown"
            assert shown.accounts == () or session.phase is Phase.CONNECTED
            assert (
                shown.server_link != "up"
                or answered
                or any(link_settled(facts, p) for p in applications(facts.machine))
            )
            assert shown.application is None or shown.application.pid in running
            assert shown.programs is None or isinstance(facts.machine.sockets, Known)
            assert shown.outage_ends is None or "scheduled-outage" in visible
            assert shown.problems == worst_first(shown.problems)
            assert shown.worst is None or headline(shown) == shown.worst.title == shown.problems[0].title
            assert all(p.since <= facts.now.wall for p in shown.problems)
            told = {e.problem.code for e in watched.ledger.entries.values() if e.problem.needs_session and e.shown}
            lasting = {e.problem.code for e in watched.ledger.entries.values() if e.problem.outlasts_answers}
            assert session.phase is Phase.CONNECTED or not told
            assert answered or told <= lasting

    def teardown(self) -> None:
        """At the end of any day a healthy application is connected to, and costs seven messages a minute at most."""
        if not hasattr(self, "day"):
            return
        day = self.day
        for app in tuple(day.apps):
            day.stop(app)
        day.network, day.sockets_readable = Known(True), True
        day.tell(Reconfigured(Settings(connections=(PAPER,))))
        day.tell(UserAsked(Connect("")))
        day.run(1.0)
        day.start()
        day.run(130.0)

        assert day.connection.phase == "connected"

        before = day.sent["heartbeat"]
        day.run(120.0)

        assert day.sent["heartbeat"] - before <= 14


def _only(day: AnyDay, event: Event) -> tuple[AgentState, tuple[Effect, ...]]:
    """What an event that cannot be would do, without the world believing it."""
    from agent.core.state_machine.advance import advance

    return advance(day.state, event, day.now)


Walk.TestCase.settings = how(max_examples=30, stateful_step_count=30, deadline=None)
TestWalk = Walk.TestCase
