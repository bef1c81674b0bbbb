"""host-unreachable: nobody answers there; or "here" is not where TWS runs."""

from agent.core.facts import Installation, Known, Sight, Surroundings, SurroundingsKind
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.core.settings import WantedApplication
from agent.problems.app_not_running import APP_NOT_RUNNING
from agent.problems.host_unreachable import HOST_UNREACHABLE
from agent.problems.network_down import NETWORK_DOWN
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, gateway, machine

FAR = connection(host="192.168.1.20", port=4002)
WSL = Known(Surroundings(SurroundingsKind.WSL, "172.28.64.1"))
NEVER_SEEN = Sight()
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


def test_an_address_that_is_this_computer_itself_is_told_as_such(judge: Judge) -> None:
    own = Known(frozenset({"192.168.1.20", "trader-pc"}))
    for host in ("192.168.1.20", "Trader-PC"):
        wants = connection(host=host, port=4002)
        verdict = judge(HOST_UNREACHABLE, facts(machine(own_names=own), backing_off(Outcome.REFUSED), wants=wants))

        assert isinstance(verdict, Present)
        assert verdict.evidence[-1] == f"{host} is this computer itself"
        assert verdict.args["first_step"].startswith("Set `host` of this connection to 127.0.0.1")


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
        assert any("Windows is 172.28.64.1" in line for line in verdict.evidence)
        assert judge(HOST_UNREACHABLE, seen) == Absent()


def test_a_remote_host_that_is_silent_inside_wsl_is_told_with_the_address_of_windows(judge: Judge) -> None:
    seen = facts(machine(surroundings=WSL), backing_off(Outcome.REFUSED), wants=FAR)
    verdict = judge(HOST_UNREACHABLE, seen)

    assert isinstance(verdict, Present)
    assert "172.28.64.1" in verdict.args["first_step"]


def test_inside_a_container_without_a_known_way_out_it_still_says_so(judge: Judge) -> None:
    around = machine(surroundings=Known(Surroundings(SurroundingsKind.CONTAINER)), installed=NOTHING)
    verdict = judge(APP_NOT_RUNNING, facts(around, backing_off(Outcome.REFUSED, 4001), sight=NEVER_SEEN))

    assert isinstance(verdict, Present)
    assert "the address of the computer that runs the container" in verdict.args["then"]


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
