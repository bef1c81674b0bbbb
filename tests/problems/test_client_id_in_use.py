from dataclasses import replace

from agent.core.facts import ApiClient, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, Phase, SessionFacts
from agent.problems.client_id_in_use import CLIENT_ID_IN_USE
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, attempt, backing_off, connected, connection, facts, gateway, machine

BLOCKED = SessionFacts(phase=Phase.BLOCKED, attempt=attempt(Outcome.ID_IN_USE))


def test_it_names_the_programs_on_the_port(judge: Judge) -> None:
    clients = (
        ApiClient(port=4002, pid=991, name="quantower"),
        ApiClient(port=4002, pid=55, name="gatelight", own=True),
        ApiClient(port=7497, pid=992, name="elsewhere"),
    )
    seen = facts(machine(gateway(), clients=clients), BLOCKED, wants=connection(client_id=17))

    verdict = judge(CLIENT_ID_IN_USE, seen)

    assert isinstance(verdict, Present)
    assert verdict.args["client_id"] == "17"
    assert verdict.args["holder"] == "on the API port now: quantower (pid 991)"
    assert verdict.evidence == (
        "notice 326 at 13:59:59: client ID 17 is in use on port 4002",
        "quantower (pid 991) is connected to port 4002",
    )


def test_long_program_names_still_fit_a_notice(judge: Judge) -> None:
    clients = tuple(ApiClient(port=4002, pid=4_000_000 + n, name=f"{n}" + "x" * 80) for n in range(30))
    seen = facts(machine(gateway(), clients=clients), BLOCKED, wants=connection(client_id=2_147_483_647))

    assert isinstance(judge(CLIENT_ID_IN_USE, seen), Present)


def test_an_id_held_by_nobody_is_told_as_such_with_the_stuck_sockets(judge: Judge) -> None:
    around = machine(gateway(close_wait=((4002, 3),)))

    verdict = judge(CLIENT_ID_IN_USE, facts(around, BLOCKED, wants=connection(client_id=17)))

    assert isinstance(verdict, Present)
    assert verdict.args["holder"].startswith("none is connected now")
    assert "3 sockets on port 4002 are in CLOSE_WAIT: left by programs that are gone" in verdict.evidence


def test_programs_that_cannot_be_seen_are_not_guessed(judge: Judge) -> None:
    blind = machine(gateway(), sockets=Unknown("access denied"))
    remote = connection(client_id=17, host="192.0.2.10", port=4002)

    for verdict in (
        judge(CLIENT_ID_IN_USE, facts(blind, BLOCKED, wants=connection(client_id=17))),
        judge(CLIENT_ID_IN_USE, facts(session=BLOCKED, wants=remote)),
    ):
        assert isinstance(verdict, Present)
        assert verdict.args["holder"] == "which one cannot be seen from here"


def test_an_automatic_client_id_simply_tries_another(judge: Judge) -> None:
    trying = facts(session=backing_off(Outcome.ID_IN_USE), wants=connection(client_id="auto"))

    assert judge(CLIENT_ID_IN_USE, trying) == Absent()


def test_an_application_that_refuses_every_client_id_is_told(judge: Judge) -> None:
    refused = replace(BLOCKED, refused_ids=4)

    assert isinstance(judge(CLIENT_ID_IN_USE, facts(session=refused, wants=connection(client_id="auto"))), Present)


def test_it_is_absent_in_a_session_and_without_an_application(judge: Judge) -> None:
    wants = connection(client_id=17)

    assert judge(CLIENT_ID_IN_USE, facts(session=connected(), wants=wants)) == Absent()
    assert judge(CLIENT_ID_IN_USE, facts(machine(), BLOCKED, wants=wants)) == Absent()


def test_our_own_reconnect_gets_a_grace() -> None:
    seen = facts(session=BLOCKED)

    # Longer than it takes until it is asked for again.
    assert CLIENT_ID_IN_USE.visible_after(seen) > seen.timing.id_release_late
    assert CLIENT_ID_IN_USE.visible_after(facts(session=BLOCKED, doctor=True)) == 0.0


def test_while_the_first_attempt_at_another_door_is_under_way_nothing_is_decided(judge: Judge) -> None:
    knocking = SessionFacts(phase=Phase.CONNECTING, since=NOW.monotonic, port=4002, client_id=7341)

    assert isinstance(judge(CLIENT_ID_IN_USE, facts(session=knocking)), Undecided)
