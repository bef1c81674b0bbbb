from dataclasses import replace

from agent.core.problem import Absent, Present
from agent.core.session_facts import Outcome, SessionFacts
from agent.core.timing import Timing
from agent.problems.connection_unstable import CONNECTION_UNSTABLE
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connected, connection, facts, machine

WINDOW = Timing().instability_window


def lost(*ago: float, session: SessionFacts | None = None) -> SessionFacts:
    return replace(session or connected(), losses=tuple(NOW.monotonic - a for a in ago))


def test_three_losses_within_the_window_are_told_with_their_times(judge: Judge) -> None:
    verdict = judge(CONNECTION_UNSTABLE, facts(session=lost(480.0, 180.0, 60.0)))

    assert isinstance(verdict, Present)
    assert verdict.args["count"] == "3"
    assert verdict.args["window"] == "10 min"
    assert verdict.evidence == (
        "the session on port 4002 was lost at 13:52:00, 13:57:00, 13:59:00",
        "3 losses within 10 min; Gatelight closed none of them itself",
        "IB Gateway 10.45 (pid 3117) has been running since 12:00:00",
    )


def test_it_lasts_between_two_sessions(judge: Judge) -> None:
    session = lost(90.0, 60.0, 30.0, session=backing_off(Outcome.CLOSED))

    assert isinstance(judge(CONNECTION_UNSTABLE, facts(session=session)), Present)


def test_two_losses_or_old_ones_are_no_problem(judge: Judge) -> None:
    for ago in ((), (60.0, 30.0), (WINDOW, 60.0, 30.0)):
        assert judge(CONNECTION_UNSTABLE, facts(session=lost(*ago))) == Absent()


def test_an_application_that_is_gone_explains_it(judge: Judge) -> None:
    session = lost(90.0, 60.0, 30.0, session=backing_off(Outcome.REFUSED))

    assert judge(CONNECTION_UNSTABLE, facts(machine(), session)) == Absent()


def test_a_remote_connection_can_be_unstable_too(judge: Judge) -> None:
    session = lost(90.0, 60.0, 30.0, session=backing_off(Outcome.CLOSED))
    wants = connection(host="192.0.2.10", port=4002)

    assert isinstance(judge(CONNECTION_UNSTABLE, facts(machine(), session, wants=wants)), Present)
