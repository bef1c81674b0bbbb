from dataclasses import replace

from agent.core.alerts.ending import ending_of
from agent.core.evidence.notices import LINK_IS_DOWN
from agent.core.facts import ApiClient, MachineFacts
from agent.core.problem import Absent, Present, Severity, Undecided
from agent.core.session_facts import Outcome, ServerLink, SessionFacts, Subscriber
from agent.core.timing import Timing
from agent.problems.data_lost import DATA_LOST
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connected, facts, gateway, machine

QUANTOWER, PYTHON = Subscriber("quantower", 991), Subscriber("python3", 992)
AGO = 60.0
LOST_AT = NOW.wall - AGO


def restored(ago: float, programs: tuple[Subscriber, ...] | None = ()) -> SessionFacts:
    return replace(connected(), data_lost_at=NOW.monotonic - ago, resubscribe=programs)


def on_the_port(*programs: ApiClient) -> MachineFacts:
    return machine(gateway(), clients=programs)


def test_it_names_the_programs_that_must_subscribe_again(judge: Judge) -> None:
    verdict = judge(DATA_LOST, facts(session=restored(AGO, (QUANTOWER, PYTHON))))

    assert isinstance(verdict, Present)
    assert verdict.args["programs"] == "python3 and quantower"
    assert verdict.severity is None
    assert verdict.evidence == (
        "notice 1101 at 13:59:00: link restored, data lost",
        "python3 was connected when it happened",
        "quantower was connected when it happened",
    )


def test_many_programs_fit_a_notice(judge: Judge) -> None:
    programs = tuple(Subscriber(f"a program with quite a long name {n}", n) for n in range(30))

    assert isinstance(judge(DATA_LOST, facts(session=restored(1.0, programs))), Present)


def test_where_no_program_was_there_it_is_only_information(judge: Judge) -> None:
    verdict = judge(DATA_LOST, facts(session=restored(1.0)))

    assert isinstance(verdict, Present)
    assert verdict.severity is Severity.INFO
    assert verdict.args["then"] == "No program was connected then"
    assert verdict.case == "none"
    assert verdict.evidence[-1] == "no other program was on the API port when it happened"


def test_programs_that_cannot_be_seen_may_be_there(judge: Judge) -> None:
    verdict = judge(DATA_LOST, facts(session=restored(1.0, None)))

    assert isinstance(verdict, Present)
    assert verdict.severity is None
    assert verdict.evidence[-1] == "which programs were on the API port then cannot be seen from here"


def test_it_is_over_when_all_that_were_named_have_connected_again(judge: Judge) -> None:
    session = restored(AGO, (QUANTOWER, PYTHON))
    anew = ApiClient(4002, pid=991, name="quantower", since=LOST_AT + 5)
    still = ApiClient(4002, pid=992, name="python3", since=LOST_AT - 500)
    restarted = ApiClient(4002, pid=1500, name="python3", since=LOST_AT + 9)

    assert isinstance(judge(DATA_LOST, facts(on_the_port(anew, still), session)), Present)
    assert isinstance(judge(DATA_LOST, facts(on_the_port(anew), session)), Present)

    over = facts(on_the_port(anew, restarted), session)

    assert judge(DATA_LOST, over) == Absent()
    end = ending_of(DATA_LOST, "", over)
    assert end is not None
    assert end.title == "python3 and quantower connected again"


def test_a_program_that_the_system_does_not_name_is_never_taken_for_one_that_has_connected_again(judge: Judge) -> None:
    session = restored(AGO, (Subscriber(),))
    verdict = judge(DATA_LOST, facts(on_the_port(ApiClient(4002, since=LOST_AT + 5)), session))

    assert isinstance(verdict, Present)
    assert verdict.args["programs"] == "a program that the system does not name"


def test_it_fades_after_a_while_and_gives_way_to_the_next_outage(judge: Judge) -> None:
    lasting = Timing().notice_lasting

    assert isinstance(judge(DATA_LOST, facts(session=restored(lasting - 1))), Present)
    assert judge(DATA_LOST, facts(session=restored(lasting))) == Absent()
    assert judge(DATA_LOST, facts(session=replace(restored(1.0), server_link=ServerLink.DOWN))) == LINK_IS_DOWN


def test_data_that_was_kept_is_no_problem_and_no_session_is_no_answer(judge: Judge) -> None:
    assert judge(DATA_LOST, facts()) == Absent()
    assert isinstance(judge(DATA_LOST, facts(session=backing_off(Outcome.REFUSED))), Undecided)
