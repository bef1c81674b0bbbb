"""The commands of the running agent as values, and how they are read from JSON.

The control channel and the page read what arrives with `read_command`; behind it a command is a value. What a click
can ask for as well is the same value as there (`core.shown.display.Action`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

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


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Tell the status."""

    show_accounts: bool = False
    """Whether account numbers are told in full."""


@dataclass(frozen=True, slots=True)
class AskLinks:
    """Tell since when the applications have been connected to IB's servers."""


@dataclass(frozen=True, slots=True)
class ShowRunning:
    """Gatelight was started once more: show the one that runs."""

    desktop: Mapping[str, str] = field(default_factory=dict)
    """The variables of the desktop session it was started in; empty: there is none, or it was not told."""
    quiet: bool = False
    """The user did not start it: it came with a log-in."""


@dataclass(frozen=True, slots=True)
class AskPageAddress:
    """Tell an address that opens the page once."""

    printed: bool = False
    """Whether the user copies it from a terminal, which takes longer than a click."""


@dataclass(frozen=True, slots=True)
class AskDataTest:
    """Tell the latest market data self-test, or start one."""

    name: str = ""
    """Of the connection; empty: the first one."""
    symbols: tuple[object, ...] | None = None
    """What is tested, as it was typed; None starts no test, unless `configured` is set."""
    configured: bool = False
    """Whether a test is started with the symbols of the configuration."""


class SetupAct(StrEnum):
    """What can be asked of a set-up."""

    BEGIN = "begin"
    ANSWER = "answer"
    LOOK = "look"
    LOOKED = "looked"
    SKIP = "skip"
    TAKE_UP = "take-up"
    USE_PORT = "use-port"
    CONNECT = "connect"
    TEST_DATA = "test-data"
    SEND_NOTICE = "send-notice"
    SAW_NOTICE = "saw-notice"
    START_AT_LOGIN = "start-at-login"
    LOOK_FOR_UPDATES = "look-for-updates"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class SetUp:
    """Do one thing about the set-up, and tell how it stands."""

    act: SetupAct | None = None
    """None: only tell."""
    step: str = ""
    """Which step or question is meant."""
    value: object = None
    """What the act needs: a text, a port, a yes, the lines that were read."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """No command: what arrived cannot be used."""

    reason: str
    """One sentence for the user."""


Wish: TypeAlias = Connect | Disconnect | Pause | Resume | Snooze | SeenChanges | Ignore
"""What the user wants to be so until it is taken back: it outlives the agent."""
LoopCommand: TypeAlias = AskStatus | AskLinks | Wish | LookNow | Unusable
"""What the loop of the agent alone can answer."""
Command: TypeAlias = LoopCommand | Quit | ShowRunning | AskPageAddress | SetUp | AskDataTest | AskFix | DoFix

NO_SUCH_ACT = "“{act:.40}” is nothing that the set-up can do."


def read_command(request: Mapping[str, Any]) -> Command:
    """The command that a JSON object is. Fields that do not belong to it are passed over."""
    name = str(request.get("name") or "")
    match request.get("command"):
        case "status":
            return AskStatus(bool(request.get("show_accounts")))
        case "connect":
            return Connect(name)
        case "disconnect":
            seconds = request.get("seconds")
            return Disconnect(name, None if seconds is None else _number(seconds))
        case "pause":
            seconds = request.get("seconds")
            return Pause(None if seconds is None else _number(seconds))
        case "resume":
            return Resume()
        case "snooze" if request.get("code") is None:
            return Unusable("A snooze needs the code of a problem: `gatelight status` shows the codes in use.")
        case "snooze":
            return Snooze(str(request["code"]), "", _number(request.get("seconds")))
        case "seen":
            return SeenChanges(name)
        case "ignore":
            return Ignore(str(request.get("program") or ""), name, undo=bool(request.get("undo")))
        case "links":
            return AskLinks()
        case "stop":
            return Quit()
        case "look":
            return LookNow()
        case "show":
            return _show(request)
        case "page":
            return AskPageAddress(bool(request.get("printed")))
        case "fix":
            return _fix(request)
        case "setup":
            return _setup(request)
        case "data-test":
            return _data_test(request, name)
        case unknown:
            return Unusable(f"This agent does not know the command “{unknown}”: it may be an older version.")


def _number(value: object) -> float:
    """A number of seconds; not-a-number, which no limit lets through, for everything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _show(request: Mapping[str, Any]) -> ShowRunning | Unusable:
    desktop = request.get("desktop") or {}
    if not isinstance(desktop, dict) or not all(isinstance(value, str) for value in desktop.values()):
        return Unusable("“desktop” must name variables and their values.")
    return ShowRunning(desktop, bool(request.get("quiet")))


def _fix(request: Mapping[str, Any]) -> AskFix | DoFix:
    """Without a digest it asks what would be done, with it it says yes."""
    fix, connection, digest = str(request.get("id") or ""), str(request.get("connection") or ""), request.get("digest")
    return AskFix(fix, connection) if digest is None else DoFix(fix, connection, str(digest), Asker.COMMAND_LINE)


def _setup(request: Mapping[str, Any]) -> SetUp | Unusable:
    act = request.get("act")
    if act is not None and act not in tuple(SetupAct):
        return Unusable(NO_SUCH_ACT.format(act=str(act)))
    return SetUp(None if act is None else SetupAct(act), str(request.get("step", "")), request.get("value"))


def _data_test(request: Mapping[str, Any], name: str) -> AskDataTest | Unusable:
    symbols = request.get("symbols")
    if symbols is not None and not isinstance(symbols, list):
        return Unusable("“symbols” must be a list of texts.")
    return AskDataTest(name, None if symbols is None else tuple(symbols), configured=bool(request.get("start")))
