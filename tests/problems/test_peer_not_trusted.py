"""peer-not-trusted: accepted, then closed before the handshake was answered."""

from dataclasses import replace

from agent.core.facts import ApiClient, Known, OtherProcess, Surroundings, SurroundingsKind, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, Way
from agent.problems.api_port_taken import API_PORT_TAKEN
from agent.problems.container_not_ready import CONTAINER_NOT_READY
from agent.problems.peer_not_trusted import PEER_NOT_TRUSTED
from agent.tws.api_settings import ApiSettings, Configuration
from agent.tws.limits import API_CLIENTS
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, foreign, gateway, machine, relay

FAR = connection(host="192.168.1.20", port=4002)


def test_an_answer_is_no_problem(judge: Judge) -> None:
    for outcome in (Outcome.READY, Outcome.SILENT, Outcome.NOT_TWS, Outcome.REFUSED, Outcome.ID_IN_USE):
        assert judge(PEER_NOT_TRUSTED, facts(machine(gateway()), backing_off(outcome))) == Absent()


def test_the_application_here_closing_at_once_is_told_with_the_address_used(judge: Judge) -> None:
    verdict = judge(PEER_NOT_TRUSTED, facts(machine(gateway()), backing_off(Outcome.CLOSED, elapsed=0.004)))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (
        "IB Gateway 10.45 (pid 3117) listens on 4002",
        "127.0.0.1, port 4002, accepted the connection and closed it after 4 ms, before any answer",
        "Gatelight’s connection came from 127.0.0.1, an address that is normally trusted",
    )
    assert verdict.args["why"] == "a window of it waits for an answer, or 127.0.0.1 was taken off its Trusted IPs"


def test_the_address_that_a_remote_one_sees_is_named(judge: Judge) -> None:
    session = backing_off(Outcome.CLOSED, ways=(Way("192.168.1.20", "192.168.1.7", used=True),))
    verdict = judge(PEER_NOT_TRUSTED, facts(machine(), session, wants=FAR))

    assert isinstance(verdict, Present)
    assert verdict.args["address"] == "192.168.1.7"
    assert verdict.args["why"] == "it does not trust 192.168.1.7"
    assert verdict.evidence[-1] == "Gatelight’s connection came from 192.168.1.7"


def test_of_two_families_the_one_that_was_used_is_told_and_what_the_other_comes_from(judge: Judge) -> None:
    ways = (Way("fd00::20", "fd00::7", used=True), Way("192.168.1.20", "192.168.1.7"))
    wants = connection(host="trader-pc", port=4002)
    verdict = judge(PEER_NOT_TRUSTED, facts(machine(), backing_off(Outcome.CLOSED, ways=ways), wants=wants))

    assert isinstance(verdict, Present)
    assert verdict.args["address"] == "fd00::7"
    assert verdict.evidence[-1] == (
        "trader-pc is fd00::20 and 192.168.1.20; IPv6 was used, over IPv4 it would come from 192.168.1.7"
    )


def test_where_the_way_is_not_known_no_address_is_made_up(judge: Judge) -> None:
    verdict = judge(PEER_NOT_TRUSTED, facts(machine(), backing_off(Outcome.CLOSED), wants=FAR))

    assert isinstance(verdict, Present)
    assert verdict.args["address"] == "the address of this computer, as the other one sees it"


def test_out_of_a_container_another_computer_sees_the_one_that_runs_it(judge: Judge) -> None:
    inside = Known(Surroundings(SurroundingsKind.CONTAINER, "host.docker.internal"))
    session = backing_off(Outcome.CLOSED, ways=(Way("192.168.1.20", "172.17.0.2", used=True),))
    verdict = judge(PEER_NOT_TRUSTED, facts(machine(surroundings=inside), session, wants=FAR))

    assert isinstance(verdict, Present)
    assert verdict.args["address"] == "the address of the computer that runs the container"


def test_the_computer_that_runs_the_container_sees_the_container(judge: Judge) -> None:
    inside = Known(Surroundings(SurroundingsKind.CONTAINER, "host.docker.internal"))
    wants = connection(host="host.docker.internal", port=4002)
    session = backing_off(Outcome.CLOSED, ways=(Way("172.17.0.1", "172.17.0.2", used=True),))
    verdict = judge(PEER_NOT_TRUSTED, facts(machine(surroundings=inside), session, wants=wants))

    assert isinstance(verdict, Present)
    assert verdict.args["address"] == "172.17.0.2"


def test_a_router_in_between_is_told_and_what_is_better(judge: Judge) -> None:
    wants = connection(host="8.8.8.8", port=4002)
    session = backing_off(Outcome.CLOSED, ways=(Way("8.8.8.8", "192.168.1.7", used=True),))
    verdict = judge(PEER_NOT_TRUSTED, facts(machine(), session, wants=wants))

    assert isinstance(verdict, Present)
    assert verdict.args["address"] == "the public address of the router here"
    assert verdict.args["first_step"].startswith("Reach the network behind 8.8.8.8 through a VPN or an SSH tunnel")


def test_this_computer_under_another_address_is_told_to_be_used_as_127_0_0_1(judge: Judge) -> None:
    wants = connection(host="trader-pc", port=4002, here=True)
    session = backing_off(Outcome.CLOSED, ways=(Way("192.168.1.20", "192.168.1.20", used=True),))
    verdict = judge(PEER_NOT_TRUSTED, facts(machine(gateway()), session, wants=wants))

    assert isinstance(verdict, Present)
    assert verdict.args["address"] == "192.168.1.20"
    assert verdict.args["why"] == "it trusts this computer as 127.0.0.1 only: use that as the host"
    assert any("trader-pc is this computer itself" in line for line in verdict.evidence)
    assert verdict.args["first_step"].startswith(
        "Set **Computer** of this connection in Gatelight’s Settings, and the host in your own programs, to 127.0.0.1"
    )


def test_a_name_that_is_loopback_here_comes_from_127_0_0_1(judge: Judge) -> None:
    """Debian gives the own name 127.0.1.1, and packets to that come from 127.0.0.1."""
    wants = connection(host="trader-pc", port=4002, here=True)
    session = backing_off(Outcome.CLOSED, ways=(Way("127.0.1.1", "127.0.0.1", used=True),))
    verdict = judge(PEER_NOT_TRUSTED, facts(machine(gateway()), session, wants=wants))

    assert isinstance(verdict, Present)
    assert verdict.args["address"] == "127.0.0.1"
    assert verdict.args["first_step"] == ""


def test_a_relay_that_closes_is_something_else(judge: Judge) -> None:
    seen = facts(machine(listeners=(relay(),)), backing_off(Outcome.CLOSED), wants=connection(port=4002))

    assert judge(PEER_NOT_TRUSTED, seen) == Absent()
    assert isinstance(judge(CONTAINER_NOT_READY, seen), Present)


def test_a_java_program_that_hides_what_it_is_may_be_tws_itself(judge: Judge) -> None:
    around = machine(listeners=(foreign(4002, "java", 88),), unreadable=(OtherProcess(88, "java", (4002,)),))
    seen = facts(around, backing_off(Outcome.CLOSED), wants=connection(port=4002))

    assert isinstance(judge(PEER_NOT_TRUSTED, seen), Present)
    assert judge(API_PORT_TAKEN, seen) == Absent()
    assert judge(CONTAINER_NOT_READY, seen) == Absent()


def test_a_full_house_is_something_else(judge: Judge) -> None:
    clients = tuple(ApiClient(4002, pid=100 + n) for n in range(API_CLIENTS))

    assert judge(PEER_NOT_TRUSTED, facts(machine(gateway(), clients=clients), backing_off(Outcome.CLOSED))) == Absent()


def test_an_attempt_from_before_the_wish_to_disconnect_means_nothing(judge: Judge) -> None:
    session = replace(backing_off(Outcome.CLOSED), wanted=False)

    assert judge(PEER_NOT_TRUSTED, facts(machine(gateway()), session)) == Absent()


def test_before_an_attempt_or_without_sight_it_is_undecided(judge: Judge) -> None:
    blind = machine(processes=Unknown("denied"), sockets=Unknown("denied"))

    assert isinstance(judge(PEER_NOT_TRUSTED, facts(machine(gateway()), backing_off())), Undecided)
    assert isinstance(judge(PEER_NOT_TRUSTED, facts(blind, backing_off(Outcome.CLOSED, 4001))), Undecided)


def test_the_longest_address_fits(judge: Judge) -> None:
    long = connection(host="2001:0db8:85a3:0000:0000:8a2e:0370:7334", port=65535)

    assert isinstance(
        judge(PEER_NOT_TRUSTED, facts(machine(), backing_off(Outcome.CLOSED, 65535), wants=long)), Present
    )


def test_whom_the_application_trusted_when_it_was_last_asked_is_evidence(judge: Judge) -> None:
    trusting = Configuration(ApiSettings(allow_localhost_only=False, trusted_ips=("127.0.0.1", "192.0.2.7")))
    verdict = judge(PEER_NOT_TRUSTED, facts(session=backing_off(Outcome.CLOSED), settings=trusting))

    assert isinstance(verdict, Present)
    assert verdict.evidence[-2:] == (
        "“Allow connections from localhost only” is not ticked, as the API told at 13:59:00",
        "“Trusted IPs” held 127.0.0.1 and 192.0.2.7, as the API told at 13:59:00",
    )
