from dataclasses import replace

from agent.core.effects import Happened, MarkKind
from agent.core.facts import Facts, Purpose
from agent.core.memory import ChangeKept, WellKept
from agent.core.settings import WantedApplication
from agent.core.state_machine.changes import all_seen_by_user, changes_of, is_well, known_now, take_stock
from agent.tws.api_settings import ApiSettings, Configuration
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, machine, told, tws

WELL = facts(settings=told(Configuration(ApiSettings(read_only_api=False, trusted_ips=("127.0.0.1",)))))


def stocked(seen: Facts = WELL) -> tuple[WellKept, ...]:
    kept, changes, marks = take_stock((), seen, well=True, followed=False)
    assert (changes, marks) == ((), ())
    return kept


def with_version(seen: Facts, version: str) -> Facts:
    return replace(seen, machine=machine(gateway(version=version)))


def test_what_is_known_is_in_words_and_accounts_are_masked() -> None:
    assert known_now(WELL) == {
        "version": "10.45",
        "port": "4002",
        "mode": "paper",
        "accounts": "DU•••567",
        "settings.read_only_api": "not ticked",
        "settings.trusted_ips": "127.0.0.1",
    }
    assert known_now(facts(machine(gateway(), gateway(pid=9, ports=(4001,))), backing_off())) == {}


def test_nothing_is_kept_before_the_first_session() -> None:
    assert take_stock((), facts(session=backing_off()), well=False, followed=False) == ((), (), ())
    assert take_stock((), WELL, well=False, followed=False) == (stocked(), (), ())
    assert take_stock((), replace(WELL, purpose=Purpose.DOCTOR), well=True, followed=False) == ((), (), ())


def test_a_change_stands_from_when_it_was_found_and_is_marked_once_all_is_well() -> None:
    kept = stocked()
    updated = with_version(WELL, "10.50")
    kept, changes, marks = take_stock(kept, updated, well=False, followed=False)

    assert changes == (ChangeKept("version", "10.45", "10.50", NOW.wall),)
    assert marks == ()

    later = replace(updated, now=NOW.later(60))
    kept, changes, marks = take_stock(kept, later, well=True, followed=False)

    assert changes == (ChangeKept("version", "10.45", "10.50", NOW.wall),)
    assert marks == (Happened(MarkKind.CHANGED, "Paper Gateway", "version", "10.45 → 10.50"),)

    _, again, marks = take_stock(kept, later, well=True, followed=False)

    assert (again, marks) == (changes, ())


def test_what_is_as_before_again_has_not_changed() -> None:
    for well in (True, False):
        kept, changes, _ = take_stock(stocked(), with_version(WELL, "10.50"), well=True, followed=False)
        kept, changes, _ = take_stock(kept, WELL, well=well, followed=False)

        assert changes == ()
        assert take_stock(kept, WELL, well=True, followed=False)[1] == ()


def test_two_changes_of_the_same_are_one() -> None:
    kept, _, _ = take_stock(stocked(), with_version(WELL, "10.50"), well=True, followed=False)
    _, changes, _ = take_stock(kept, with_version(WELL, "10.51"), well=True, followed=False)

    assert [(c.before, c.now) for c in changes] == [("10.45", "10.51")]


def test_what_is_not_known_any_more_has_not_changed() -> None:
    assert changes_of(stocked()[0], {}, NOW.wall) == ()


def test_a_setting_that_the_user_changes_by_the_steps_is_no_news() -> None:
    box = replace(WELL, api_settings=told(Configuration(ApiSettings(read_only_api=True, trusted_ips=("10.0.0.9",)))))
    kept, changes, marks = take_stock(stocked(), box, well=False, followed=True)

    assert (changes, marks) == ((), ())
    assert take_stock(kept, box, well=True, followed=False)[1] == ()


def test_two_applications_in_turn_are_compared_each_with_itself() -> None:
    anything = replace(WELL, connection=connection(application=WantedApplication.ANY))
    kept = stocked(anything)
    other = replace(anything, machine=machine(tws(version="10.30")), session=connected(7497))
    kept, changes, _ = take_stock(kept, other, well=True, followed=False)

    assert changes == ()

    kept, changes, _ = take_stock(kept, anything, well=True, followed=False)

    assert changes == ()
    assert [k.kind for k in kept] == ["gateway", "tws"]


def test_where_it_is_open_which_of_several_is_meant_there_is_nothing_to_compare() -> None:
    two = machine(gateway(), gateway(pid=9, ports=(4001,)))
    open_which = replace(WELL, machine=two, connection=connection(port="auto"))
    one_by_its_port = replace(WELL, machine=two, connection=connection(port=4002))

    assert known_now(open_which) == {}
    assert known_now(one_by_its_port)["port"] == "4002"
    assert take_stock((), open_which, well=True, followed=False)[0] == ()


def test_once_the_user_has_seen_it_it_is_as_it_should_be() -> None:
    kept, changes, _ = take_stock(stocked(), with_version(WELL, "10.50"), well=False, followed=False)
    kept = all_seen_by_user(kept, changes)

    assert take_stock(kept, with_version(WELL, "10.50"), well=True, followed=False)[1:] == ((), ())
    assert all_seen_by_user((), ()) == ()


def test_well_is_a_session_that_has_stood_a_moment_and_is_not_in_trouble() -> None:
    assert is_well(WELL, troubled=False)
    assert not is_well(WELL, troubled=True)
    assert not is_well(facts(session=connected(since=1.0)), troubled=False)
    assert not is_well(facts(machine(), backing_off()), troubled=False)
