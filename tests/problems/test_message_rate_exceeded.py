from dataclasses import replace

from agent.core.problem import Absent, Present
from agent.core.session_facts import Phase
from agent.core.timing import Timing
from agent.problems.message_rate_exceeded import MESSAGE_RATE_EXCEEDED
from tests.problems.conftest import Judge
from tests.problems.scene import connected, facts, notice

TEXT = "Max rate of messages per second has been exceeded"


def test_it_tells_how_often_messages_were_refused(judge: Judge) -> None:
    verdict = judge(MESSAGE_RATE_EXCEEDED, facts(session=connected(notices=(notice(100, TEXT, count=2),))))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (f"notice 100 at 13:59:55, 2 times since 13:59:55: “{TEXT}”",)


def test_it_is_absent_without_a_recent_refusal(judge: Judge) -> None:
    old = connected(notices=(notice(100, TEXT, ago=Timing().notice_lasting),))
    lost = replace(connected(notices=(notice(100, TEXT),)), phase=Phase.BACKING_OFF)

    for session in (connected(), old, lost, connected(notices=(notice(0, "Approaching max rate"),))):
        assert judge(MESSAGE_RATE_EXCEEDED, facts(session=session)) == Absent()
