"""host-unreachable: nobody answers there; or "here" is not where TWS runs."""

from dataclasses import replace

from agent.core.facts import Installation, Known, Sight, Surroundings, SurroundingsKind, VirtualNetwork
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, Way
from agent.core.settings import WantedApplication
from agent.guides import load_guides
from agent.problems.app_not_running import APP_NOT_RUNNING
from agent.problems.host_unreachable import HOST_UNREACHABLE
from agent.problems.login_pending import LOGIN_PENDING
from agent.problems.network_down import NETWORK_DOWN
from agent.tws.applications import ApplicationKind
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, gateway, machine, relay

FAR = connection(host="192.168.1.20", port=4002)
WSL = Known(Surroundings(SurroundingsKind.WSL, "172.28.64.1"))
NEVER_SEEN = Sight()


def _steps(verdict: Present, code: str = "host-unreachable") -> tuple[str, ...]:
    return load_guides()[code].steps_for(ApplicationKind.GATEWAY, verdict.args, verdict.case)


NOTHING: Known[tuple[Installation, ...]] = Known(())


def test_a_host_that_answers_is_no_problem(judge: Judge) -> None:
    for outcome in (Outcome.READY, Outcome.CLOSED, Outcome.SILENT, Outcome.NOT_TWS, Outcome.UNRESOLVABLE):
        assert judge(HOST_UNREACHABLE, facts(machine(), backing_off(outcome), wants=FAR)) == Absent()


def test_a_refusal_and_no_answer_are_told_apart(judge: Judge) -> None:
    refused = judge(HOST_UNREACHABLE, facts(machine(), backing_off(Outcome.REFUSED), wants=FAR))
    nothing = judge(HOST_UNREACHABLE, facts(machine(), backing_off(Outcome.UNREACHABLE, elapsed=5.0), wants=FAR))

    assert isinstance(refused, Present)
    assert isinstance(nothing, Present)
    assert refused.evidence == ("the connection to 192.168.1.20, port 4002, was refused",)
    assert nothing.evidence == ("no answer from 192.168.1.20, port 4002 within 5.0 s",)


def test_this_computer_that_listens_on_another_address_is_told_as_such(judge: Judge) -> None:
    """A container published on 127.0.0.1 alone is not reached under the computer's name."""
    around = machine(listeners=(relay(),))
    for host in ("192.168.1.20", "Trader-PC"):
        wants = connection(host=host, port=4002, here=True)
        verdict = judge(HOST_UNREACHABLE, facts(around, backing_off(Outcome.REFUSED), wants=wants))

        assert isinstance(verdict, Present)
        assert f"{host} is this computer itself" in verdict.evidence
        assert verdict.evidence[-1] == "docker-proxy (pid 771) listens on 4002, not at this address"
        assert _steps(verdict) == (
            "Set **Computer** of this connection to 127.0.0.1 in Gatelight’s Settings: "
            f"{host} is this computer itself.",
        )


def test_what_listens_at_another_address_of_this_computer_is_told_with_it(judge: Judge) -> None:
    """A port published on the address in the network alone is not reached on 127.0.0.1."""
    around = machine(elsewhere=(replace(relay(), address="192.168.1.5"),), installed=NOTHING)
    seen = facts(around, backing_off(Outcome.REFUSED), wants=connection(port=4002), sight=NEVER_SEEN)
    verdict = judge(HOST_UNREACHABLE, seen)

    assert isinstance(verdict, Present)
    assert verdict.args["what"] == "Port 4002 is not open at 127.0.0.1, only at another address"
    assert "docker-proxy (pid 771) listens on port 4002 at 192.168.1.5 only" in verdict.args["seen"].lower()
    assert "this connection goes to 127.0.0.1" in verdict.args["seen"]
    assert "to 192.168.1.5, or let docker-proxy (pid 771) listen on 127.0.0.1" in _steps(verdict)[0]
    assert judge(APP_NOT_RUNNING, seen) == Absent()


def test_what_ran_here_before_is_missed_itself_and_what_listens_elsewhere_is_only_evidence(judge: Judge) -> None:
    around = machine(elsewhere=(replace(relay(), address="192.168.1.5"),))
    seen = facts(around, backing_off(Outcome.REFUSED), wants=connection(port=4002), sight=Sight(ever=True))
    verdict = judge(APP_NOT_RUNNING, seen)

    assert isinstance(verdict, Present)
    assert "docker-proxy (pid 771) listens on 4002 at 192.168.1.5, not at 127.0.0.1" in verdict.evidence
    assert not any(line.startswith("nothing listens") for line in verdict.evidence)
    assert judge(HOST_UNREACHABLE, seen) == Absent()


def test_what_runs_here_is_judged_from_here_whatever_the_host_is_called(judge: Judge) -> None:
    at_login = gateway(ports=(), link_for=None)
    wants = connection(host="trader-pc", port=4002, here=True)
    for outcome in (Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.UNRESOLVABLE, None):
        seen = facts(machine(at_login), backing_off(outcome), wants=wants)

        assert judge(HOST_UNREACHABLE, seen) == Absent()
        assert isinstance(judge(LOGIN_PENDING, seen), Present)


def test_a_router_s_address_is_told_as_such(judge: Judge) -> None:
    wants = connection(host="tws.example.org", port=4002)
    session = backing_off(Outcome.UNREACHABLE, elapsed=5.0, ways=(Way("8.8.8.8", "192.168.1.7"),))
    verdict = judge(HOST_UNREACHABLE, facts(machine(), session, wants=wants))

    assert isinstance(verdict, Present)
    first = _steps(verdict)[0]
    assert "VPN" in first
    assert "SSH tunnel" in first
    assert "router" in first
    assert verdict.args["address"] == "the public address of the router here"


def test_a_virtual_machine_of_this_computer_is_a_place(judge: Judge) -> None:
    around = machine(virtual_networks=(VirtualNetwork("VMware", "192.168.44.1", 24),))
    wants = connection(host="192.168.44.128", port=4002)
    verdict = judge(HOST_UNREACHABLE, facts(around, backing_off(Outcome.UNREACHABLE), wants=wants))

    assert isinstance(verdict, Present)
    assert "192.168.44.128 is in the network of VMware on this computer" in verdict.evidence
    assert "VMware" in _steps(verdict)[0]


def test_the_computer_around_this_one_is_a_place(judge: Judge) -> None:
    wants = connection(host="172.28.64.1", port=4002)
    verdict = judge(HOST_UNREACHABLE, facts(machine(surroundings=WSL), backing_off(Outcome.REFUSED), wants=wants))

    assert isinstance(verdict, Present)
    assert _steps(verdict)[0] == "Look at Windows, outside WSL: 172.28.64.1 means that one."
    assert _steps(verdict)[-1] == "Let the firewall of Windows accept connections to TCP port 4002."


def test_the_address_to_be_trusted_is_the_one_the_connection_comes_from(judge: Judge) -> None:
    session = backing_off(Outcome.REFUSED, ways=(Way("192.168.1.20", "192.168.1.7"),))
    verdict = judge(HOST_UNREACHABLE, facts(machine(), session, wants=FAR))

    assert isinstance(verdict, Present)
    assert any("enter 192.168.1.7." in step for step in _steps(verdict))


def test_a_refusal_on_this_machine_is_about_the_application(judge: Judge) -> None:
    seen = facts(machine(), backing_off(Outcome.REFUSED, 4001))

    assert judge(HOST_UNREACHABLE, seen) == Absent()
    assert isinstance(judge(APP_NOT_RUNNING, seen), Present)


def test_inside_wsl_it_says_which_address_leads_out(judge: Judge) -> None:
    """A local connection inside WSL misses its application there, and names the way out."""
    for outcome in (Outcome.REFUSED, None):
        seen = facts(machine(surroundings=WSL, installed=NOTHING), backing_off(outcome, 4001), sight=NEVER_SEEN)
        verdict = judge(APP_NOT_RUNNING, seen)

        assert isinstance(verdict, Present)
        assert "172.28.64.1" in verdict.args["then"]
        assert "172.28.64.1" in _steps(verdict, "app-not-running")[0]
        assert any("Windows is 172.28.64.1" in line for line in verdict.evidence)
        assert judge(HOST_UNREACHABLE, seen) == Absent()


def test_a_remote_host_that_is_silent_inside_wsl_is_told_with_the_address_of_windows(judge: Judge) -> None:
    seen = facts(machine(surroundings=WSL), backing_off(Outcome.REFUSED), wants=FAR)
    verdict = judge(HOST_UNREACHABLE, seen)

    assert isinstance(verdict, Present)
    assert "192.168.1.20" in verdict.args["first_step"], "what is configured comes first"
    assert verdict.evidence[-1] == "Gatelight runs inside WSL; Windows is 172.28.64.1 from there"


def test_inside_a_container_without_a_known_way_out_it_still_says_so(judge: Judge) -> None:
    around = machine(surroundings=Known(Surroundings(SurroundingsKind.CONTAINER)), installed=NOTHING)
    verdict = judge(APP_NOT_RUNNING, facts(around, backing_off(Outcome.REFUSED, 4001), sight=NEVER_SEEN))

    assert isinstance(verdict, Present)
    assert "the address of the computer that runs the container" in verdict.args["then"]


def test_where_windows_shares_its_addresses_the_host_stays_right(judge: Judge) -> None:
    mirrored = Known(Surroundings(SurroundingsKind.WSL, "127.0.0.1"))
    around = machine(surroundings=mirrored, installed=NOTHING)
    verdict = judge(APP_NOT_RUNNING, facts(around, backing_off(Outcome.REFUSED, 4001), sight=NEVER_SEEN))

    assert isinstance(verdict, Present)
    assert verdict.args["then"] == "Windows shares this address: IB Gateway may run there."
    assert _steps(verdict, "app-not-running")[0].startswith("Start IB Gateway on Windows")


def test_an_application_that_was_seen_inside_is_missed_inside(judge: Judge) -> None:
    seen = facts(machine(surroundings=WSL, installed=NOTHING), backing_off(Outcome.REFUSED, 4001))

    assert judge(HOST_UNREACHABLE, seen) == Absent()
    assert isinstance(judge(APP_NOT_RUNNING, seen), Present)


def test_an_application_that_is_installed_inside_is_missed_inside(judge: Judge) -> None:
    seen = facts(machine(surroundings=WSL), backing_off(Outcome.REFUSED, 4001), sight=NEVER_SEEN)

    assert judge(HOST_UNREACHABLE, seen) == Absent()
    assert isinstance(judge(APP_NOT_RUNNING, seen), Present)


def test_a_windows_application_that_answers_inside_wsl_is_no_problem(judge: Judge) -> None:
    # WSL's mirrored network: the port answers though nobody is seen to listen.
    seen = facts(machine(surroundings=WSL, installed=NOTHING), backing_off(Outcome.READY, 4001), sight=NEVER_SEEN)

    assert judge(HOST_UNREACHABLE, seen) == Absent()
    assert judge(APP_NOT_RUNNING, seen) == Absent()


def test_an_application_inside_wsl_is_judged_as_anywhere(judge: Judge) -> None:
    assert (
        judge(HOST_UNREACHABLE, facts(machine(gateway(), surroundings=WSL, installed=NOTHING), backing_off()))
        == Absent()
    )


def test_nothing_is_expected_inside_wsl_without_a_configuration(judge: Judge) -> None:
    nobody = connection("TWS or IB Gateway", application=WantedApplication.ANY, implicit=True)

    assert (
        judge(
            HOST_UNREACHABLE,
            facts(machine(surroundings=WSL, installed=NOTHING), session=backing_off(), wants=nobody, sight=NEVER_SEEN),
        )
        == Absent()
    )


def test_before_an_attempt_it_is_undecided(judge: Judge) -> None:
    assert isinstance(judge(HOST_UNREACHABLE, facts(machine(), backing_off(), wants=FAR)), Undecided)


def test_the_longest_addresses_fit(judge: Judge) -> None:
    long = connection(host="2001:0db8:85a3:0000:0000:8a2e:0370:7334", port=65535)
    outer = Known(Surroundings(SurroundingsKind.CONTAINER, "x" * 80))
    for around in (machine(), machine(surroundings=outer, installed=NOTHING)):
        for outcome in (Outcome.REFUSED, Outcome.UNREACHABLE):
            seen = facts(around, backing_off(outcome, 65535), wants=long, sight=NEVER_SEEN)

            assert isinstance(judge(HOST_UNREACHABLE, seen), Present)


def test_no_network_hides_it() -> None:
    assert HOST_UNREACHABLE.hidden_by == (NETWORK_DOWN,)
