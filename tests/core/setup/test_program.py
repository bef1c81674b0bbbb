"""The last step: what to type into the user's program, and the greeting of the one that connects."""

from dataclasses import replace

import pytest

from agent.core.facts import ApiClient, Facts, Known, Sockets, Unknown
from agent.core.session_facts import Outcome
from agent.core.setup.answers import Answers
from agent.core.setup.program import free_ids, greeted, host_for_programs
from agent.core.setup.setup import StepAct, StepState, Typed
from agent.tws.client_programs import CLIENT_PROGRAMS
from tests.core.setup_scene import PAPER, QUANTOWER, step, told, wants, with_clients
from tests.problems.scene import attempt, backing_off, connected, facts, machine

READY = told(facts(wants=PAPER), read_only=False)
OWN = ApiClient(4002, 77, "python3", own=True)
REMOTE = facts(machine(), connected(4002), wants=wants(host="gate.example", port=4002))


def blind(sockets: object) -> Facts:
    return replace(READY, machine=replace(READY.machine, sockets=sockets))  # type: ignore[arg-type]


def test_before_gatelight_is_connected_it_waits() -> None:
    found = step("program", facts(session=backing_off(), wants=PAPER))

    assert (found.state, found.waits_for) == (StepState.WAITING, "connect")


def test_a_program_of_the_users_makes_it_done_and_is_greeted() -> None:
    found = step("program", with_clients(READY, OWN, QUANTOWER))

    assert found.state is StepState.DONE
    assert found.seen == ("Quantower is connected (Starter, pid 991)",)


@pytest.mark.parametrize("clients", [(), (OWN,), (replace(QUANTOWER, port=7497),)])
def test_gatelight_itself_and_programs_on_another_port_are_none(clients: tuple[ApiClient, ...]) -> None:
    found = step("program", with_clients(READY, *clients))

    assert found.state is StepState.TO_DO
    assert "not connected yet" in found.text


def test_a_program_that_leaves_undoes_it() -> None:
    assert step("program", with_clients(READY, QUANTOWER)).state is StepState.DONE
    assert step("program", with_clients(READY)).state is StepState.TO_DO


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (ApiClient(4002, 991, "quantower"), "Quantower is connected (quantower, pid 991)"),
        (ApiClient(4002, 5, "EXCEL.EXE"), "Excel (IB’s RTD server) is connected (EXCEL, pid 5)"),
        (ApiClient(4002, 5, "mybot.exe"), "mybot (pid 5) is connected"),
        (ApiClient(4002, 5, "python3"), "python3 (pid 5) is connected"),
        (ApiClient(4002, None, "python3"), "python3 is connected"),
        (ApiClient(4002, 5), "A program (pid 5) is connected"),
        (ApiClient(4002, peer="192.168.1.9"), "A program on 192.168.1.9 is connected"),
        (ApiClient(4002), "A program is connected"),
    ],
)
def test_it_is_greeted_by_the_name_that_is_known(client: ApiClient, said: str) -> None:
    assert greeted(client) == said


def test_host_port_and_client_id_are_those_of_this_connection() -> None:
    found = step("program", READY, Answers(program="ib_async"))

    assert found.typed == (Typed("Host", "127.0.0.1"), Typed("Port", "4002"), Typed("Client ID", "11"))
    assert "`ib.connect('127.0.0.1', 4002, clientId=11)`" in found.steps[0]
    assert found.text.startswith("Your Python program")


def test_a_program_that_asks_for_no_client_id_is_given_none() -> None:
    found = step("program", READY, Answers(program="quantower"))

    assert [typed.label for typed in found.typed] == ["Host", "Port"]


@pytest.mark.parametrize("program", [program.id for program in CLIENT_PROGRAMS])
def test_no_step_of_any_program_has_a_gap(program: str) -> None:
    found = step("program", READY, Answers(program=program))

    assert found.steps
    assert not [
        line
        for line in found.steps
        if "{" in line or "…" in line.replace("Connections…", "").replace("Add…", "").replace(",…)", "")
    ]


def test_a_client_id_is_offered_that_nothing_known_uses() -> None:
    session = replace(READY.session, client_id=11)
    refused = replace(session, attempt=attempt(Outcome.ID_IN_USE))
    assert refused.attempt is not None
    refused = replace(refused, attempt=replace(refused.attempt, client_id=12))
    given = replace(READY, session=refused, connection=wants(client_id=13), other_connections=(wants(client_id=14),))
    settings = given.api_settings.configuration
    assert isinstance(settings, Known)
    master = replace(settings.value, settings=replace(settings.value.settings, master_client_id=15))
    given = replace(given, api_settings=replace(given.api_settings, configuration=Known(master)))

    assert free_ids(given) == (16, 17)
    assert free_ids(READY) == (11, 12)
    assert free_ids(with_clients(READY, QUANTOWER)) == (12, 13)


def test_a_connection_to_another_computer_has_its_host_and_is_confirmed_by_the_user() -> None:
    found = step("program", REMOTE)
    looked = step("program", REMOTE, Answers(looked=frozenset({"program"})))

    assert host_for_programs(REMOTE) == "gate.example"
    assert (found.state, found.acts) == (StepState.UNKNOWN, (StepAct.LOOKED,))
    assert "another computer" in found.text
    assert looked.state is StepState.DONE


@pytest.mark.parametrize("sockets", [Unknown("access denied"), Known(Sockets(unseen="those of others are missing"))])
def test_where_programs_may_not_be_seen_that_is_said(sockets: object) -> None:
    found = step("program", blind(sockets))

    assert found.state is StepState.UNKNOWN
    assert "Gatelight cannot see" in found.text
