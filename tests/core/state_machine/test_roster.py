from dataclasses import replace

from agent.core.facts import MachineFacts, Unknown
from agent.core.settings import ConnectionSettings, Settings, WantedApplication
from agent.core.state_machine.roster import MOST_WATCHED, WAITING, roster
from agent.tws.applications import ApplicationKind
from tests.problems.scene import gateway, machine, process, tws

NONE = Settings()
PAPER = ConnectionSettings(name="Paper Gateway", port=4002)


def test_a_configuration_decides_alone() -> None:
    assert roster(Settings(connections=(PAPER,)), (WAITING,), machine(tws(), gateway())) == (PAPER,)


def test_nothing_found_is_waited_for() -> None:
    for nothing in (MachineFacts(), machine(), replace(machine(), processes=Unknown("no rights"))):
        assert roster(NONE, (), nothing) == (WAITING,)


def test_one_application_is_watched_under_its_name_and_missed_when_it_is_gone() -> None:
    found = roster(NONE, (WAITING,), machine(gateway()))

    assert found == (ConnectionSettings("IB Gateway", application=WantedApplication.GATEWAY, implicit=True),)
    assert roster(NONE, found, machine()) == found
    assert roster(NONE, found, machine(tws()))[0].name == "TWS"


def test_an_application_of_unknown_kind_is_watched_all_the_same() -> None:
    (found,) = roster(NONE, (), machine(process(ApplicationKind.UNKNOWN)))

    assert (found.name, found.application) == ("TWS or IB Gateway", WantedApplication.ANY)


def test_several_applications_have_names_and_processes_of_their_own() -> None:
    running = machine(gateway(pid=1, ports=(4001,)), gateway(pid=2, ports=(4002,)), gateway(pid=3, ports=()), tws())
    found = roster(NONE, (), running)

    assert [c.name for c in found] == ["IB Gateway", "IB Gateway (port 4002)", "IB Gateway (pid 3)", "TWS"]
    assert [c.pinned_pid for c in found] == [1, 2, 3, 2020]


def test_names_stay_with_their_processes_while_others_come_and_go() -> None:
    before = roster(NONE, (), machine(gateway(pid=1), gateway(pid=2, ports=(4003,))))
    after = roster(NONE, before, machine(gateway(pid=2, ports=(4003,)), gateway(pid=9, ports=(4005,))))

    assert [(c.name, c.pinned_pid) for c in after] == [("IB Gateway", 9), ("IB Gateway (port 4003)", 2)]


def test_one_of_several_that_ends_is_still_watched() -> None:
    before = roster(NONE, (), machine(gateway(pid=1), gateway(pid=2, ports=(4003,))))
    after = roster(NONE, before, machine(gateway(pid=2, ports=(4003,))))

    assert [(c.name, c.pinned_pid) for c in after] == [("IB Gateway", 1), ("IB Gateway (port 4003)", 2)]


def test_two_on_one_port_still_have_different_names() -> None:
    found = roster(NONE, (), machine(*(gateway(pid=pid) for pid in (1, 2, 3))))

    assert len({c.name for c in found}) == 3


def test_a_crowd_that_looks_like_tws_is_watched_in_part_and_forgotten_when_it_is_gone() -> None:
    crowd = machine(*(gateway(pid=pid, ports=(pid,)) for pid in range(5000, 5100)))
    watched = roster(NONE, (), crowd)
    later = roster(NONE, watched, machine(*(tws(pid=pid, ports=(pid,)) for pid in range(6000, 6003))))

    assert len(watched) == MOST_WATCHED
    assert roster(NONE, watched, crowd) == watched
    assert len(later) == MOST_WATCHED
    assert {6000, 6001, 6002} <= {c.pinned_pid for c in later}
