from agent.core.facts import Known
from agent.core.problem import Absent
from agent.core.relay_facts import LimitUse
from agent.problems.pacing_near import PACING_NEAR
from tests.problems.conftest import Judge, presents
from tests.problems.scene import NOW, counted, facts, gateway, machine, relay_seen, through_relay

NEAR = LimitUse(56, 60, NOW.wall - 3.0, 56)
LOADER = through_relay("python3", 992, script="load.py", history=50, connected=False)
CHART = through_relay("quantower", 991, history=6, lines=80)


def test_a_program_that_has_loaded_and_left_is_named_all_the_same(judge: Judge) -> None:
    verdict = judge(
        PACING_NEAR, facts(machine(gateway(), relays=Known((relay_seen(counted(CHART, LOADER, history=NEAR)),))))
    )

    (present,) = presents(verdict)
    assert present.args["most"] == "load.py"
    assert present.evidence == (
        "relay “Paper relay” counts 56 of 60 historical requests of ten minutes in use, 56 at most since 13:59",
        "load.py (pid 992): 50",
        "quantower (pid 991): 6",
    )


def test_requests_of_a_program_that_nothing_is_known_of(judge: Judge) -> None:
    verdict = judge(PACING_NEAR, facts(machine(gateway(), relays=Known((relay_seen(counted(history=NEAR)),)))))

    (present,) = presents(verdict)
    assert present.args["most"] == "programs that have left"


def test_lines_alone_do_not_count(judge: Judge) -> None:
    lines = counted(CHART, lines=LimitUse(93, 100, NOW.wall, 93))

    assert judge(PACING_NEAR, facts(machine(gateway(), relays=Known((relay_seen(lines),))))) == Absent()
