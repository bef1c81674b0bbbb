"""api-port-mismatch: it listens, but elsewhere."""

from dataclasses import replace

from agent.core.facts import Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.core.settings import WantedMode
from agent.problems.api_port_mismatch import API_PORT_MISMATCH
from agent.tws.api_settings import ApiSettings, Configuration
from agent.tws.applications import TradingMode
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, foreign, gateway, machine, relay, told

ON_4001 = connection(port=4001)


def test_the_configured_port_is_no_problem(judge: Judge) -> None:
    assert judge(API_PORT_MISMATCH, facts(machine(gateway()), backing_off(), wants=connection(port=4002))) == Absent()


def test_the_evidence_names_both_ports(judge: Judge) -> None:
    verdict = judge(API_PORT_MISMATCH, facts(machine(gateway()), backing_off(Outcome.REFUSED, 4001), wants=ON_4001))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (
        "IB Gateway 10.45 (pid 3117) listens on 4002",
        "the configured API port is 4001",
        "no program accepts connections on 4001",
    )


def test_the_wrong_mode_is_pointed_out(judge: Judge) -> None:
    wants = connection(port=4002, trading_mode=WantedMode.PAPER)
    live = gateway(ports=(4001,), mode=TradingMode.LIVE)
    verdict = judge(API_PORT_MISMATCH, facts(machine(live), backing_off(), wants=wants))

    assert isinstance(verdict, Present)
    assert verdict.evidence[-1] == "careful: it looks like a live log-in, and this connection is meant for paper"


def test_an_automatic_port_follows_the_application(judge: Judge) -> None:
    assert judge(API_PORT_MISMATCH, facts(machine(gateway(ports=(9000,))), backing_off())) == Absent()


def test_an_owner_of_the_configured_port_makes_it_another_matter(judge: Judge) -> None:
    for owner, outcome in ((foreign(4001), Outcome.NOT_TWS), (relay(4001), Outcome.CLOSED)):
        seen = facts(machine(gateway(), listeners=(owner,)), backing_off(outcome, 4001), wants=ON_4001)

        assert judge(API_PORT_MISMATCH, seen) == Absent()


def test_a_remote_port_is_not_compared_with_local_ones(judge: Judge) -> None:
    far = connection(host="192.168.1.20", port=4001)

    assert (
        judge(API_PORT_MISMATCH, facts(machine(gateway()), backing_off(Outcome.REFUSED, 4001), wants=far)) == Absent()
    )


def test_without_the_sockets_a_refusal_decides(judge: Judge) -> None:
    blind = machine(gateway(), sockets=Unknown("denied"))

    assert isinstance(judge(API_PORT_MISMATCH, facts(blind, backing_off(), wants=ON_4001)), Undecided)
    assert isinstance(
        judge(API_PORT_MISMATCH, facts(blind, backing_off(Outcome.REFUSED, 4001), wants=ON_4001)), Present
    )


def test_the_port_that_the_application_itself_told_is_evidence(judge: Judge) -> None:
    process = gateway(ports=(4002,))
    known = replace(
        told(Configuration(ApiSettings(socket_port=4002))), listener_key=f"4001/{process.pid}/{process.started}/"
    )
    seen = facts(machine(process), backing_off(Outcome.REFUSED, 4001), wants=connection(port=4001), settings=known)
    verdict = judge(API_PORT_MISMATCH, seen)
    other = judge(API_PORT_MISMATCH, replace(seen, api_settings=replace(known, listener_key="4001/1/2.0/")))

    assert isinstance(verdict, Present)
    assert "“Socket port” was 4002, as the API told at 13:59:00" in verdict.evidence
    assert isinstance(other, Present)
    assert not any("Socket port" in line for line in other.evidence)


def test_the_end_is_told_alike_whichever_of_the_two_ports_was_changed() -> None:
    # With Gatelight's own port changed, the application was never missed on the port that its title names.
    assert {news.text for news in API_PORT_MISMATCH.over} == {
        "The API port of {app} and the one set for this connection differed for {lasted}."
    }
