from dataclasses import replace

import pytest

from agent.core.alerts.diagnosis import diagnose
from agent.core.alerts.ending import ending_of
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, ServerLink, SessionFacts
from agent.core.state_machine.show import server_link
from agent.problems import PROBLEMS
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.scheduled_outage import SCHEDULED_OUTAGE
from agent.problems.server_link_lost import SERVER_LINK_LOST
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.reset_windows import Region
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connected, facts, notice, refused

STAY = "connected programs stay connected"


def cut_off(code: int = 1100, since: float = 300.0) -> SessionFacts:
    session = connected(server_link=ServerLink.DOWN)
    return replace(session, link_since=NOW.monotonic - since, link_code=code)


@pytest.mark.parametrize("code", [1100, 2110])
def test_it_tells_the_notice_and_since_when(judge: Judge, code: int) -> None:
    verdict = judge(SERVER_LINK_LOST, facts(session=cut_off(code)))

    assert isinstance(verdict, Present)
    assert verdict.args == {"app": "IB Gateway", "since": "13:55", "code": str(code), "programs": STAY}
    assert verdict.evidence == (
        f"notice {code} at 13:55:00",
        "neither 1101 nor 1102 (link restored) has come since",
        "IB Gateway 10.45 (pid 3117) runs; its connection to IB’s servers stands to 198.51.100.7:4001",
    )


def test_a_loss_that_a_session_is_told_of_as_it_begins_is_older_than_the_session(judge: Judge) -> None:
    session = replace(cut_off(2110, since=300.0), since=NOW.monotonic - 300.5)

    verdict = judge(SERVER_LINK_LOST, facts(session=session))

    assert isinstance(verdict, Present)
    assert verdict.args["since"] == "13:55 or earlier"


@pytest.mark.parametrize("code", [1100, 2110])
def test_a_loss_told_before_a_session_could_begin_counts_and_hides_that_none_begins(judge: Judge, code: int) -> None:
    seen = facts(session=refused(replace(notice(code), first=NOW.monotonic - 300.0, count=5), notice(504)))
    verdict = judge(SERVER_LINK_LOST, seen)

    assert isinstance(verdict, Present)
    assert verdict.args["since"] == "13:55 or earlier"
    assert verdict.args["programs"] == "no API session starts meanwhile"
    assert verdict.evidence[-1] == "the API handshake was answered, and no session started"
    assert [f.problem.code for f in diagnose(seen, PROBLEMS).found] == ["server-link-lost"]
    assert server_link(seen)[0] is ServerLink.DOWN


def test_a_loss_told_before_a_session_could_begin_is_planned_within_ibs_reset() -> None:
    reset = Outage(OutageKind.RESET, NOW.wall - 500.0, NOW.wall + 600.0, Region.EUROPE)
    seen = facts(session=refused(notice(1100)), expected=Expectation(outage=reset))

    assert [f.problem.code for f in diagnose(seen, PROBLEMS).found] == ["scheduled-outage"]


def test_a_loss_told_beside_a_window_that_waits_is_not_what_keeps_a_session_off(judge: Judge) -> None:
    seen = facts(session=refused(notice(1100), notice(10141)))

    assert isinstance(judge(SERVER_LINK_LOST, seen), Undecided)
    assert [f.problem.code for f in diagnose(seen, PROBLEMS).found] == ["session-not-ready"]


def test_a_loss_of_an_attempt_that_says_nothing_about_now_is_forgotten(judge: Judge) -> None:
    closed = replace(refused(notice(1100)), wanted=False)

    assert isinstance(judge(SERVER_LINK_LOST, facts(session=closed)), Undecided)


def test_times_are_local(judge: Judge) -> None:
    seen = facts(session=cut_off())

    verdict = judge(SERVER_LINK_LOST, replace(seen, machine=replace(seen.machine, utc_offset=3600.0)))

    assert isinstance(verdict, Present)
    assert verdict.args["since"] == "14:55"


def test_a_competing_session_shortly_before_is_named_as_the_likely_cause(judge: Judge) -> None:
    session = replace(cut_off(), notices=(notice(10197, "No market data during competing live session", ago=310.0),))

    verdict = judge(SERVER_LINK_LOST, facts(session=session))

    assert isinstance(verdict, Present)
    assert verdict.evidence[-1].startswith("another session of the same user may have taken over: notice 10197")


@pytest.mark.parametrize("link", [ServerLink.UP, ServerLink.UNKNOWN])
def test_it_is_absent_while_nothing_says_that_the_link_is_down(judge: Judge, link: ServerLink) -> None:
    assert judge(SERVER_LINK_LOST, facts(session=connected(server_link=link))) == Absent()


@pytest.mark.parametrize(
    ("code", "unsaid", "words"),
    [
        (1102, False, "The link was gone for 13 s."),
        (2104, True, "The link was gone for 13 s. It is back, as the data farms show."),
        (None, True, "The link was gone for 13 s. It is back, as live market data shows."),
    ],
)
def test_its_end_says_what_is_true_now_and_what_shows_it(code: int | None, unsaid: bool, words: str) -> None:
    lost_at = NOW.monotonic - 300.0 if unsaid else None
    session = replace(connected(server_link=ServerLink.UP), link_code=code, link_lost_at=lost_at)

    end = ending_of(SERVER_LINK_LOST, "", facts(session=session))

    assert end is not None
    assert (end.title, end.after("13 s")) == ("IB Gateway is connected to IB again", words)


def test_its_end_claims_no_link_where_none_is_known() -> None:
    assert ending_of(SERVER_LINK_LOST, "", facts(session=cut_off())) is None


def test_without_a_session_nobody_can_tell(judge: Judge) -> None:
    assert isinstance(judge(SERVER_LINK_LOST, facts(session=backing_off(Outcome.REFUSED))), Undecided)


def test_it_hides_behind_its_causes_and_waits_for_short_losses_to_heal() -> None:
    seen = facts(session=cut_off())

    assert SERVER_LINK_LOST.hidden_by == (NETWORK_DOWN, SCHEDULED_OUTAGE)
    assert SERVER_LINK_LOST.visible_after(seen) == seen.timing.link_grace
    assert SERVER_LINK_LOST.visible_after(facts(doctor=True)) == 0.0
