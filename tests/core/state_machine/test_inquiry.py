from dataclasses import replace

import pytest

from agent.core.effects import AskSettings, Record
from agent.core.events import (
    HeartbeatAnswered,
    Looked,
    NoticeArrived,
    SessionLost,
    SessionReady,
    SettingsAnswered,
    UserAsked,
)
from agent.core.facts import Known, SettingsTold, Unknown
from agent.core.shown.display import Connect, LookNow, ShowSteps
from agent.core.state_machine.advance import advance
from agent.core.state_machine.state import AgentState
from agent.problems import PROBLEMS
from agent.tws.api_settings import ApiSettings, ConfigResponse
from tests.core.made_up_agent import PAPER, connected, looked, play
from tests.problems.scene import NOW, connection, gateway, machine

READ_ONLY = "The API interface is currently in Read-Only mode."


def told(read_only: bool = False) -> Known[ConfigResponse]:
    return Known(ConfigResponse(settings=ApiSettings(read_only_api=read_only)))


def answering(state: AgentState, after: float = 0.0) -> tuple[AgentState, tuple[AskSettings, ...]]:
    """The main session answers a heartbeat; what is asked then."""
    now = NOW.later(after)
    number = state.watched[0].number
    assert number is not None
    state, effects = play(state, HeartbeatAnswered(number, int(now.wall)), now=now)
    return state, tuple(e for e in effects if isinstance(e, AskSettings))


def answered(state: AgentState, configuration: object, after: float, version: int | None = 223) -> AgentState:
    number = state.watched[0].number
    assert number is not None
    event = SettingsAnswered(number, configuration, version)  # type: ignore[arg-type]
    return play(state, event, now=NOW.later(after))[0]


def asked_when(state: AgentState, *, until: float, step: float = 5.0) -> float | None:
    """Seconds after NOW at which the settings are asked for, while the application answers every heartbeat."""
    after = 0.0
    while after <= until:
        now = NOW.later(after)
        state, of_look = play(state, Looked(replace(machine(gateway()), taken=now.monotonic)), now=now)
        state, of_answer = answering(state, after)
        if of_answer or [e for e in of_look if isinstance(e, AskSettings)]:
            return after
        after += step
    return None


def test_they_are_asked_for_once_the_main_session_has_been_answered() -> None:
    state = connected()
    state, before = advance(looked(state), UserAsked(LookNow()), NOW)
    state, asks = answering(state, 0.01)

    assert not [e for e in before if isinstance(e, AskSettings)]
    assert [(a.host, a.port, len(a.client_ids)) for a in asks] == [("127.0.0.1", 4002, 2)]
    assert state.watched[0].inquiry.asked_at is not None


def test_the_client_ids_are_high_and_none_of_our_own() -> None:
    state, asks = answering(connected(PAPER, connection("Second", port=4001)))
    own = {w.link.state.client_id for w in state.watched if w.connected}  # type: ignore[union-attr]

    assert all(7000 <= i < 10000 for i in asks[0].client_ids)
    assert not own & set(asks[0].client_ids)


def test_one_question_is_under_way_at_a_time() -> None:
    state, _ = answering(connected())

    assert answering(state, 5.0)[1] == ()
    assert asked_when(state, until=60.0) == 30.0


def test_they_are_asked_for_again_after_half_an_hour() -> None:
    state = answered(answering(connected())[0], told(), 0.1)

    assert asked_when(state, until=3600.0, step=10.0) == 1810.0


def test_an_application_too_old_to_tell_is_not_asked_again() -> None:
    state = answered(answering(connected())[0], Unknown("server version 178 does not tell its settings"), 0.1, 178)
    state, effects = play(state, UserAsked(LookNow()), now=NOW.later(10.0))

    assert not [e for e in effects if isinstance(e, AskSettings)]
    assert asked_when(state, until=7200.0, step=10.0) is None


@pytest.mark.parametrize("action", [LookNow(), Connect(""), Connect("Paper Gateway")])
def test_who_asks_for_a_look_asks_for_the_settings_too(action: LookNow | Connect) -> None:
    state = answered(answering(connected())[0], told(), 0.1)
    _, effects = play(state, UserAsked(action), now=NOW.later(60.0))

    assert [e for e in effects if isinstance(e, AskSettings)]


def test_a_refusal_that_speaks_of_read_only_is_looked_into() -> None:
    state = answered(answering(connected())[0], told(), 0.1)
    number = state.watched[0].number
    assert number is not None
    _, effects = play(state, NoticeArrived(number, 321, READ_ONLY), now=NOW.later(60.0))

    assert [e for e in effects if isinstance(e, AskSettings)]


def test_while_steps_are_followed_a_change_is_noticed_within_half_a_minute() -> None:
    state = answered(answering(connected(problems=PROBLEMS))[0], told(), 0.1)
    state, effects = play(state, UserAsked(ShowSteps("Paper Gateway", "precautions-on")), now=NOW.later(60.0))
    state = answered(state, told(), 61.0)
    assert state.watched[0].inquiry.sent_at == NOW.monotonic + 60.0

    assert [e for e in effects if isinstance(e, AskSettings)]
    assert asked_when(state, until=3600.0) == 95.0


def test_steps_that_change_no_setting_ask_for_none() -> None:
    state = answered(answering(connected(problems=PROBLEMS))[0], told(), 0.1)
    _, effects = play(state, UserAsked(ShowSteps("Paper Gateway", "clock-off")), now=NOW.later(60.0))

    assert not [e for e in effects if isinstance(e, AskSettings)]


def test_a_read_only_api_that_is_shown_is_watched_for_being_switched_off() -> None:
    state = answered(answering(connected(problems=PROBLEMS))[0], told(read_only=True), 0.1)

    assert [e.problem.code for e in state.watched[0].ledger.entries.values()] == ["read-only-api"]
    assert asked_when(state, until=3600.0) == 35.0


def test_a_connection_that_flaps_is_not_made_to_flap_twice() -> None:
    state = answered(answering(connected())[0], told(), 0.1)
    number = state.watched[0].number
    assert number is not None
    state = looked(play(state, SessionLost(number, "reset"), now=NOW.later(1.0))[0], now=NOW.later(1.5))
    number = state.watched[0].number
    assert number is not None
    state, _ = play(state, SessionReady(number, 178, ("DU1234567",), 0.01), now=NOW.later(2.0))

    assert asked_when(state, until=120.0) == 35.0
    assert state.watched[0].inquiry.told.configuration == told()


def test_what_another_session_was_told_is_not_taken_for_this_one() -> None:
    state, asks = answering(connected())
    late = SettingsAnswered(asks[0].number + 1, told(read_only=True), 223)
    state, _ = play(state, late, now=NOW.later(1.0))

    assert state.watched[0].inquiry.told == SettingsTold()


def test_the_log_says_what_changed_once() -> None:
    state = answered(answering(connected())[0], told(), 0.1)
    number = state.watched[0].number
    assert number is not None
    _, same = play(state, SettingsAnswered(number, told(), 223), now=NOW.later(60.0))
    _, other = play(state, SettingsAnswered(number, told(read_only=True), 223), now=NOW.later(60.0))

    assert not [e for e in same if isinstance(e, Record)]
    assert [e.text for e in other if isinstance(e, Record)] == ["Paper Gateway: API settings changed: read_only_api"]


def test_a_frozen_application_is_left_alone() -> None:
    state = answered(answering(connected())[0], told(), 0.1)
    session = state.watched[0].session
    assert session is not None
    beats = replace(session.heartbeats, sent=(NOW.monotonic + 1790.0,))
    watched = replace(state.watched[0], session=replace(session, heartbeats=beats))
    _, effects = play(replace(state, watched=(watched,)), UserAsked(LookNow()), now=NOW.later(1805.0))

    assert not [e for e in effects if isinstance(e, AskSettings)]


def test_an_answer_to_an_earlier_question_is_not_what_somebody_wants_to_know() -> None:
    state, _ = answering(connected())
    state, none = play(state, UserAsked(LookNow()), now=NOW.later(1.0))
    state = answered(state, told(), 1.5)

    assert not [e for e in none if isinstance(e, AskSettings)]
    assert answering(state, 2.0)[1] == ()
    assert len(answering(state, 3.6)[1]) == 1
