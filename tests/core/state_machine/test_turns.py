"""Of many connections, a few begin at once and the others one after the other."""

from dataclasses import replace

from agent.core.effects import OpenSession
from agent.core.events import Looked, SessionFailed, Tick, UserAsked
from agent.core.session_facts import Outcome
from agent.core.shown.display import Connect, IconState
from agent.core.state_machine.advance import advance
from agent.core.state_machine.connection import BackingOff, Blocked, Idle, Link, Target
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.turns import AT_ONCE, LAPSES, turn_of, waits_for
from agent.core.timing import Timing
from tests.core.made_up_agent import started
from tests.problems.scene import NOW, connection, machine

EVERY = Timing().turn_every
FORTY = tuple(connection(name=f"c{n:02}", host=f"10.0.0.{n + 1}", port=4002) for n in range(40))


def opened(state: AgentState, seconds: float) -> tuple[AgentState, dict[str, float]]:
    """When each session is opened, an agent being woken as it plans, for so many seconds."""
    when: dict[str, float] = {}
    now = NOW
    state, effects = advance(state, Looked(replace(machine(), taken=now.monotonic)), now)
    while now.monotonic - NOW.monotonic < seconds:
        when |= {e.connection: now.monotonic - NOW.monotonic for e in effects if isinstance(e, OpenSession)}
        if state.wake_at is None:
            # Nothing waits for its turn.
            break
        now = NOW.later(max(state.wake_at, now.monotonic) - NOW.monotonic)
        state, effects = advance(state, Tick(), now)
    return state, when


def test_ten_begin_at_once_and_the_others_follow_at_some_distance() -> None:
    begun = started(*FORTY)
    # Turns are not quite even: it may be one more.
    assert AT_ONCE <= sum(w.number is not None for w in begun.watched) <= AT_ONCE + 1

    state, when = opened(begun, 5.0)
    times = sorted(when.values())

    assert all(w.number is not None for w in state.watched)
    # Those that are not among the first ten of this moment: no second has more of them than the pace allows.
    later = times[AT_ONCE:]
    assert all(sum(t <= u < t + 1.0 for u in later) <= 1.0 / EVERY * 1.2 for t in later)
    assert times[-1] <= len(FORTY) * EVERY * 1.2
    assert len({link.state.client_id for link in (w.link for w in state.watched)}) == len(FORTY)  # type: ignore[union-attr]


def test_one_that_waits_for_its_turn_is_shown_as_connecting() -> None:
    state, _ = advance(started(*FORTY), Looked(replace(machine(), taken=NOW.monotonic)), NOW)

    assert state.shown is not None
    assert {c.overall for c in state.shown.connections} == {IconState.CONNECTING}
    assert isinstance(state.watched[-1].link.state, BackingOff)


def test_those_that_never_answer_keep_no_other_waiting() -> None:
    state, when = opened(started(*FORTY), 1.0)
    slow = [w.number for w in state.watched if w.number is not None][:AT_ONCE]
    for number in slow:
        state, _ = advance(state, SessionFailed(number, Outcome.SILENT, 5.0, "silent"), NOW.later(1.0))

    assert len(when) > AT_ONCE
    assert state.turns_until - NOW.monotonic <= len(FORTY) * EVERY * 1.2


def test_a_click_on_one_of_a_few_is_not_made_to_wait() -> None:
    state, _ = opened(started(*FORTY[:5]), 0.5)
    number = state.watched[0].number
    assert number is not None
    state, _ = advance(state, SessionFailed(number, Outcome.CLOSED, 0.1, "closed"), NOW.later(20.0))
    seen = replace(machine(), taken=NOW.later(20.1).monotonic)
    state, _ = advance(state, Looked(seen), NOW.later(20.1))
    _, effects = advance(state, UserAsked(Connect("c00")), NOW.later(21.5))

    assert [e.connection for e in effects if isinstance(e, OpenSession)] == ["c00"]


def test_a_turn_is_kept_until_it_is_used_or_lapses() -> None:
    full = 100.0 + AT_ONCE * EVERY + 0.5
    at, until = turn_of(Link(Idle(0.0)), full, Timing(), 100.0, 3)
    waiting = Link(Idle(0.0), turn_at=at)

    assert at == full - AT_ONCE * EVERY
    assert until > full
    assert turn_of(waiting, until, Timing(), at, 3) == (at, until)
    assert turn_of(waiting, until, Timing(), at + LAPSES, 3) != (at, until)


def test_what_waits_stays_what_it_is() -> None:
    shut = Target(True, 4002, False, "4002/-", missed=True)
    closed = waits_for(Link(Idle(90.0)), shut, Timing(), 101.0)
    blocked = waits_for(Link(Blocked(90.0, Outcome.SILENT, 100.0, "x")), replace(shut, open=True), Timing(), 101.0)

    assert closed.state == Idle(90.0)
    assert closed.missed_at == 101.0 - Timing().handshake_every
    assert blocked.state == Blocked(90.0, Outcome.SILENT, 101.0, "x")
