from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.clock import Moment
from agent.core.facts import Known, Unknown
from agent.core.session_facts import Flood, NoticeSeen, ServerLink, Subscriber
from agent.core.state_machine.session import (
    COUNTED_FARMS,
    KEPT_ACCOUNTS,
    KEPT_FARMS,
    KEPT_NOTICES,
    Heartbeats,
    Session,
    certain,
    clock_bounds,
    data_came,
    flood_at,
    fresh_session,
    heartbeat_answered,
    heartbeat_sent,
    messages_came,
    notice_came,
    of_accounts,
    session_heard,
    without_refuted,
)
from agent.core.timing import Timing
from agent.tws.api_settings import ApiSettings, ConfigResponse
from agent.tws.farms import Farm, FarmKind, FarmStatus

TIMING = Timing()
LOST = "Connectivity between IB and Trader Workstation has been lost."
BROKEN = "Market data farm connection is broken:usfarm"
OK = "Market data farm connection is OK:usfarm"
USFARM = Farm("usfarm", FarmKind.MARKET_DATA, FarmStatus.OK, 10.0)


def told(session: Session, code: int, text: str, now: float, programs: tuple[Subscriber, ...] = ()) -> Session:
    return notice_came(session, code, text, -1, now, programs)


def test_a_quiet_session_is_asked_every_ten_seconds() -> None:
    assert fresh_session(100.0).heartbeats.due(TIMING) == 110.0
    assert session_heard(fresh_session(100.0), 107.0).heartbeats.due(TIMING) == 117.0


def test_a_second_heartbeat_follows_soon_and_further_ones_slowly() -> None:
    session = heartbeat_sent(fresh_session(100.0), 110.0)

    assert session.heartbeats.due(TIMING) == pytest.approx(111.2)

    session = heartbeat_sent(session, 111.2)

    assert session.heartbeats.due(TIMING) == pytest.approx(121.2)


def test_unanswered_heartbeats_count_after_the_reply_time_out() -> None:
    beats = Heartbeats(100.0, sent=(110.0, 111.2))

    assert [beats.unanswered(now, TIMING) for now in (114.9, 115.0, 116.2)] == [0, 1, 2]
    assert [beats.next_verdict(now, TIMING) for now in (112.0, 115.0, 116.2)] == [115.0, 116.2, None]


def test_a_tws_that_is_frozen_for_days_costs_no_memory() -> None:
    session = fresh_session(0.0)
    for beat in range(1000):
        session = heartbeat_sent(session, float(beat))

    assert len(session.heartbeats.sent) <= 6
    assert session.heartbeats.sent[0] == 0.0
    assert session.heartbeats.sent[-1] == 999.0


def test_an_answer_tells_latency_and_clock() -> None:
    session = heartbeat_sent(fresh_session(100.0), 110.0)
    session = heartbeat_answered(session, 5000, Moment(110.25, 5000.5))

    assert session.heartbeats == Heartbeats(110.25)
    assert (session.latency, session.clock_offset) == (0.25, 0.0)


def test_notices_before_the_first_answer_do_not_hide_how_long_it_took() -> None:
    session = heartbeat_sent(fresh_session(100.0), 100.0)
    session = told(session, 2104, OK, 100.1)

    assert session.heartbeats.unanswered(200.0, TIMING) == 0
    assert heartbeat_answered(session, 5000, Moment(100.25, 5000.5)).latency == 0.25


def test_a_heartbeat_that_was_ignored_does_not_make_the_next_answer_look_slow() -> None:
    session = session_heard(heartbeat_sent(fresh_session(100.0), 100.0), 100.1)
    session = heartbeat_sent(session, 110.1)

    assert heartbeat_answered(session, 5000, Moment(110.2, 5000.5)).latency == pytest.approx(0.1)


def test_an_answer_nobody_waited_for_tells_only_that_it_lives() -> None:
    session = replace(fresh_session(100.0), latency=0.1, clock_offset=3.0)

    assert heartbeat_answered(session, 1, Moment(120.0, 5000.0)) == replace(session, heartbeats=Heartbeats(120.0))


@given(st.floats(0, 4), st.floats(0, 3), st.floats(-60, 60), st.floats(0, 0.999))
def test_a_clock_offset_is_never_more_than_what_is_certain(
    latency: float, back: float, true: float, fraction: float
) -> None:
    wall = 1_000_000.0 + fraction
    answered_at = wall - min(back, latency)
    offset = certain(clock_bounds(int(answered_at + true), wall, latency))

    assert abs(offset) <= abs(true) + 1e-6
    assert offset * true >= -1e-6
    assert abs(offset - true) <= 1.0 + latency + 1e-6


def answered(session: Session, at: float, true: float) -> Session:
    """An answer of a server whose clock is off by so many seconds; `at` is wall and monotonic time at once."""
    asked = heartbeat_sent(session, at - 0.002)
    return heartbeat_answered(asked, int(at + true), Moment(at, at))


def test_an_offset_near_a_limit_is_found_by_several_answers_and_does_not_come_and_go() -> None:
    session = fresh_session(1000.0)
    seen: list[float] = []
    for beat in range(120):
        session = answered(session, 1010.0 + 10.013 * beat, 2.5)
        seen.append(session.clock_offset or 0.0)

    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(2.5, abs=0.05)


def test_a_clock_that_was_set_right_is_believed_at_once() -> None:
    session = answered(answered(fresh_session(1000.0), 1010.5, 30.0), 1020.5, 0.0)

    assert session.clock_offset == 0.0


def test_the_link_goes_down_and_comes_back() -> None:
    session = told(fresh_session(0.0), 1100, LOST, 10.0)

    assert (session.server_link, session.link_since, session.link_code) == (ServerLink.DOWN, 10.0, 1100)

    session = told(session, 2110, "broken", 20.0)

    assert (session.link_since, session.link_code) == (10.0, 1100)

    session = told(session, 1102, "restored", 30.0)

    assert (session.server_link, session.link_since, session.data_lost_at) == (ServerLink.UP, 30.0, None)


def test_lost_data_names_the_programs_that_were_there() -> None:
    session = told(fresh_session(0.0), 1101, "data lost", 30.0, (Subscriber("quantower"),))

    assert (session.data_lost_at, session.resubscribe) == (30.0, (Subscriber("quantower"),))
    assert session.server_link is ServerLink.UP


def test_a_farm_that_is_ok_proves_the_link_only_while_nothing_else_is_known() -> None:
    assert told(fresh_session(0.0), 2104, OK, 10.0).server_link is ServerLink.UP

    down = told(fresh_session(0.0), 1100, LOST, 5.0)

    assert told(down, 2104, OK, 10.0).server_link is ServerLink.DOWN


HMDS_BROKEN = "HMDS data farm connection is broken:ushmds"
HMDS_OK = "HMDS data farm connection is OK:ushmds"


def link(session: Session) -> tuple[ServerLink, float | None, int | None]:
    return session.server_link, session.link_since, session.link_code


def test_a_farm_that_connects_anew_after_a_loss_proves_the_link_where_1102_never_comes() -> None:
    session = told(told(fresh_session(0.0), 2104, OK, 1.0), 1100, LOST, 5.0)
    session = told(told(session, 2103, BROKEN, 6.0), 2105, HMDS_BROKEN, 6.0)

    assert link(session) == (ServerLink.DOWN, 5.0, 1100)

    session = told(session, 2104, OK, 300.0)

    assert link(session) == (ServerLink.UP, 300.0, 2104)
    # What is still broken gets its grace from here on.
    assert {f.name: f.since for f in session.farms} == {"usfarm": 300.0, "ushmds": 300.0}

    session = told(told(session, 2106, HMDS_OK, 301.0), 1102, "restored", 302.0)

    assert (session.server_link, session.link_code, session.loss) == (ServerLink.UP, 1102, None)


def test_a_farm_that_is_connected_again_without_having_been_told_broken_proves_it_too() -> None:
    session = told(told(fresh_session(0.0), 2104, OK, 1.0), 1100, LOST, 5.0)

    assert link(told(session, 2104, OK, 60.0)) == (ServerLink.UP, 60.0, 2104)


def test_a_farm_that_wakes_up_after_a_loss_proves_it_too() -> None:
    idle = "Market data farm connection is inactive but should be available upon demand.usfarm"
    session = told(told(fresh_session(0.0), 2108, idle, 1.0), 2110, "broken", 5.0)

    assert link(told(session, 2104, OK, 60.0)) == (ServerLink.UP, 60.0, 2104)


def test_farms_that_break_again_without_another_word_take_their_proof_with_them() -> None:
    session = told(told(fresh_session(0.0), 1100, LOST, 5.0), 2103, BROKEN, 6.0)
    session = told(told(session, 2104, OK, 10.0), 2103, BROKEN, 12.0)

    assert link(session) == (ServerLink.DOWN, 5.0, 1100)
    assert link(told(session, 2104, OK, 60.0)) == (ServerLink.UP, 60.0, 2104)


def test_one_farm_that_breaks_is_no_loss_of_the_link_while_another_stands() -> None:
    session = told(told(told(fresh_session(0.0), 1100, LOST, 5.0), 2103, BROKEN, 6.0), 2105, HMDS_BROKEN, 6.0)
    session = told(told(session, 2104, OK, 10.0), 2106, HMDS_OK, 11.0)

    assert told(session, 2103, BROKEN, 60.0).server_link is ServerLink.UP


def test_what_broke_after_a_link_that_was_told_restored_is_that_farm_alone() -> None:
    session = told(told(told(fresh_session(0.0), 1100, LOST, 5.0), 2103, BROKEN, 6.0), 2104, OK, 10.0)
    session = told(told(session, 1102, "restored", 11.0), 2103, BROKEN, 60.0)

    assert session.server_link is ServerLink.UP


def test_a_loss_after_the_farms_came_back_is_a_new_one() -> None:
    session = told(told(told(fresh_session(0.0), 1100, LOST, 5.0), 2103, BROKEN, 6.0), 2104, OK, 10.0)

    assert link(told(session, 1100, LOST, 60.0)) == (ServerLink.DOWN, 60.0, 1100)


def test_data_that_was_asked_for_after_the_loss_proves_the_link() -> None:
    session = told(fresh_session(0.0), 1100, LOST, 5.0)

    assert data_came(session, 4.0, 20.0) == session
    assert link(data_came(session, 15.0, 20.0)) == (ServerLink.UP, 20.0, None)
    assert data_came(fresh_session(0.0), 15.0, 20.0).server_link is ServerLink.UNKNOWN


def test_a_farm_keeps_the_time_at_which_its_state_began() -> None:
    session = told(told(fresh_session(0.0), 2104, OK, 10.0), 2104, OK, 20.0)

    assert session.farms == (USFARM,)

    session = told(session, 2103, BROKEN, 30.0)
    session = told(session, 2119, "Market data farm is connecting:usfarm", 40.0)

    assert session.farms == (replace(USFARM, status=FarmStatus.BROKEN, since=30.0),)

    session = told(session, 2104, OK, 50.0)

    assert session.farms == (replace(USFARM, since=50.0),)


def test_broken_farms_get_their_grace_from_the_end_of_an_outage_on() -> None:
    session = told(told(fresh_session(0.0), 1100, LOST, 5.0), 2103, BROKEN, 6.0)
    session = told(session, 1102, "restored", 300.0)

    assert session.farms == (replace(USFARM, status=FarmStatus.BROKEN, since=300.0),)


def test_false_alarms_of_an_outage_are_not_kept() -> None:
    down = told(fresh_session(0.0), 1100, LOST, 5.0)

    assert told(down, 354, "not subscribed", 6.0).notices == ()
    assert [n.code for n in told(down, 10197, "competing", 6.0).notices] == [10197]
    assert [n.code for n in told(fresh_session(0.0), 354, "not subscribed", 6.0).notices] == [354]


def test_equal_notices_are_counted_and_the_latest_is_last() -> None:
    session = told(told(told(fresh_session(0.0), 100, "a", 1.0), 101, "b", 2.0), 100, "a", 3.0)

    assert session.notices == (
        NoticeSeen(101, "b", 2.0, first=2.0),
        NoticeSeen(100, "a", 3.0, count=2, first=1.0),
    )


def test_a_flood_of_different_notices_has_a_bound() -> None:
    session = fresh_session(0.0)
    for number in range(500):
        session = told(session, 399, f"order {number}", float(number))

    assert len(session.notices) == KEPT_NOTICES
    assert session.notices[-1].text == "order 499"


def test_every_notice_is_a_sign_of_life() -> None:
    assert told(heartbeat_sent(fresh_session(0.0), 5.0), 399, "x", 7.0).heartbeats == Heartbeats(7.0, (), 5.0, 5.0, 5.0)


def test_farms_beyond_those_kept_are_counted_and_a_broken_one_is_always_among_them() -> None:
    session = fresh_session(0.0)
    for n in range(5000):
        session = told(session, 2104, f"Market data farm connection is OK:farm{n}", 1.0)
    broken = told(session, 2103, "Market data farm connection is broken:farm4999", 2.0)
    back = told(broken, 2104, "Market data farm connection is OK:farm4999", 3.0)

    assert len(session.farms) == KEPT_FARMS
    assert len(session.farms_besides) == COUNTED_FARMS
    assert Farm("farm4999", FarmKind.MARKET_DATA, FarmStatus.BROKEN, 2.0) in broken.farms
    assert len(broken.farms) == KEPT_FARMS
    assert Farm("farm4999", FarmKind.MARKET_DATA, FarmStatus.OK, 3.0) in back.farms


def test_a_farm_is_either_kept_or_counted_besides() -> None:
    session = fresh_session(0.0)
    for n in range(KEPT_FARMS + 10):
        session = told(session, 2104, f"Market data farm connection is OK:farm{n}", 1.0)
    for n in range(KEPT_FARMS + 5, KEPT_FARMS + 8):
        session = told(session, 2103, f"Market data farm connection is broken:farm{n}", 2.0)
    kept = {(f.kind.value, f.name) for f in session.farms}

    assert len(kept) + len(session.farms_besides) == KEPT_FARMS + 10
    assert not kept & session.farms_besides


def test_notices_that_mean_nothing_do_not_push_out_what_a_problem_is_judged_from() -> None:
    session = told(fresh_session(0.0), 354, "Requested market data is not subscribed.", 1.0)
    session = told(session, 10197, "No market data during competing live session", 1.0)
    for n in range(500):
        session = told(session, 90_000 + n, "x", 2.0)
        session = told(session, 162, f"Historical Market Data Service error message: {n}", 2.0)

    assert len(session.notices) == KEPT_NOTICES
    assert {354, 10197, 162} <= {n.code for n in session.notices}


def test_of_many_accounts_some_are_kept_and_both_kinds_with_them() -> None:
    live = tuple(f"U{n}" for n in range(1000))

    assert of_accounts(live[:3]) == (live[:3], 0)
    assert of_accounts(live) == (live[:KEPT_ACCOUNTS], 1000 - KEPT_ACCOUNTS)
    kept, more = of_accounts((*live, "DU1"))
    assert (len(kept), kept[-1], more) == (KEPT_ACCOUNTS, "DU1", 1001 - KEPT_ACCOUNTS)


def test_a_flood_is_one_that_lasts_and_is_over_when_it_has_been_quiet() -> None:
    session = messages_came(fresh_session(0.0), 900.0, False, 10.0)
    first = flood_at(session, 10.0)
    session = messages_came(messages_came(session, 2000.0, True, 12.0), 300.0, False, 13.0)
    flood = flood_at(session, 13.5)
    again = messages_came(session, 500.0, False, 40.0).flood

    assert first is not None
    assert not first.present
    assert flood == Flood(since=10.0, rate=2000.0, held=True, present=True, last=13.0)
    assert flood_at(session, 18.0) is None
    assert again == Flood(since=40.0, rate=500.0, held=False, present=False, last=40.0)


def test_few_messages_are_a_sign_of_life_and_no_flood() -> None:
    session = messages_came(heartbeat_sent(fresh_session(0.0), 10.0), 20.0, False, 12.0)

    assert session.flood is None
    assert session.heartbeats.sent == ()
    assert session.heartbeats.last_heard == 12.0


def test_an_answer_that_was_owed_is_not_taken_for_that_of_a_later_heartbeat() -> None:
    # Two were sent and one was answered; the answer of the second, six seconds old, is read just after a third.
    session = heartbeat_sent(heartbeat_sent(fresh_session(100.0), 110.0), 111.2)
    session = heartbeat_answered(session, 5000, Moment(111.3, 5000.5))
    session = heartbeat_sent(session, 121.3)
    session = heartbeat_answered(session, 5004, Moment(121.4, 5010.6))

    assert session.clock_offset == 0.0


def test_a_latency_measured_while_we_were_late_is_none() -> None:
    session = heartbeat_answered(heartbeat_sent(fresh_session(0.0), 10.0), 5000, Moment(10.02, 5000.5))
    late = heartbeat_answered(heartbeat_sent(session, 20.0), 5010, Moment(24.0, 5014.5), 3.9)

    assert late.latency == pytest.approx(0.02)
    assert late.clock_offset == 0.0
    assert late.heartbeats.last_heard == 24.0


def test_a_refusal_that_the_application_has_refuted_is_no_evidence_any_more() -> None:
    refused = told(
        fresh_session(0.0), 321, "Error validating request: API interface is currently in Read-Only mode.", 5.0
    )
    refused = told(refused, 354, "Requested market data is not subscribed.", 6.0)

    def answered(ticked: bool | None) -> list[int]:
        answer = Known(ConfigResponse(settings=ApiSettings(read_only_api=ticked)))
        session = without_refuted(refused, answer)
        return [n.code for n in session.notices] if session is not None else []

    assert answered(False) == [354]
    assert answered(True) == answered(None) == [321, 354]
    assert without_refuted(refused, Unknown("it ends")) is refused
    assert without_refuted(None, Unknown("it ends")) is None
