from collections.abc import Callable
from dataclasses import replace

from agent.core.alerts.diagnosis import Diagnosis, Found, diagnose
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Undecided, Verdict
from tests.problems.scene import facts

HERE = Present(evidence=("seen",))


def problem(
    code: str, verdict: Verdict, *hidden_by: Problem, doctor_only: bool = False, severity: Severity = Severity.ERROR
) -> Problem:
    return Problem(code, code, "text", severity, _always(verdict), hidden_by=hidden_by, doctor_only=doctor_only)


def _always(verdict: Verdict) -> Callable[[Facts], Verdict]:
    return lambda _: verdict


def raising(facts: Facts) -> Verdict:
    raise ValueError(facts.connection.name)


def test_nothing_wrong_is_an_empty_diagnosis() -> None:
    assert diagnose(facts(), [problem("a", Absent()), problem("b", ())]) == Diagnosis()


def test_findings_come_in_the_order_of_the_list() -> None:
    a, b = problem("a", HERE), problem("b", HERE)

    assert diagnose(facts(), [a, b]) == Diagnosis(found=(Found(a, HERE), Found(b, HERE)))


def test_a_consequence_hides_behind_its_cause() -> None:
    a = problem("a", HERE)
    b = problem("b", HERE, a)

    assert diagnose(facts(), [a, b]) == Diagnosis(found=(Found(a, HERE),), hidden=(Found(b, HERE),))


def test_a_consequence_whose_cause_is_away_stands_for_itself() -> None:
    a = problem("a", Absent())
    b = problem("b", HERE, a)

    assert diagnose(facts(), [a, b]).found == (Found(b, HERE),)


def test_hiding_reaches_through_a_middle_that_is_hidden_or_undecided() -> None:
    a = problem("a", HERE)
    for verdict in (HERE, Undecided("no look")):
        b = problem("b", verdict, a)
        c = problem("c", HERE, b)

        assert [f.key for f in diagnose(facts(), [a, b, c]).hidden][-1] == "c"


def test_an_undecided_cause_alone_hides_nothing() -> None:
    a = problem("a", Undecided("no look"))
    b = problem("b", HERE, a)

    assert diagnose(facts(), [a, b]) == Diagnosis(found=(Found(b, HERE),), undecided=((a, "no look"),))


def test_one_problem_can_be_there_several_times() -> None:
    one, two = Present(instance="usfarm"), Present(instance="eufarm")
    a = problem("a", (one, two))
    b = problem("b", HERE, a)
    result = diagnose(facts(), [a, b])

    assert [f.key for f in result.found] == ["a:usfarm", "a:eufarm"]
    assert [f.key for f in result.hidden] == ["b"]


def test_a_check_that_raises_is_undecided_and_the_others_are_asked() -> None:
    broken = replace(problem("broken", Absent()), check=raising)
    b = problem("b", HERE)
    result = diagnose(facts(), [broken, b])

    assert result.found == (Found(b, HERE),)
    assert result.undecided == ((broken, "the check itself failed (ValueError)"),)
    assert [(p.code, str(fault)) for p, fault in result.failures] == [("broken", "Paper Gateway")]


def test_what_only_the_doctor_asks_is_asked_by_the_doctor_only() -> None:
    a = problem("a", HERE, doctor_only=True)

    assert diagnose(facts(), [a]) == Diagnosis()
    assert diagnose(facts(doctor=True), [a]).found == (Found(a, HERE),)
