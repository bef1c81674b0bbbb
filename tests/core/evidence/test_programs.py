from dataclasses import replace

from agent.core.evidence.programs import identity, missing_of, programs_on, same_server, server_of
from agent.core.facts import ApiClient, FormerClient, Known, OtherProcess, Processes, Sockets
from agent.core.memory import PortKept, ProgramId, ProgramKept
from tests.problems.scene import NOW, connected, facts, gateway, machine, relay

BOT = ApiClient(4002, 991, "python3.11", since=NOW.wall - 60, script="bot.py", place="f00")


def test_a_program_is_known_by_its_script_and_folder_whatever_release_runs_it() -> None:
    who = identity(BOT)

    assert who is not None
    assert who.label == "bot.py (python3.11)"
    for same in (replace(BOT, pid=5, name="python3.12"), replace(BOT, name="python.exe")):
        again = identity(same)
        assert again is not None
        assert again.key == who.key
    for other in (replace(BOT, script="other.py"), replace(BOT, place="ba2"), replace(BOT, name="node")):
        another = identity(other)
        assert another is not None
        assert another.key != who.key


def test_a_number_in_the_name_of_a_program_belongs_to_it() -> None:
    assert ProgramId("bot1").key != ProgramId("bot2").key
    assert ProgramId("Quantower.exe").key == ProgramId("quantower").key


def test_one_on_another_machine_is_known_by_its_address_and_one_without_a_name_not_at_all() -> None:
    far = identity(ApiClient(4002, peer="192.0.2.7"))

    assert far is not None
    assert far.label == "a program at 192.0.2.7"
    assert identity(ApiClient(4002, 991)) is None
    assert identity(ApiClient(4002)) is None


def test_our_own_session_and_other_ports_are_left_out_and_of_two_alike_the_first_counts() -> None:
    clients = (
        BOT,
        replace(BOT, pid=992, since=NOW.wall - 5),
        replace(BOT, script="own.py", own=True),
        replace(BOT, script="elsewhere.py", port=7497),
    )
    found = programs_on(facts(machine(gateway(), clients=clients)))

    assert [client.pid for _, client in found.values()] == [991]


def test_who_serves_is_told_by_process_and_start() -> None:
    own = server_of(facts(), 4002)

    assert own.startswith("3117/")
    assert same_server(own, own)
    assert same_server(own, f"3117/{float(own.split('/')[1]) + 2:.0f}")
    assert not same_server(own, f"3117/{float(own.split('/')[1]) + 60:.0f}")
    assert not same_server(own, "3118/" + own.split("/")[1])
    assert same_server("", own)
    assert server_of(facts(machine(listeners=(relay(),))), 4002) == "771/"
    assert not same_server("771/", own)
    assert server_of(facts(machine()), 4002) == ""


def kept(**more: object) -> PortKept:
    program = ProgramKept(
        ProgramId("quantower"), 20_000, pid=991, lost_at=NOW.wall - 900, lost_port=4001, missing_since=NOW.wall - 600
    )
    return PortKept("Paper Gateway", 4002, programs=(replace(program, **more),))  # type: ignore[arg-type]


def test_a_missing_program_tells_its_port_before_and_what_became_of_its_process() -> None:
    seen = facts(machine(gateway()), connected())
    sockets = seen.machine.sockets
    assert isinstance(sockets, Known)
    former = replace(sockets.value, former=(FormerClient(991, True),))
    ended = replace(sockets.value, former=(FormerClient(991, False),))

    (missing,) = missing_of(kept(), seen)
    assert (missing.label, missing.port_before, missing.runs) == ("quantower", 4001, None)
    assert missing_of(kept(lost_port=4002), seen)[0].port_before is None
    assert missing_of(kept(missing_since=None), seen) == ()
    for told, runs in ((former, True), (ended, False)):
        there = replace(seen, machine=replace(seen.machine, sockets=Known(told)))
        assert missing_of(kept(), there)[0].runs is runs


def test_another_process_of_its_name_runs_too() -> None:
    around = machine(processes=Known(Processes(programs=(OtherProcess(5, "Quantower.exe"),))))

    assert missing_of(kept(), facts(around))[0].runs is True
    assert missing_of(kept(id=ProgramId("python3", "bot.py")), facts(around))[0].runs is None
    assert Sockets().former == ()
