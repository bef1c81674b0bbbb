"""Who does not come back after a restart, and what changed: the core alone, with the user's programs."""

from dataclasses import replace

from agent.core.events import UserAsked
from agent.core.facts import ApiClient
from agent.core.shown.display import Ignore, SeenChanges
from tests.journeys.day import PAPER, App, Day

A_WHILE = 900.0


def client(name: str, pid: int, since: float, script: str = "", port: int = 4002) -> ApiClient:
    return ApiClient(port, pid, name, since=since, script=script, place="f00" if script else "")


def connected(day: Day, name: str, pid: int = 991, script: str = "", port: int = 4002) -> None:
    """A program of the user connects."""
    day.programs = (*day.programs, client(name, pid, day.now.wall, script, port))


def watched() -> Day:
    day = Day()
    day.start()
    day.run(60)
    return day


def restarted(day: Day, seconds: float = 8.0, port: int = 4002, version: str = "10.45") -> App:
    """The application restarts, and every program loses its connection."""
    day.programs = ()
    day.stop(day.apps[0])
    day.run(seconds)
    app = day.start(port, age=0.0)
    app.version = version
    return app


def test_a_program_that_does_not_come_back_after_a_restart_is_named_once_and_its_return_too() -> None:
    day = watched()
    connected(day, "python3", script="bot.py")
    connected(day, "quantower", 992)
    day.run(A_WHILE)
    restarted(day)
    day.run(30)
    connected(day, "quantower", 993)
    day.run(200)

    assert day.said == []

    day.run(200)

    assert day.said[0].startswith("program-missing:")
    assert day.notices[0][1].title == "bot.py (python3) has not come back"
    assert "quantower" not in day.notices[0][1].text

    day.run(3 * 60)
    connected(day, "python3", 995, script="bot.py")
    day.run(30)

    assert len(day.said) == 2
    assert day.notices[1][1].over
    assert day.codes == []


def test_several_that_are_missed_from_the_same_restart_are_one_notice() -> None:
    day = watched()
    for number in range(4):
        connected(day, "python3", 990 + number, script=f"bot{number}.py")
    day.run(A_WHILE)
    restarted(day)
    day.run(900)

    assert len(day.said) == 1
    assert "and 2 more" in day.notices[0][1].title or "bot0.py" in day.notices[0][1].title


def test_a_script_that_asks_and_leaves_is_not_missed() -> None:
    day = watched()
    for _ in range(10):
        connected(day, "python3", script="report.py")
        day.run(60)
        day.programs = ()
        day.run(240)
    connected(day, "python3", script="report.py")
    day.run(30)
    restarted(day)
    day.run(A_WHILE)

    assert day.said == []


def test_one_that_is_not_to_be_watched_is_not_missed_again_and_can_be_watched_again() -> None:
    day = watched()
    connected(day, "quantower")
    day.run(A_WHILE)
    restarted(day)
    day.run(900)

    assert day.codes == ["program-missing"]

    day.tell(UserAsked(Ignore("quantower", PAPER.name)))

    assert day.codes == []
    assert day.connection.ignored == ("quantower",)
    assert len(day.said) == 1
    assert day.withdrawn

    connected(day, "quantower")
    day.run(A_WHILE)
    restarted(day)
    day.run(900)
    day = day.restarted_agent()
    day.run(900)

    assert day.said == []

    day.tell(UserAsked(Ignore("quantower", PAPER.name, undo=True)))
    connected(day, "quantower")
    day.run(A_WHILE)
    restarted(day)
    day.run(900)

    assert day.codes == ["program-missing"]


def test_one_that_was_missed_is_missed_over_a_restart_of_the_agent_and_said_once() -> None:
    day = watched()
    connected(day, "quantower")
    day.run(A_WHILE)
    restarted(day)
    day.run(900)
    said, title = len(day.said), day.notices[-1][1].title
    day = day.restarted_agent()
    day.run(120)

    assert said == 1
    assert day.said == []
    assert day.codes == ["program-missing"]
    assert day.connection.problems[0].title == title

    connected(day, "quantower")
    day.run(60)

    assert [n.over for _, n in day.notices] == [True]


def test_one_that_was_there_before_the_machine_restarted_is_missed() -> None:
    day = watched()
    connected(day, "quantower")
    day.run(A_WHILE)
    day.programs = ()
    day.stop(day.apps[0])
    day = Day(wall=day.now.wall + 600, memory=day.memory)
    day.start(age=0.0)
    day.run(900)

    assert day.codes == ["program-missing"]


def test_one_that_ended_while_no_agent_ran_is_not_missed_where_the_application_stayed() -> None:
    day = watched()
    connected(day, "quantower")
    day.run(A_WHILE)
    day.programs = ()
    day = day.restarted_agent()
    day.run(A_WHILE)

    assert day.said == []


def test_a_port_that_moved_is_told_with_those_that_it_cuts_off_until_it_was_seen() -> None:
    day = Day(replace(PAPER, port="auto"))
    day.start()
    day.run(60)
    connected(day, "quantower")
    day.run(A_WHILE)
    restarted(day, port=4001, version="10.50")
    day.run(60)

    problem = day.connection.problems[0]
    assert (problem.code, problem.severity) == ("app-changed", "info")
    assert "version 10.45 → 10.50" in problem.text
    assert "API port 4002 → 4001" in problem.text
    assert day.said == []

    day.run(400)

    assert day.said == ["app-changed"]
    assert day.codes == ["app-changed"]
    assert "quantower" in day.notices[0][1].text

    day = day.restarted_agent()
    day.run(400)

    assert day.said == []
    assert day.codes == ["app-changed"]

    day.tell(UserAsked(SeenChanges("")))
    day.run(A_WHILE)

    assert day.said == []
    assert [p.code for p in day.connection.problems] == []


def test_a_program_that_follows_the_port_is_not_cut_off() -> None:
    day = Day(replace(PAPER, port="auto"))
    day.start()
    day.run(60)
    connected(day, "quantower")
    day.run(A_WHILE)
    restarted(day, port=4001)
    day.run(100)
    connected(day, "quantower", port=4001)
    day.run(A_WHILE)

    assert day.said == []
    assert [(p.code, p.severity) for p in day.connection.problems] == [("app-changed", "info")]


def test_what_changed_and_changed_back_has_not_changed() -> None:
    day = watched()
    restarted(day, version="10.50")
    day.run(60)

    assert [p.code for p in day.connection.problems] == ["app-changed"]

    restarted(day)
    day.run(60)

    assert [p.code for p in day.connection.problems] == []
    assert day.said == []


def test_another_account_is_told_with_masked_numbers() -> None:
    day = watched()
    app = restarted(day)
    app.account = "U7654321"
    day.run(60)

    problem = day.connection.problems[0]
    assert problem.title == "IB Gateway has changed: live or paper and account"
    assert "DU•••567 → U•••321" in problem.text
    assert "1234567" not in str(day.memory)
    assert "7654321" not in str(day.memory)
