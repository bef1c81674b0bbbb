"""api-silent: accepted and never answered, with the likely causes in order."""

from dataclasses import replace

from agent.core.facts import ApiClient, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, Way
from agent.problems.api_silent import API_SILENT
from agent.problems.api_wedged import API_WEDGED
from agent.tws.limits import API_CLIENTS
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, foreign, gateway, machine, relay

SILENT = backing_off(Outcome.SILENT, elapsed=5.0)
GIB = 2**30


def test_an_answer_is_no_problem(judge: Judge) -> None:
    for outcome in (Outcome.READY, Outcome.CLOSED, Outcome.NOT_TWS, Outcome.REFUSED):
        assert judge(API_SILENT, facts(machine(gateway()), backing_off(outcome))) == Absent()


def test_a_dialog_is_the_usual_cause_on_this_computer(judge: Judge) -> None:
    verdict = judge(API_SILENT, facts(machine(gateway(cpu=0.02, memory=GIB // 4, heap_limit=GIB)), SILENT))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (
        "IB Gateway 10.45 (pid 3117) listens on 4002",
        "127.0.0.1, port 4002, accepted the connection and did not answer within 5.0 s",
        "the likely cause: a window of it waits for an answer, or it hangs",
    )
    # A slow one may answer later: no more is known than that it has not answered.
    assert verdict.args["how"] == "accepts connections on port 4002 and then does not answer"


def test_a_prompt_is_the_usual_cause_from_another_computer(judge: Judge) -> None:
    verdict = judge(API_SILENT, facts(machine(), SILENT, wants=connection(host="192.168.1.20", port=4002)))

    assert isinstance(verdict, Present)
    assert "accept the connection" in verdict.args["cause"]


def test_this_computer_under_another_address_may_be_met_with_a_prompt_as_well(judge: Judge) -> None:
    wants = connection(host="trader-pc", port=4002, here=True)
    session = replace(SILENT, ways=(Way("192.168.1.20", "192.168.1.20", used=True),))
    verdict = judge(API_SILENT, facts(machine(gateway()), session, wants=wants))

    assert isinstance(verdict, Present)
    assert "(this computer is reached as trader-pc; it sees 192.168.1.20)" in verdict.evidence[2]
    assert verdict.evidence[-1] == "Gatelight’s connection came from 192.168.1.20"
    assert verdict.args["address"] == "192.168.1.20"


def test_behind_a_tunnel_the_address_is_that_of_its_other_end(judge: Judge) -> None:
    verdict = judge(API_SILENT, facts(machine(listeners=(relay(4002, "ssh"),)), SILENT))

    assert isinstance(verdict, Present)
    assert "the tunnel’s other end (127.0.0.1" in verdict.args["address"]
    assert "tunnel" in verdict.evidence[-1]


def test_full_memory_and_a_busy_processor_come_before_a_dialog(judge: Judge) -> None:
    busy = gateway(cpu=1.9, memory=int(0.95 * GIB), heap_limit=GIB)
    verdict = judge(API_SILENT, facts(machine(busy), SILENT))

    assert isinstance(verdict, Present)
    assert verdict.args["cause"] == "its memory is full"
    assert verdict.evidence[2:] == (
        "likely cause 1: its memory is full (it holds 973 MiB, its limit is 1024 MiB)",
        "likely cause 2: it is too busy to answer (it keeps 2 processor core(s) busy)",
        "likely cause 3: a window of it waits for an answer, or it hangs",
    )


def test_a_relay_leads_to_a_gateway_that_hangs(judge: Judge) -> None:
    verdict = judge(API_SILENT, facts(machine(listeners=(relay(),)), SILENT, wants=connection(port=4002)))

    assert isinstance(verdict, Present)
    assert verdict.case == "relayed"
    assert verdict.args["cause"].startswith("IB Gateway in the container hangs, takes no more connections")
    assert verdict.args["who"] == "docker-proxy (pid 771)"


def test_an_owner_that_is_not_shown_is_not_told_to_be_a_relay(judge: Judge) -> None:
    unnamed = foreign(4002, program=None, pid=None)
    verdict = judge(API_SILENT, facts(machine(listeners=(unnamed,)), SILENT, wants=connection(port=4002)))

    assert isinstance(verdict, Present)
    assert "relay" not in " ".join((verdict.args["cause"], *verdict.evidence))


def test_dead_connections_and_a_full_house_are_something_else(judge: Judge) -> None:
    wedged = gateway(close_wait=((4002, 5),))
    clients = tuple(ApiClient(4002, pid=100 + n) for n in range(API_CLIENTS))

    assert judge(API_SILENT, facts(machine(wedged), SILENT)) == Absent()
    assert isinstance(judge(API_WEDGED, facts(machine(wedged), SILENT)), Present)
    assert judge(API_SILENT, facts(machine(gateway(), clients=clients), SILENT)) == Absent()


def test_silence_is_told_even_where_nothing_can_be_seen(judge: Judge) -> None:
    blind = machine(processes=Unknown("denied"), sockets=Unknown("denied"))

    assert isinstance(judge(API_SILENT, facts(blind, backing_off(Outcome.SILENT, 4001))), Present)


def test_before_an_attempt_it_is_undecided(judge: Judge) -> None:
    assert isinstance(judge(API_SILENT, facts(machine(gateway()), backing_off())), Undecided)


def test_a_passing_silence_is_not_told_at_once() -> None:
    assert API_SILENT.visible_after(facts()) == 2.0
