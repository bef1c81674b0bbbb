"""not-tws: an answer in another language, from somebody who cannot be named."""

from agent.core.facts import Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.problems.api_port_taken import API_PORT_TAKEN
from agent.problems.not_tws import NOT_TWS
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, foreign, gateway, machine

OTHER_ANSWER = backing_off(Outcome.NOT_TWS, detail="answered with “HTTP/1.1 400 Bad Request”")
ON_4002 = connection(port=4002)


def test_the_tws_api_is_no_problem(judge: Judge) -> None:
    for outcome in (Outcome.READY, Outcome.OUTDATED, Outcome.SILENT, Outcome.CLOSED):
        assert judge(NOT_TWS, facts(machine(gateway()), backing_off(outcome))) == Absent()


def test_a_remote_port_with_another_language_is_told_with_what_was_seen(judge: Judge) -> None:
    verdict = judge(NOT_TWS, facts(machine(), OTHER_ANSWER, wants=connection(host="192.168.1.20", port=4002)))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (
        "192.168.1.20, port 4002, answered with something that is not the TWS API",
        "the answer begins with “HTTP/1.1 400 Bad Request”",
    )


def test_the_usual_port_of_the_client_portal_gateway_is_pointed_out(judge: Judge) -> None:
    far = connection(host="192.168.1.20", port=5000)
    verdict = judge(NOT_TWS, facts(machine(), backing_off(Outcome.NOT_TWS, 5000), wants=far))

    assert isinstance(verdict, Present)
    assert "Client Portal Gateway" in verdict.evidence[-1]


def test_it_is_told_of_the_application_itself_and_a_nameless_owner(judge: Judge) -> None:
    for around in (
        machine(gateway()),
        machine(listeners=(foreign(4002, program=None, pid=None),)),
        machine(processes=Unknown("denied"), sockets=Unknown("denied")),
    ):
        seen = facts(around, OTHER_ANSWER, wants=ON_4002)

        assert isinstance(judge(NOT_TWS, seen), Present)
        assert not isinstance(judge(API_PORT_TAKEN, seen), Present)


def test_the_application_itself_is_not_called_another_program(judge: Judge) -> None:
    itself = judge(NOT_TWS, facts(machine(gateway()), OTHER_ANSWER, wants=ON_4002))
    nameless = judge(
        NOT_TWS, facts(machine(listeners=(foreign(4002, program=None, pid=None),)), OTHER_ANSWER, wants=ON_4002)
    )

    assert isinstance(itself, Present)
    assert isinstance(nameless, Present)
    assert itself.args["cause"].startswith("IB Gateway itself is there")
    assert nameless.args["cause"].startswith("another program is there")


def test_a_named_owner_has_taken_the_port(judge: Judge) -> None:
    assert judge(NOT_TWS, facts(machine(listeners=(foreign(),)), OTHER_ANSWER, wants=ON_4002)) == Absent()


def test_before_an_attempt_it_is_undecided(judge: Judge) -> None:
    assert isinstance(judge(NOT_TWS, facts(machine(gateway()), backing_off())), Undecided)


def test_the_longest_address_fits(judge: Judge) -> None:
    long = connection(host="2001:0db8:85a3:0000:0000:8a2e:0370:7334", port=65535)

    assert isinstance(judge(NOT_TWS, facts(machine(), backing_off(Outcome.NOT_TWS, 65535), wants=long)), Present)
