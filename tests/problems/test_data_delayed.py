from agent.core.problem import Absent, Present
from agent.core.timing import Timing
from agent.problems.data_delayed import DATA_DELAYED
from agent.problems.data_not_subscribed import DATA_NOT_SUBSCRIBED
from agent.problems.server_link_lost import SERVER_LINK_LOST
from tests.problems.conftest import Judge
from tests.problems.scene import connected, facts, notice

TEXT = "Requested market data is not subscribed. Displaying delayed market data."


def test_delayed_data_is_told_with_its_notice(judge: Judge) -> None:
    verdict = judge(DATA_DELAYED, facts(session=connected(notices=(notice(10167, TEXT),))))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (f"notice 10167 at 13:59:55: “{TEXT}”",)


def test_a_refusal_for_the_same_reason_is_told_instead(judge: Judge) -> None:
    seen = facts(session=connected(notices=(notice(10167, TEXT), notice(10089, "Requires additional subscription"))))

    assert judge(DATA_DELAYED, seen) == Absent()
    assert isinstance(judge(DATA_NOT_SUBSCRIBED, seen), Present)


def test_it_is_absent_without_a_recent_notice(judge: Judge) -> None:
    old = connected(notices=(notice(10167, TEXT, ago=Timing().notice_lasting),))

    assert judge(DATA_DELAYED, facts()) == Absent()
    assert judge(DATA_DELAYED, facts(session=old)) == Absent()
    assert DATA_DELAYED.hidden_by == (SERVER_LINK_LOST,)
