from dataclasses import replace

from agent.core.facts import Known
from agent.core.problem import Absent
from agent.core.relay_facts import LimitUse
from agent.problems.message_rate_near import MESSAGE_RATE_NEAR
from tests.problems.conftest import Judge, presents
from tests.problems.scene import NOW, counted, facts, gateway, machine, relay_seen, through_relay

BUSY = through_relay("python3", 992, script="bot.py", rate=LimitUse(3, 50, NOW.wall - 20.0, 48))
FAST = through_relay("quantower", 991, port=50002, rate=LimitUse(44, 50))


def test_the_program_that_came_near_is_named_and_not_a_faster_one_now(judge: Judge) -> None:
    verdict = judge(MESSAGE_RATE_NEAR, facts(machine(gateway(), relays=Known((relay_seen(counted(FAST, BUSY)),)))))

    (present,) = presents(verdict)
    assert present.args == {"of": "50", "most": "bot.py", "joined": "", "reached": "48", "much": "nearly too many"}
    assert present.evidence == (
        "relay “Paper relay” counts 3 of 50 messages in a second in use, 48 at most since 13:59",
        "bot.py (pid 992): 48",
    )
    assert present.since == NOW.monotonic - 20.0


def test_more_than_is_allowed_is_not_called_nearly(judge: Judge) -> None:
    over = replace(BUSY, rate=LimitUse(3, 50, NOW.wall - 20.0, 74))
    around = machine(gateway(), relays=Known((relay_seen(counted(over)),)))
    (present,) = presents(judge(MESSAGE_RATE_NEAR, facts(around)))

    assert (present.args["reached"], present.args["much"]) == ("74", "too many")


def test_rates_below_the_limit_are_no_problem(judge: Judge) -> None:
    uncounted = replace(FAST, rate=None, uncounted="it is garbage")
    for programs in ((FAST,), (uncounted,), ()):
        around = machine(gateway(), relays=Known((relay_seen(counted(*programs)),)))
        assert judge(MESSAGE_RATE_NEAR, facts(around)) == Absent()
