from dataclasses import replace

import pytest

from agent.core.facts import ApiClient, Known, Sockets
from agent.core.problem import Absent, Present
from agent.core.session_facts import Outcome, Phase, SessionFacts
from agent.problems.session_not_ready import SESSION_NOT_READY
from agent.tws.limits import API_CLIENTS
from agent.tws.notices import CATALOGUE
from tests.problems.conftest import Judge
from tests.problems.scene import attempt, backing_off, connected, facts, gateway, machine, notice, refused, tws


def half_ready(accounts_came: bool) -> SessionFacts:
    tried = attempt(Outcome.NOT_READY, elapsed=4.0, server_version=178, accounts_came=accounts_came)
    return SessionFacts(phase=Phase.BACKING_OFF, attempt=tried)


def test_accounts_without_a_next_order_id_are_told_apart_from_nothing_at_all(judge: Judge) -> None:
    half = judge(SESSION_NOT_READY, facts(session=half_ready(accounts_came=True)))
    none = judge(SESSION_NOT_READY, facts(session=half_ready(accounts_came=False)))

    assert isinstance(half, Present)
    assert isinstance(none, Present)
    assert half.args["missing"] == "the next valid order ID"
    assert none.args["missing"] == "the accounts and the next valid order ID"
    assert "the accounts came, the next valid order ID did not within 4 s" in half.evidence
    assert half.evidence[0] == "port 4002 answered the handshake with server version 178 at 13:59:59"
    assert half.evidence[-1] == "IB Gateway 10.45 (pid 3117) has been running since 12:00:00"


def test_what_else_was_seen_is_part_of_the_evidence(judge: Judge) -> None:
    tried = attempt(Outcome.NOT_READY, detail="closed by the other side")

    verdict = judge(SESSION_NOT_READY, facts(session=SessionFacts(phase=Phase.BACKING_OFF, attempt=tried)))

    assert isinstance(verdict, Present)
    assert "closed by the other side" in verdict.evidence


def test_it_is_absent_while_a_session_stands_or_fails_in_another_way(judge: Judge) -> None:
    for session in (connected(), backing_off(Outcome.SILENT), backing_off()):
        assert judge(SESSION_NOT_READY, facts(session=session)) == Absent()


def test_it_is_absent_once_the_application_is_gone(judge: Judge) -> None:
    assert judge(SESSION_NOT_READY, facts(machine(), half_ready(accounts_came=True))) == Absent()


def test_it_is_absent_while_the_user_wants_no_connection(judge: Judge) -> None:
    unwanted = replace(half_ready(accounts_came=True), wanted=False)

    assert judge(SESSION_NOT_READY, facts(session=unwanted)) == Absent()


def test_a_full_house_explains_it(judge: Judge) -> None:
    around = machine(gateway(), clients=tuple(ApiClient(port=4002, pid=n) for n in range(API_CLIENTS)))

    assert judge(SESSION_NOT_READY, facts(around, half_ready(accounts_came=False))) == Absent()
    assert isinstance(around.sockets, Known)
    fewer = replace(around, sockets=Known(Sockets(around.sockets.value.listeners, around.sockets.value.clients[1:])))
    assert isinstance(judge(SESSION_NOT_READY, facts(fewer, half_ready(accounts_came=False))), Present)


def test_a_slow_log_in_gets_its_grace_once_and_doctor_does_not_wait() -> None:
    grace = facts().timing.not_ready_grace
    closed_early = facts(session=half_ready(accounts_came=True))
    waited = SessionFacts(phase=Phase.BLOCKED, attempt=attempt(Outcome.NOT_READY, elapsed=grace))

    assert SESSION_NOT_READY.visible_after(closed_early) == grace - 4.0
    assert SESSION_NOT_READY.visible_after(facts(session=waited)) == facts().timing.silence_grace
    assert SESSION_NOT_READY.visible_after(facts(session=half_ready(accounts_came=True), doctor=True)) == 0.0


@pytest.mark.parametrize(
    ("code", "case", "words"),
    [
        (10141, "disclaimer", "waits for “I understand and accept”"),
        (504, "told", "Notice 504 says: The program sent a request without being connected."),
        (10015, "told", "Notice 10015 says: Trading through the API is not allowed for this account."),
        (2104, "", "No program can work with it until it does"),
        (99_999, "", "No program can work with it until it does"),
    ],
)
def test_what_was_said_before_tells_why(judge: Judge, code: int, case: str, words: str) -> None:
    verdict = judge(SESSION_NOT_READY, facts(session=refused(notice(code, "its own text"))))

    assert isinstance(verdict, Present)
    assert verdict.case == case
    assert words in verdict.args["why"]
    assert f"notice {code} at 13:59:55: “its own text”" in verdict.evidence


def test_of_several_the_one_that_explains_most_is_named_and_all_are_evidence(judge: Judge) -> None:
    said = (notice(504), notice(1100), notice(10141), notice(2104))
    for order in (said, said[::-1]):
        verdict = judge(SESSION_NOT_READY, facts(session=refused(*order)))

        assert isinstance(verdict, Present)
        assert verdict.case == "disclaimer"
        assert sum(line.startswith("notice ") for line in verdict.evidence) == 4


def test_every_notice_of_the_catalogue_fits(judge: Judge) -> None:
    for code in CATALOGUE:
        judge(SESSION_NOT_READY, facts(machine(tws(version="10.45")), session=refused(notice(code, "x" * 500))))
