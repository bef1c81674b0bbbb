"""How the demonstration counts at its end what it made of the day."""

import subprocess
import sys

import pytest

from agent.app.world import knowledge
from agent.cli.demo import _of_the_stage, _tally
from agent.core.problem import Severity
from agent.core.shown.display import Notice


def begins(code: str) -> Notice:
    return Notice(f"Paper Gateway/{code}", Severity.ERROR, "It is wrong", "")


def ends(code: str) -> Notice:
    return Notice(f"Paper Gateway/{code}", Severity.INFO, "It is right", "", over=True)


@pytest.mark.parametrize(
    ("notices", "words"),
    [
        ((), "Nothing in it was worth a notice."),
        ((begins("a"), ends("a")), "1 notice about a problem, and its end once."),
        ((begins("a"),), "1 notice about a problem, and 0 ends."),
        (
            (begins("a"), ends("a"), begins("b"), ends("b")),
            "2 notices about problems, each of them once, and its end once.",
        ),
        ((begins("a"), begins("a"), ends("a")), "2 notices about problems, and 1 ends."),
    ],
)
def test_what_was_said_twice_or_never_ended_is_admitted(notices: tuple[Notice, ...], words: str) -> None:
    assert _tally(notices) == words


BROKEN_STAGE = """
import sys
from agent.cli import demo
from agent.cli.main import main
from agent.errors import GatelightError

async def start(*_, **__):
    raise GatelightError("There is no simulated application")

demo.SimulatedApplication.start = start
sys.argv = ["gatelight", "demo", "--no-tray"]
sys.exit(main())
"""
MISSED = """
import sys
from agent.cli import demo
from agent.cli.main import main

async def missed(self, *_):
    self._missed.append("the lost link is told")

demo.Stage._day = missed
sys.argv = ["gatelight", "demo", "--no-tray"]
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (BROKEN_STAGE, "There is no simulated application"),
        (MISSED, "This did not happen as it should have: the lost link is told."),
    ],
)
def test_a_day_that_went_wrong_does_not_end_well(program: str, words: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 1
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_computer_without_a_network_plays_the_same_day() -> None:
    usual = {problem.code for problem in knowledge().problems}

    assert usual - {problem.code for problem in _of_the_stage(knowledge()).problems} == {"network-down"}
