from dataclasses import replace

from agent.core.facts import Missing
from agent.core.memory import ChangeKept
from agent.problems.shared.programs import cut_off_by_move, last_seen
from tests.problems.scene import NOW, facts

BOT = Missing("quantower", NOW.wall - 300, 991, lost_at=NOW.wall - 1800, port_before=4001)


def test_only_a_port_that_moved_cuts_programs_off() -> None:
    seen = replace(facts(), missing=(BOT, replace(BOT, port_before=None)))

    assert cut_off_by_move(seen) == ()
    assert cut_off_by_move(replace(seen, changes=(ChangeKept("port", "4001", "4002", NOW.wall),))) == (BOT,)


def test_an_hour_ago_is_told_by_the_second_and_another_day_by_its_name() -> None:
    assert last_seen(facts(), BOT).startswith("quantower, pid 991, was connected to port 4001 until 13:30:00;")
    older = replace(BOT, lost_at=NOW.wall - 86400.0, pid=None)

    assert last_seen(facts(), older).startswith("quantower was connected to port 4001 until Sunday 14:00:00;")
