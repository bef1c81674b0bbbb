from dataclasses import replace

import pytest

from agent.core.problem import Absent, Present
from agent.core.session_facts import Phase, ServerLink
from agent.core.timing import Timing
from agent.problems.data_not_subscribed import DATA_NOT_SUBSCRIBED
from agent.problems.server_link_lost import SERVER_LINK_LOST
from tests.problems.conftest import Judge
from tests.problems.scene import connected, facts, notice


@pytest.mark.parametrize("code", [354, 10089, 10090, 10168, 10186])
def test_every_number_of_a_missing_subscription_counts(judge: Judge, code: int) -> None:
    text = "Requested market data is not subscribed.AAPL NASDAQ.NMS/TOP/ALL"

    verdict = judge(DATA_NOT_SUBSCRIBED, facts(session=connected(notices=(notice(code, text, count=3),))))

    assert isinstance(verdict, Present)
    assert verdict.args == {"codes": str(code)}
    assert verdict.evidence == (f"notice {code} at 13:59:55, 3 times since 13:59:55: “{text}”",)


def test_hundreds_of_refusals_fit_a_notice_and_the_evidence_stays_short(judge: Judge) -> None:
    notices = tuple(
        notice(code, f"Requested market data is not subscribed. {n} " + "x" * 300, ago=float(n + 1))
        for n in range(20)
        for code in (354, 10089, 10090, 10168, 10186)
    )

    verdict = judge(DATA_NOT_SUBSCRIBED, facts(session=connected(notices=notices)))

    assert isinstance(verdict, Present)
    assert len(verdict.evidence) == 6
    assert verdict.evidence[-1] == "95 more notices of this kind"


def test_account_numbers_in_the_words_of_a_notice_are_masked(judge: Judge) -> None:
    seen = facts(session=connected(notices=(notice(354, "Not subscribed for account U7654321"),)))

    assert "U7654321" not in str(judge(DATA_NOT_SUBSCRIBED, seen))


def test_it_is_noise_while_the_link_is_down(judge: Judge) -> None:
    session = connected(server_link=ServerLink.DOWN, notices=(notice(354),))

    assert judge(DATA_NOT_SUBSCRIBED, facts(session=session)) == Absent()
    assert DATA_NOT_SUBSCRIBED.hidden_by == (SERVER_LINK_LOST,)


def test_it_is_absent_when_nothing_was_refused_lately_or_no_session_stands(judge: Judge) -> None:
    old = connected(notices=(notice(354, ago=Timing().notice_lasting),))
    lost = replace(connected(notices=(notice(354),)), phase=Phase.BACKING_OFF)

    for session in (connected(), old, lost, connected(notices=(notice(10167),))):
        assert judge(DATA_NOT_SUBSCRIBED, facts(session=session)) == Absent()
