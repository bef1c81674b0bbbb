from dataclasses import replace

import pytest

from agent.core.facts import Known
from agent.core.problem import Absent, Present
from agent.core.relay_facts import RelayRefusal
from agent.core.timing import Timing
from agent.problems.data_lines_exhausted import DATA_LINES_EXHAUSTED
from agent.problems.message_rate_exceeded import MESSAGE_RATE_EXCEEDED
from agent.problems.pacing_violation import PACING_VIOLATION
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, connected, counted, facts, gateway, machine, notice, relay_seen, through_relay


@pytest.mark.parametrize(
    ("code", "text", "what"),
    [
        (101, "Max number of tickers has been reached", "market data lines"),
        (309, "Max number (3) of market depth requests has been reached", "market depth requests"),
        (10190, "Max number of tick-by-tick requests has been reached", "tick-by-tick requests"),
        (322, "Error processing request:Max number of tick-by-tick requests has been reached", "tick-by-tick requests"),
    ],
)
def test_it_says_which_allowance_is_used_up(judge: Judge, code: int, text: str, what: str) -> None:
    verdict = judge(DATA_LINES_EXHAUSTED, facts(session=connected(notices=(notice(code, text),))))

    assert isinstance(verdict, Present)
    assert verdict.args == {"what": what, "codes": str(code)}


def test_all_allowances_at_once_fit_a_notice(judge: Judge) -> None:
    notices = tuple(notice(code, "Max number of tick-by-tick requests") for code in (101, 309, 10190, 322))

    verdict = judge(DATA_LINES_EXHAUSTED, facts(session=connected(notices=notices)))

    assert isinstance(verdict, Present)
    assert verdict.args["what"] == "market data lines and 2 more"


@pytest.mark.parametrize(
    ("code", "text", "ago"),
    [
        (322, "Error processing request:Duplicate ticker id", 5.0),
        (102, "Duplicate ticker ID", 5.0),
        (101, "Max number of tickers has been reached", Timing().notice_lasting),
    ],
)
def test_other_failures_and_old_ones_do_not_count(judge: Judge, code: int, text: str, ago: float) -> None:
    assert judge(DATA_LINES_EXHAUSTED, facts(session=connected(notices=(notice(code, text, ago=ago),)))) == Absent()


def test_whose_request_was_refused_is_known_where_a_relay_saw_it(judge: Judge) -> None:
    bot = through_relay("python3", 992, script="bot.py", client_id=7)
    refusals = (
        RelayRefusal(NOW.wall - 601.0, 101, "stream of IBM STK SMART USD", bot),
        RelayRefusal(NOW.wall - 60.0, 162, "history of AAPL STK SMART USD", bot),
        RelayRefusal(NOW.wall - 60.0, 101, "stream of AAPL STK SMART USD", bot),
        RelayRefusal(NOW.wall - 30.0, 10190, "", bot),
    )
    relay = relay_seen(replace(counted(bot), refusals=refusals))
    around = machine(gateway(), relays=Known((relay,)))

    verdict = judge(DATA_LINES_EXHAUSTED, facts(around))
    assert isinstance(verdict, Present)
    assert verdict.args == {"what": "tick-by-tick requests and market data lines", "codes": "10190 and 101"}
    assert verdict.evidence == (
        "bot.py (pid 992, client ID 7) was refused at 13:59 (notice 10190)",
        "bot.py (pid 992, client ID 7) was refused at 13:59 (notice 101): stream of AAPL STK SMART USD",
    )
    # Our own session need not be told of it.
    assert isinstance(judge(PACING_VIOLATION, facts(around)), Present)
    assert judge(MESSAGE_RATE_EXCEEDED, facts(around)) == Absent()
