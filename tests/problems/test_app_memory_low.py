import pytest

from agent.core.facts import Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.problems.app_memory_low import APP_MEMORY_LOW, HORIZON, NEARLY_FULL, WORTH_WATCHING
from tests.problems.conftest import Judge
from tests.problems.scene import connection, facts, gateway, machine, tws

LIMIT = 768 * 2**20


def test_memory_at_the_limit_is_told_in_numbers(judge: Judge) -> None:
    around = machine(gateway(memory=round(LIMIT * NEARLY_FULL) + 1, heap_limit=LIMIT, memory_growth=1024.0))

    verdict = judge(APP_MEMORY_LOW, facts(around))

    assert isinstance(verdict, Present)
    assert verdict.args["outlook"] == "nearly all it may have"
    assert verdict.evidence == (
        "IB Gateway 10.45 (pid 3117) holds 730 MiB; its limit (-Xmx) is 768 MiB: 95%",
        "it has been growing by 4 MiB per hour",
    )


def test_growth_that_reaches_the_limit_within_hours_is_told_ahead(judge: Judge) -> None:
    memory = round(LIMIT * 0.8)
    growth = (LIMIT * NEARLY_FULL - memory) / HORIZON * 1.01

    verdict = judge(APP_MEMORY_LOW, facts(machine(gateway(memory=memory, heap_limit=LIMIT, memory_growth=growth))))

    assert isinstance(verdict, Present)
    assert verdict.args["outlook"] == "and at this pace it is full within 3 h"


def test_memory_that_sways_around_the_limit_is_told_steadily(judge: Judge) -> None:
    peak = round(LIMIT * 0.96)
    swaying = [gateway(memory=round(LIMIT * now), memory_peak=peak, heap_limit=LIMIT) for now in (0.94, 0.96, 0.93)]
    verdicts = [judge(APP_MEMORY_LOW, facts(machine(process))) for process in swaying]

    assert all(isinstance(v, Present) for v in verdicts)
    assert {v.args["memory"] for v in verdicts if isinstance(v, Present)} == {"more than 730 MiB"}


@pytest.mark.parametrize(
    ("share", "growth"),
    [
        (0.8, None),
        (0.8, 0.0),
        (0.8, -5000.0),
        (0.8, (NEARLY_FULL - 0.8) * LIMIT / HORIZON * 0.99),
        (WORTH_WATCHING - 0.01, 1e6),
    ],
)
def test_room_enough_is_no_problem(judge: Judge, share: float, growth: float | None) -> None:
    around = machine(gateway(memory=round(LIMIT * share), heap_limit=LIMIT, memory_growth=growth))

    assert judge(APP_MEMORY_LOW, facts(around)) == Absent()


def test_what_is_not_known_leaves_it_undecided(judge: Judge) -> None:
    for around in (
        machine(gateway(heap_limit=LIMIT)),
        machine(gateway(memory=LIMIT)),
        machine(processes=Unknown("access denied")),
    ):
        assert isinstance(judge(APP_MEMORY_LOW, facts(around)), Undecided)


def test_without_a_local_application_there_is_nothing_to_judge(judge: Judge) -> None:
    full = machine(gateway(memory=LIMIT, heap_limit=LIMIT))

    assert judge(APP_MEMORY_LOW, facts(machine())) == Absent()
    assert judge(APP_MEMORY_LOW, facts(full, wants=connection(host="192.0.2.10", port=4002))) == Absent()
    assert judge(APP_MEMORY_LOW, facts(machine(tws(memory=LIMIT, heap_limit=LIMIT)))) == Absent()
