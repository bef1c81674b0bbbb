from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.core.client_ids import CLIENT_ID_RANGE
from agent.core.effects import CloseSession, Effect, OpenSession
from agent.core.session_facts import Attempt, Outcome, Phase
from agent.core.settings import ConnectionSettings
from agent.core.state_machine.connection import (
    BackingOff,
    Blocked,
    Connected,
    Connecting,
    Idle,
    Link,
    LinkState,
    Target,
    attempt_failed,
    backoff,
    choose_client_id,
    consider,
    phase,
    retry_now,
    session_lost,
    session_ready,
)
from agent.core.timing import Timing

TIMING = Timing()
PAPER = ConnectionSettings(name="Paper Gateway", port=4002)
FAR = replace(PAPER, host="192.0.2.7")
"""The same on another machine."""
OPEN = Target(wanted=True, port=4002, open=True, listener_key="4002/1")
SHUT = replace(OPEN, open=False)
UNWANTED = replace(OPEN, wanted=False)
PATIENT = (
    Outcome.SILENT,
    Outcome.CLOSED,
    Outcome.NOT_TWS,
    Outcome.OUTDATED,
    Outcome.NOT_READY,
    Outcome.ID_IN_USE,
)
PASSING = (Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.UNRESOLVABLE)


def attempt(outcome: Outcome, at: float, port: int = 4002) -> Attempt:
    return Attempt(outcome=outcome, at=at, port=port)


def knock(
    link: Link, now: float, number: int, wants: ConnectionSettings = PAPER, target: Target = OPEN
) -> tuple[Link, OpenSession]:
    link, effects = consider(link, target, wants, TIMING, now, number)
    (effect,) = effects

    assert isinstance(effect, OpenSession)
    return link, effect


def up(now: float = 100.0) -> Link:
    link, effect = knock(Link(Idle(0.0)), now, 1)
    return session_ready(link, effect.number, 178, 0.01, now)


def test_every_state_has_its_word() -> None:
    states: tuple[LinkState, ...] = (
        Idle(0.0),
        Connecting(0.0, 1, 4002, 7000, "d"),
        Connected(0.0, 1, 4002, 7000, 178, "d"),
        BackingOff(0.0, 1.0, "d"),
        Blocked(0.0, Outcome.SILENT, 1.0, "d"),
    )

    assert [phase(state) for state in states] == list(Phase)


def test_from_idle_one_good_look_leads_out() -> None:
    link, effect = knock(Link(Idle(0.0)), 10.0, 5)

    assert effect == OpenSession(
        "Paper Gateway", 5, "127.0.0.1", 4002, effect.client_id, TIMING.reply_timeout, TIMING.not_ready_grace
    )
    assert link.state == Connecting(10.0, 5, 4002, effect.client_id, OPEN.listener_key)


def test_a_closed_port_is_not_knocked_at() -> None:
    assert consider(Link(Idle(0.0)), SHUT, PAPER, TIMING, 10.0, 1) == (Link(Idle(0.0)), ())


def test_a_look_from_before_the_change_leads_nowhere() -> None:
    link = Link(Idle(10.0))

    assert consider(link, replace(OPEN, seen=9.9), PAPER, TIMING, 10.1, 1) == (link, ())


def test_a_name_of_this_machine_is_dialled_as_its_address() -> None:
    _, here = knock(Link(Idle(0.0)), 10.0, 1, replace(PAPER, host="localhost"))
    _, there = knock(Link(Idle(0.0)), 10.0, 1, replace(PAPER, host="nas.example"))

    assert (here.host, there.host) == ("127.0.0.1", "nas.example")


def test_a_session_comes_up_and_forgets_refused_ids() -> None:
    link, effect = knock(Link(Idle(0.0), refused_ids=frozenset({7000})), 10.0, 1)
    link = session_ready(link, 1, 178, 0.25, 10.25)

    assert link.state == Connected(10.25, 1, 4002, effect.client_id, 178, OPEN.listener_key)
    assert link.attempt == Attempt(Outcome.READY, 10.25, 4002, 0.25, 178, accounts_came=True)
    assert link.refused_ids == frozenset()


@pytest.mark.parametrize("number", [0, 2, 99])
def test_what_another_attempt_says_is_ignored(number: int) -> None:
    connecting, _ = knock(Link(Idle(0.0)), 10.0, 1)
    connected = up()

    for link in (connecting, connected, Link(Idle(0.0))):
        assert session_ready(link, number, 178, 0.0, 11.0) is link
        assert attempt_failed(link, number, attempt(Outcome.SILENT, 11.0), PAPER, TIMING, 11.0) is link
        assert session_lost(link, number, TIMING, 11.0) is link


def test_a_verdict_that_comes_twice_counts_once() -> None:
    link = up()

    assert session_ready(link, 1, 178, 0.0, 200.0) is link
    assert attempt_failed(link, 1, attempt(Outcome.CLOSED, 200.0), PAPER, TIMING, 200.0) is link


def test_an_attempt_cannot_be_lost_before_it_is_a_session() -> None:
    link, _ = knock(Link(Idle(0.0)), 10.0, 1)

    assert session_lost(link, 1, TIMING, 11.0) is link


def test_the_wish_to_disconnect_closes_what_is_open() -> None:
    connecting, _ = knock(Link(Idle(0.0)), 10.0, 1)
    for link in (connecting, up()):
        after, effects = consider(link, UNWANTED, PAPER, TIMING, 150.0, 2)

        assert effects == (CloseSession(1),)
        assert after.state == Idle(150.0)
        assert after.attempt is None
    for waiting in (BackingOff(0.0, 200.0, "d"), Blocked(0.0, Outcome.SILENT, 200.0, "d")):
        assert consider(Link(waiting), UNWANTED, PAPER, TIMING, 150.0, 2) == (Link(Idle(150.0)), ())


def test_another_port_ends_the_session_and_waits_for_a_look() -> None:
    moved = replace(OPEN, port=7497, listener_key="7497/2", seen=149.0)
    link, effects = consider(up(), moved, PAPER, TIMING, 150.0, 2)

    assert effects == (CloseSession(1),)
    assert link.state == Idle(150.0)

    link, effect = knock(link, 151.1, 2, target=replace(moved, seen=151.0))

    assert effect.port == 7497


def test_another_port_where_nobody_listens_leaves_the_session_alone() -> None:
    link = up()

    assert consider(link, replace(SHUT, port=7497), PAPER, TIMING, 150.0, 2) == (link, ())


@pytest.mark.parametrize("outcome", PATIENT)
def test_an_application_that_was_reached_is_not_pressed(outcome: Outcome) -> None:
    wants = replace(PAPER, client_id=77)
    link, _ = knock(Link(Idle(0.0)), 10.0, 1, wants)
    link = attempt_failed(link, 1, attempt(outcome, 11.0), wants, TIMING, 11.0)

    assert link.state == Blocked(11.0, outcome, 11.0 + TIMING.handshake_every, OPEN.listener_key)
    assert consider(link, OPEN, wants, TIMING, 40.9, 2) == (link, ())

    link, effect = knock(link, 41.0, 2, wants)

    assert effect.client_id == 77


def test_what_keeps_failing_is_asked_half_as_often() -> None:
    link, now = Link(Idle(0.0)), 0.0
    waits = []
    for number in range(1, 8):
        link, _ = knock(link, now, number)
        link = attempt_failed(link, number, attempt(Outcome.SILENT, now), PAPER, TIMING, now)
        assert isinstance(link.state, Blocked)
        waits.append(link.state.retry_at - now)
        now = link.state.retry_at

    assert waits == [30.0] * 4 + [60.0] * 3


@pytest.mark.parametrize("outcome", PASSING)
def test_nobody_answering_is_asked_ever_more_rarely(outcome: Outcome) -> None:
    link, now = Link(Idle(0.0)), 0.0
    waits = []
    for number in range(1, 10):
        link, _ = knock(link, now, number)
        link = attempt_failed(link, number, attempt(outcome, now), FAR, TIMING, now)
        assert isinstance(link.state, BackingOff)
        waits.append(link.state.retry_at - now)
        now = link.state.retry_at

    for wait, meant in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60, 60), strict=True):
        assert wait == pytest.approx(meant, rel=0.1501)


def test_a_queue_that_is_full_is_not_added_to_more_often_than_a_silent_application() -> None:
    link, _ = knock(Link(Idle(0.0)), 10.0, 1)
    link = attempt_failed(link, 1, attempt(Outcome.UNREACHABLE, 15.0), PAPER, TIMING, 15.0)

    assert link.state == Blocked(15.0, Outcome.UNREACHABLE, 15.0 + TIMING.handshake_every, OPEN.listener_key)


MISSED = replace(SHUT, missed=True, listener_key="4002/-")


def test_a_port_that_is_missed_is_knocked_at_once_and_then_seldom() -> None:
    link, now, knocks = Link(Idle(0.0)), 1.0, []
    for number in range(1, 200):
        link, effects = consider(link, MISSED, PAPER, TIMING, now, number)
        if effects:
            knocks.append(now)
            link = attempt_failed(link, number, attempt(Outcome.REFUSED, now), PAPER, TIMING, now)
            assert link.state == Idle(0.0)
        now += 1.0

    assert knocks == [1.0, 31.0, 61.0, 91.0, 121.0, 151.0, 181.0]
    assert link.failures == 0
    assert link.attempt is not None
    assert link.attempt.first_failed == 1.0


def test_a_listener_that_goes_is_missed_at_once() -> None:
    link = replace(Link(Blocked(0.0, Outcome.SILENT, 200.0, "4002/1")), missed_at=100.0)
    link, effects = consider(link, MISSED, PAPER, TIMING, 101.0, 2)

    assert effects == ()
    assert link.attempt is None

    link, _ = knock(link, 102.5, 2, target=replace(MISSED, seen=102.0))

    assert isinstance(link.state, Connecting)


@pytest.mark.parametrize("outcome", PATIENT)
def test_what_answers_unseen_is_treated_like_what_is_seen(outcome: Outcome) -> None:
    wants = replace(PAPER, client_id=77)
    link, _ = knock(Link(Idle(0.0)), 10.0, 1, wants, target=MISSED)
    link = attempt_failed(link, 1, attempt(outcome, 11.0), wants, TIMING, 11.0)

    assert isinstance(link.state, Blocked)
    assert consider(link, MISSED, wants, TIMING, 40.9, 2) == (link, ())

    link, _ = knock(link, 41.0, 2, wants, target=MISSED)
    link = attempt_failed(link, 2, attempt(Outcome.REFUSED, 42.0), wants, TIMING, 42.0)

    assert isinstance(link.state, Idle)


def test_another_application_at_the_door_ends_the_wait() -> None:
    link, _ = knock(Link(Idle(0.0)), 10.0, 1)
    link = attempt_failed(link, 1, attempt(Outcome.SILENT, 11.0), PAPER, TIMING, 11.0)
    link, effect = knock(link, 12.5, 2, target=replace(OPEN, listener_key="4002/2"))

    assert effect.number == 2


def test_a_port_that_closes_ends_the_wait_as_idle() -> None:
    for waiting in (BackingOff(0.0, 200.0, "d"), Blocked(0.0, Outcome.SILENT, 200.0, "d")):
        assert consider(Link(waiting), SHUT, PAPER, TIMING, 150.0, 2) == (Link(Idle(150.0)), ())


def test_what_somebody_else_said_at_the_port_is_not_held_against_who_opens_it_next() -> None:
    link, _ = knock(Link(Idle(0.0)), 10.0, 1)
    link = attempt_failed(link, 1, attempt(Outcome.NOT_TWS, 11.0), PAPER, TIMING, 11.0)
    link, _ = consider(link, SHUT, PAPER, TIMING, 12.0, 2)
    link, _ = knock(link, 13.0, 2)

    assert isinstance(link.state, Connecting)
    assert link.attempt is None


def test_a_refused_automatic_id_is_replaced_at_once_three_times() -> None:
    link, now, used = Link(Idle(0.0)), 10.0, []
    for number in range(1, 5):
        link, effect = knock(link, now, number)
        used.append(effect.client_id)
        link = attempt_failed(link, number, attempt(Outcome.ID_IN_USE, now), PAPER, TIMING, now)
        if number < 4:
            assert link.state == BackingOff(now, now, OPEN.listener_key)

    assert len(set(used)) == 4
    assert isinstance(link.state, Blocked)


def test_the_first_failure_of_a_kind_is_remembered() -> None:
    link, now = Link(Idle(0.0)), 0.0
    firsts = []
    for number, outcome in enumerate((Outcome.SILENT, Outcome.SILENT, Outcome.CLOSED), 1):
        link, _ = knock(link, now, number)
        link = attempt_failed(link, number, attempt(outcome, now), PAPER, TIMING, now)
        assert link.attempt is not None
        firsts.append(link.attempt.first_failed)
        now += 60.0

    assert firsts == [0.0, 0.0, 120.0]


def test_a_stable_session_that_is_lost_is_reopened_at_once_and_forgiven() -> None:
    link = replace(up(100.0), failures=9)
    link = session_lost(link, 1, TIMING, 160.0)

    assert link.state == BackingOff(160.0, 160.0, OPEN.listener_key)
    assert (link.failures, link.losses, link.attempt) == (0, (160.0,), None)


def test_sessions_that_do_not_last_are_reopened_ever_more_slowly() -> None:
    link, now, waits = Link(Idle(0.0)), 0.0, []
    for number in range(1, 10):
        link, _ = knock(link, now, number)
        link = session_ready(link, number, 178, 0.0, now)
        now += TIMING.stable_session - 1
        link = session_lost(link, number, TIMING, now)
        assert isinstance(link.state, BackingOff)
        waits.append(link.state.retry_at - now)
        now = link.state.retry_at

    assert waits[0] == 0.0
    for wait, meant in zip(waits[1:], (1, 2, 4, 8, 16, 32, 60, 60), strict=True):
        assert wait == pytest.approx(meant, rel=0.1501)


def test_one_that_closes_every_session_as_soon_as_it_is_ready_is_tried_as_seldom_as_one_that_fails_the_handshake() -> (
    None
):
    link, now, tried = Link(Idle(0.0)), 0.0, []
    for number in range(1, 30):
        link, _ = knock(link, now, number)
        tried.append(now)
        link = session_ready(link, number, 178, 0.0, now + 0.01)
        link = session_lost(link, number, TIMING, now + 0.02)
        assert isinstance(link.state, BackingOff)
        now = link.state.retry_at

    # Once more at once, since it may have been a restart; from then on patiently.
    assert sum(at < 30.0 for at in tried) == 2
    assert min(later - at for at, later in pairwise(tried[1:])) >= TIMING.handshake_every


def test_old_losses_are_forgotten() -> None:
    link = replace(up(1000.0), losses=(100.0, 900.0))

    assert session_lost(link, 1, TIMING, 1000.0).losses == (900.0, 1000.0)


def test_waiting_ends_when_somebody_asks() -> None:
    assert retry_now(Link(BackingOff(0.0, 99.0, "d")), 5.0).state == BackingOff(0.0, 5.0, "d")
    assert retry_now(Link(Blocked(0.0, Outcome.SILENT, 99.0, "d")), 5.0).state == Blocked(0.0, Outcome.SILENT, 5.0, "d")
    assert retry_now(up(), 5.0) == up()


def test_a_fixed_id_is_not_used_again_within_the_time_tws_needs_to_free_it() -> None:
    wants = replace(PAPER, client_id=77)
    link, _ = knock(Link(Idle(0.0)), 10.0, 1, wants)
    link = session_lost(session_ready(link, 1, 178, 0.0, 10.0), 1, TIMING, 100.0)
    link, effects = consider(link, OPEN, wants, TIMING, 100.1, 2)

    assert effects == ()
    assert link.state == BackingOff(100.1, 100.0 + TIMING.id_release, OPEN.listener_key)

    _, effect = knock(link, 101.0, 2, wants)

    assert effect.client_id == 77


def test_an_id_that_tws_frees_late_is_asked_for_once_more_before_anybody_else_is_suspected() -> None:
    wants = replace(PAPER, client_id=77)
    link, _ = knock(Link(Idle(0.0)), 10.0, 1, wants)
    link = session_lost(session_ready(link, 1, 178, 0.0, 10.0), 1, TIMING, 100.0)
    link, _ = knock(link, 101.0, 2, wants)
    link = attempt_failed(link, 2, attempt(Outcome.ID_IN_USE, 101.0), wants, TIMING, 101.0)

    assert link.state == BackingOff(101.0, 101.0 + TIMING.id_release_late, OPEN.listener_key)

    link, _ = knock(link, 104.0, 3, wants)
    link = attempt_failed(link, 3, attempt(Outcome.ID_IN_USE, 104.0), wants, TIMING, 104.0)

    assert isinstance(link.state, Blocked)


def test_an_id_that_was_not_ours_a_moment_ago_is_somebody_elses() -> None:
    wants = replace(PAPER, client_id=77)
    for since in (10.0, 200.0):
        link, _ = knock(Link(Idle(0.0)), 10.0, 1, wants)
        number = 1
        if since > 10.0:
            link = session_lost(session_ready(link, 1, 178, 0.0, 10.0), 1, TIMING, 100.0)
            number = 2
            link, _ = knock(link, since, number, wants)
        link = attempt_failed(link, number, attempt(Outcome.ID_IN_USE, since), wants, TIMING, since)

        assert isinstance(link.state, Blocked)


@given(st.integers(-1, 60), st.integers(0, 10**6))
def test_the_back_off_is_none_then_one_two_four_to_sixty_within_fifteen_percent(failures: int, number: int) -> None:
    wait = backoff(failures, TIMING, number)
    meant = 0.0 if failures <= 1 else min(2.0 ** (failures - 2), 60.0)

    assert meant * 0.85 <= wait <= meant * 1.15


def test_the_back_off_of_neighbours_is_spread() -> None:
    waits = {round(backoff(8, TIMING, number)) for number in range(40)}

    assert len(waits) >= 15


@given(st.integers(0, 10**6), st.frozensets(st.sampled_from(CLIENT_ID_RANGE), max_size=40))
def test_an_automatic_id_is_high_and_nobody_elses(number: int, avoid: frozenset[int]) -> None:
    link = Link(Idle(0.0), last_client_id=7005, refused_ids=frozenset({7000, 7001}))
    chosen = choose_client_id(PAPER, link, avoid, number)

    assert chosen in CLIENT_ID_RANGE
    assert chosen not in avoid | {7000, 7001, 7005}


def test_when_every_id_is_refused_one_is_tried_again() -> None:
    assert choose_client_id(PAPER, Link(Idle(0.0), refused_ids=frozenset(CLIENT_ID_RANGE)), frozenset(), 3) != 0


class Walk(RuleBasedStateMachine):
    """Every state meets every event, late and repeated ones included; the world keeps its own books of sessions."""

    wants = PAPER

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.link = Link(Idle(self.now))
        self.number = 1
        self.listener_key = 1
        self.port = 4002
        self.listening = True
        self.wanted = True
        self.taken = self.now
        self.standing: set[int] = set()
        self.released: dict[int, float] = {}
        self.ids: dict[int, int] = {}
        self.not_before = 0.0
        self.reached_listener = ""

    def _target(self) -> Target:
        return Target(self.wanted, self.port, self.listening, f"{self.port}/{self.listener_key}", seen=self.taken)

    def _consider(self) -> None:
        before = self.link.state
        target = self._target()
        if target.listener_key != self.reached_listener:
            # A door that changes and changes back has changed: the patience with the first one is over.
            self.not_before = 0.0
        good = self.wanted and self.listening and self.taken >= before.since
        self.link, effects = consider(self.link, target, self.wants, TIMING, self.now, self.number)
        for effect in effects:
            self._carry_out(effect, target)
        if isinstance(before, Idle) and good:
            assert not isinstance(self.link.state, Idle)

    def _carry_out(self, effect: Effect, target: Target) -> None:
        match effect:
            case CloseSession(number):
                self.standing.remove(number)
                self.released[self.ids[number]] = self.now
            case OpenSession():
                assert effect.number == self.number
                assert self.standing == set()
                assert target.wanted
                assert target.open
                assert self.now >= self.not_before
                assert self.now - self.released.get(effect.client_id, -1e9) >= TIMING.id_release
                assert effect.client_id != 0
                self.standing.add(effect.number)
                self.not_before = 0.0
                self.ids[effect.number] = effect.client_id
                self.number += 1
            case _:
                raise AssertionError(effect)

    def _ended(self, number: int) -> None:
        self.standing.discard(number)
        self.released[self.ids[number]] = self.now

    @rule(seconds=st.sampled_from((0.01, 0.3, 0.9, 1.0, 5.0, 29.0, 31.0, 61.0, 700.0)))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self._consider()

    @rule()
    def a_look(self) -> None:
        self.taken = self.now
        self._consider()

    @rule()
    def another_application_takes_the_port(self) -> None:
        self.listener_key += 1
        self._consider()

    @rule(listening=st.booleans())
    def the_port_opens_or_closes(self, listening: bool) -> None:
        self.listening = listening
        if not listening:
            self.listener_key += 1
        self._consider()

    @rule(port=st.sampled_from((4001, 4002)))
    def the_port_moves(self, port: int) -> None:
        self.port = port
        self._consider()

    @rule(wanted=st.booleans())
    def the_user_wishes(self, wanted: bool) -> None:
        if not wanted:
            self.not_before = 0.0
        self.wanted = wanted
        self._consider()

    @rule()
    def somebody_asks_for_it_now(self) -> None:
        self.link = retry_now(self.link, self.now)
        self.not_before = 0.0
        self._consider()

    @precondition(lambda self: isinstance(self.link.state, Connecting))
    @rule()
    def the_attempt_becomes_a_session(self) -> None:
        (number,) = self.standing
        self.link = session_ready(self.link, number, 178, 0.01, self.now)

        assert isinstance(self.link.state, Connected)
        self._consider()

    @precondition(lambda self: isinstance(self.link.state, Connecting))
    @rule(outcome=st.sampled_from(PATIENT + PASSING))
    def the_attempt_fails(self, outcome: Outcome) -> None:
        (number,) = self.standing
        state = self.link.state
        assert isinstance(state, Connecting)
        self._ended(number)
        earlier = self.link.attempt
        self.link = attempt_failed(
            self.link, number, attempt(outcome, self.now, state.port), self.wants, TIMING, self.now
        )
        tries_another_id = outcome is Outcome.ID_IN_USE and self.wants.client_id == "auto"
        if outcome in PATIENT and not tries_another_id:
            before = earlier.outcome if earlier is not None and earlier.port == state.port else None
            once_more = outcome is Outcome.CLOSED and before is not Outcome.CLOSED
            patience = TIMING.backoff_first if once_more else TIMING.handshake_every
            self.not_before, self.reached_listener = self.now + patience, state.listener_key
        self._consider()

    @precondition(lambda self: isinstance(self.link.state, Connected))
    @rule()
    def the_session_is_lost(self) -> None:
        (number,) = self.standing
        self._ended(number)
        self.link = session_lost(self.link, number, TIMING, self.now)
        self.not_before = 0.0

        assert isinstance(self.link.state, BackingOff)
        self._consider()

    @rule(back=st.integers(1, 6), outcome=st.sampled_from(PATIENT + PASSING))
    def an_earlier_attempt_speaks_up(self, back: int, outcome: Outcome) -> None:
        number = self.number - 1 - back
        before = self.link

        assert session_ready(before, number, 178, 0.01, self.now) is before
        assert attempt_failed(before, number, attempt(outcome, self.now), self.wants, TIMING, self.now) is before
        assert session_lost(before, number, TIMING, self.now) is before
        self._consider()

    @invariant()
    def the_open_session_is_exactly_the_one_the_state_names(self) -> None:
        state = self.link.state
        named = {state.number} if isinstance(state, Connecting | Connected) else set()

        assert self.standing == named

    @invariant()
    def nothing_grows_without_bound(self) -> None:
        assert len(self.link.losses) <= 1 or self.link.losses[-1] - self.link.losses[0] < TIMING.instability_window
        assert len(self.link.refused_ids) <= len(CLIENT_ID_RANGE)

    @invariant()
    def no_waiting_is_for_ever(self) -> None:
        if isinstance(self.link.state, BackingOff | Blocked):
            assert self.link.state.retry_at - self.now <= 2 * TIMING.handshake_every * 1.15


class WalkWithAFixedId(Walk):
    """The same with a client ID of the user's."""

    wants = replace(PAPER, client_id=77)


Walk.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
WalkWithAFixedId.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestWalk = Walk.TestCase
TestWalkWithAFixedId = WalkWithAFixedId.TestCase
