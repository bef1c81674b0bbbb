from dataclasses import replace

import pytest

from agent.core.facts import Facts, Sight, Unknown
from agent.core.session_facts import Outcome, ServerLink
from agent.problems.shared.ends import (
    all_seen,
    answers,
    link_up,
    logged_in,
    port_open,
    reached,
    runs,
    runs_again,
    session_well,
    unheard,
    when,
)
from tests.problems.scene import NOW, backing_off, connected, facts, gateway, machine

REFUSED = backing_off(Outcome.REFUSED)
WELL = facts()
FROZEN = facts(session=replace(connected(), heartbeat_unanswered=2))
CUT_OFF = facts(session=connected(server_link=ServerLink.DOWN))
GONE = facts(machine(), REFUSED)
AT_LOGIN = facts(machine(gateway(ports=(), link_for=None)), REFUSED)
API_OFF = facts(machine(gateway(ports=())), REFUSED)
REPLACED = facts(sight=Sight(last_pid=3117, ever=True, replaced_at=NOW.monotonic - 5.0))
BLIND = facts(machine(processes=Unknown("access denied")))


@pytest.mark.parametrize(
    ("holds", "where", "where_not"),
    [
        (answers, [WELL, CUT_OFF, BLIND], [FROZEN, GONE]),
        (reached, [WELL, BLIND], [FROZEN, GONE, facts(machine(gateway(ports=(4001,))))]),
        (runs, [WELL, FROZEN, AT_LOGIN], [GONE, BLIND]),
        (runs_again, [REPLACED], [WELL, GONE]),
        (port_open, [WELL, FROZEN, BLIND], [GONE, AT_LOGIN, API_OFF]),
        (logged_in, [WELL, API_OFF], [AT_LOGIN, GONE]),
        (link_up, [WELL], [CUT_OFF, FROZEN, GONE, API_OFF]),
        (session_well, [WELL], [CUT_OFF, FROZEN, GONE]),
        (all_seen, [WELL, GONE], [BLIND]),
    ],
)
def test_each_holds_only_where_a_fact_of_now_shows_it(holds, where: list[Facts], where_not: list[Facts]) -> None:  # type: ignore[no-untyped-def]
    assert [holds(seen) for seen in where] == [True] * len(where)
    assert [holds(seen) for seen in where_not] == [False] * len(where_not)


def test_news_is_about_the_application_and_the_port_of_now() -> None:
    assert when(answers)(WELL, "") == {"app": "IB Gateway", "port": "4002", "host": "127.0.0.1"}
    assert when(answers)(GONE, "") is None


def test_what_only_notices_tell_ends_without_a_claim() -> None:
    assert unheard("It was not reported again").known(GONE, "") == {}
