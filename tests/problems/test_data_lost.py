from dataclasses import replace

from agent.core.evidence.notices import LINK_IS_DOWN
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, ServerLink, SessionFacts
from agent.core.timing import Timing
from agent.problems.data_lost import DATA_LOST
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connected, facts


def restored(ago: float, programs: tuple[str, ...] = ()) -> SessionFacts:
    return replace(connected(), data_lost_at=NOW.monotonic - ago, resubscribe=programs)


def test_it_names_the_programs_that_must_subscribe_again(judge: Judge) -> None:
    verdict = judge(DATA_LOST, facts(session=restored(60.0, ("quantower (pid 991)", "python3 (pid 992)"))))

    assert isinstance(verdict, Present)
    assert verdict.args["programs"] == "quantower (pid 991) and python3 (pid 992)"
    assert verdict.evidence == (
        "notice 1101 at 13:59:00: link restored, data lost",
        "quantower (pid 991) was connected when it happened",
        "python3 (pid 992) was connected when it happened",
    )


def test_many_programs_fit_a_notice(judge: Judge) -> None:
    programs = tuple(f"a program with quite a long name {n}" for n in range(30))

    assert isinstance(judge(DATA_LOST, facts(session=restored(1.0, programs))), Present)


def test_it_is_told_even_when_no_program_was_seen(judge: Judge) -> None:
    verdict = judge(DATA_LOST, facts(session=restored(1.0)))

    assert isinstance(verdict, Present)
    assert verdict.evidence[-1] == "no other program was seen on the API port when it happened"


def test_it_fades_after_a_while_and_gives_way_to_the_next_outage(judge: Judge) -> None:
    lasting = Timing().notice_lasting

    assert isinstance(judge(DATA_LOST, facts(session=restored(lasting - 1))), Present)
    assert judge(DATA_LOST, facts(session=restored(lasting))) == Absent()
    assert judge(DATA_LOST, facts(session=replace(restored(1.0), server_link=ServerLink.DOWN))) == LINK_IS_DOWN


def test_data_that_was_kept_is_no_problem_and_no_session_is_no_answer(judge: Judge) -> None:
    assert judge(DATA_LOST, facts()) == Absent()
    assert isinstance(judge(DATA_LOST, facts(session=backing_off(Outcome.REFUSED))), Undecided)
