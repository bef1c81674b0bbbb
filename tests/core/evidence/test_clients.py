"""Which programs were on the API port, and whether they have connected anew."""

from dataclasses import replace

from agent.core.evidence.clients import connected_anew, subscribers
from agent.core.facts import ApiClient, Facts, Known, Sockets, Unknown
from agent.core.session_facts import Subscriber
from tests.problems.scene import NOW, connected, connection, facts, gateway, machine

THEN = NOW.monotonic - 60.0


def client(pid: int | None, name: str | None, after: float) -> ApiClient:
    return ApiClient(4002, pid=pid, name=name, since=NOW.wall_of(THEN) + after)


def scene(*clients: ApiClient) -> Facts:
    return facts(machine(gateway(), clients=clients), connected())


def test_programs_are_told_once_and_our_own_is_none() -> None:
    own = replace(client(5, "gatelight", -9.0), own=True)

    assert subscribers(scene(client(991, "quantower", -9.0), client(991, "quantower", -9.0), own)) == (
        Subscriber("quantower", 991),
    )
    assert subscribers(scene()) == ()


def test_programs_that_the_system_does_not_show_are_not_known() -> None:
    sockets = Known(Sockets(unseen="programs of other users are hidden"))
    elsewhere = connection(host="192.0.2.10", port=4002)

    assert subscribers(facts(replace(machine(gateway()), sockets=Unknown("no rights")), connected())) is None
    assert subscribers(facts(replace(machine(gateway()), sockets=sockets), connected())) is None
    assert subscribers(facts(machine(), connected(), wants=elsewhere)) is None


def test_each_program_needs_a_connection_of_its_own() -> None:
    two = (Subscriber("python3", 1), Subscriber("python3", 2))

    assert not connected_anew(scene(client(1, "python3", 5.0), client(2, "python3", -5.0)), two, THEN)
    assert connected_anew(scene(client(1, "python3", 5.0), client(2, "python3", 6.0)), two, THEN)
    # The second was ended and started again: the first one's connection is not taken for its.
    assert connected_anew(scene(client(7, "python3", 5.0), client(2, "python3", 6.0)), two, THEN)
    assert not connected_anew(scene(client(2, "python3", 6.0)), two, THEN)


def test_what_the_first_look_after_the_loss_finds_may_have_been_there_before() -> None:
    assert not connected_anew(scene(client(1, "python3", 1.0)), (Subscriber("python3", 1),), THEN)
