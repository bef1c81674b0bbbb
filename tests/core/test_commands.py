"""Commands are read from JSON in one place; whatever arrives is a command or has a sentence that says why not."""

import math
from typing import Any

import pytest

from agent.core.commands import (
    AskDataTest,
    AskLinks,
    AskPageAddress,
    AskStatus,
    Command,
    SetUp,
    SetupAct,
    ShowRunning,
    Unusable,
    read_command,
)
from agent.core.fix import Asker
from agent.core.shown.display import (
    AskFix,
    Connect,
    Disconnect,
    DoFix,
    Ignore,
    LookNow,
    Pause,
    Quit,
    Resume,
    SeenChanges,
    Snooze,
)

READ: list[tuple[dict[str, Any], Command]] = [
    ({"command": "status"}, AskStatus()),
    ({"command": "status", "show_accounts": True}, AskStatus(show_accounts=True)),
    ({"command": "connect", "name": "A", "seconds": 7}, Connect("A")),
    ({"command": "connect", "name": None}, Connect("")),
    ({"command": "disconnect"}, Disconnect("")),
    ({"command": "disconnect", "name": "a", "seconds": 60}, Disconnect("a", 60)),
    ({"command": "stop"}, Quit()),
    ({"command": "links"}, AskLinks()),
    ({"command": "pause", "seconds": 60}, Pause(60)),
    ({"command": "pause", "seconds": None}, Pause(None)),
    ({"command": "resume"}, Resume()),
    ({"command": "snooze", "code": "api-silent", "seconds": 1.5}, Snooze("api-silent", "", 1.5)),
    ({"command": "seen", "name": "A"}, SeenChanges("A")),
    ({"command": "seen"}, SeenChanges("")),
    ({"command": "ignore", "program": "bot", "name": None}, Ignore("bot")),
    ({"command": "ignore", "program": "bot", "name": "A", "undo": True}, Ignore("bot", "A", undo=True)),
    ({"command": "look"}, LookNow()),
    ({"command": "show"}, ShowRunning()),
    ({"command": "show", "desktop": {"DISPLAY": ":1"}, "quiet": True}, ShowRunning({"DISPLAY": ":1"}, quiet=True)),
    ({"command": "show", "desktop": {"DISPLAY": 1}}, Unusable("“desktop” must name variables and their values.")),
    ({"command": "show", "desktop": ["DISPLAY"]}, Unusable("“desktop” must name variables and their values.")),
    ({"command": "page"}, AskPageAddress()),
    ({"command": "page", "printed": True}, AskPageAddress(printed=True)),
    ({"command": "fix", "id": "use-port"}, AskFix("use-port", "")),
    (
        {"command": "fix", "id": "use-port", "connection": "A", "digest": "abc"},
        DoFix("use-port", "A", "abc", Asker.COMMAND_LINE),
    ),
    ({"command": "setup"}, SetUp()),
    ({"command": "setup", "act": "use-port", "value": 4002}, SetUp(SetupAct.USE_PORT, "", 4002)),
    ({"command": "setup", "act": "look-for-updates", "value": True}, SetUp(SetupAct.LOOK_FOR_UPDATES, "", True)),
    ({"command": "setup", "act": "skip", "step": "port"}, SetUp(SetupAct.SKIP, "port")),
    ({"command": "data-test"}, AskDataTest()),
    ({"command": "data-test", "name": "A", "symbols": ["AAPL", 7]}, AskDataTest("A", ("AAPL", 7))),
    ({"command": "data-test", "start": True}, AskDataTest(configured=True)),
]


@pytest.mark.parametrize(("request_", "command"), READ, ids=lambda given: str(given)[:60])
def test_a_request_is_read_as_its_command(request_: dict[str, Any], command: Command) -> None:
    assert read_command(request_) == command


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({}, "does not know the command “None”"),
        ({"command": ["status"]}, "does not know the command “['status']”"),
        ({"command": "sell"}, "does not know the command “sell”: it may be an older version."),
        ({"command": "snooze", "seconds": 60}, "A snooze needs the code of a problem"),
        ({"command": "setup", "act": "explode"}, "“explode” is nothing that the set-up can do."),
        ({"command": "setup", "act": ["x" * 80]}, f"“['{'x' * 38}” is nothing that the set-up can do."),
        ({"command": "data-test", "symbols": "AAPL"}, "“symbols” must be a list of texts."),
    ],
    ids=repr,
)
def test_what_cannot_be_used_is_told_in_one_sentence(request_: dict[str, Any], words: str) -> None:
    command = read_command(request_)

    assert isinstance(command, Unusable)
    assert words in command.reason
    assert command.reason.endswith(".")


@pytest.mark.parametrize("seconds", [True, "30m", [], {}])
def test_what_is_no_duration_is_within_no_limit(seconds: object) -> None:
    command = read_command({"command": "pause", "seconds": seconds})

    assert isinstance(command, Pause)
    assert math.isnan(command.seconds or 0.0)
