"""The fact that each value of a connection stands on. A value whose fact is not known now is not shown."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, replace
from enum import Enum
from typing import Any

from agent.core.evidence.processes import chosen
from agent.core.facts import Facts, Unknown
from agent.core.session_facts import Phase
from agent.core.shown.status import ShownConnection


def _always(_: Facts) -> bool:
    return True


def _connected(facts: Facts) -> bool:
    return facts.session.phase is Phase.CONNECTED


def _tried(facts: Facts) -> bool:
    return facts.session.phase is not Phase.IDLE


def _answered(facts: Facts) -> bool:
    return _connected(facts) and not facts.session.frozen


def _found(facts: Facts) -> bool:
    return chosen(facts) is not None


def _sockets_read(facts: Facts) -> bool:
    return facts.connection.local and not isinstance(facts.machine.sockets, Unknown)


class Ground(Enum):
    """What a value stands on: in words, and whether that is known of a connection."""

    CONFIGURATION = ("the configuration, or the application’s own listener", _always)
    USER = ("what the user asked for", _always)
    STATE = ("the state of Gatelight’s own connection", _always)
    CHECKS = ("the checks of all problems, each with its evidence", _always)
    LOOK = ("the latest look at this machine, or why it could not see", _always)
    PROCESS = ("the process that the latest look found", _found)
    SOCKETS = ("the socket table of the latest look", _sockets_read)
    ATTEMPT = ("the session, or the attempt to open one", _tried)
    SESSION = ("the API session that stands", _connected)
    ANSWERS = ("an API session that stands and answers", _answered)
    LINK = ("what the session was told, or what the application’s sockets show", _always)
    MODE = ("what the accounts told last of the process that runs or ran last, else the configuration", _always)
    SETTINGS = ("the application’s answer about its settings, or why there is none", _always)

    CALENDAR = ("the accounts’ mode, what the application told last of its settings, or its settings files", _always)

    def __init__(self, words: str, holds: Callable[[Facts], bool]) -> None:
        self.words = words
        """For people."""
        self.holds = holds
        """Whether it is known now."""


GROUNDS: Mapping[str, Ground] = {
    "name": Ground.CONFIGURATION,
    "host": Ground.CONFIGURATION,
    "here": Ground.LOOK,
    "port": Ground.CONFIGURATION,
    "overall": Ground.CHECKS,
    "phase": Ground.STATE,
    "since": Ground.STATE,
    "application": Ground.PROCESS,
    "client_id": Ground.ATTEMPT,
    "server_version": Ground.SESSION,
    "latency": Ground.ANSWERS,
    "trading_mode": Ground.SESSION,
    "label": Ground.MODE,
    "accounts": Ground.SESSION,
    "accounts_more": Ground.SESSION,
    "server_link": Ground.LINK,
    "link_words": Ground.LINK,
    "farms": Ground.ANSWERS,
    "farms_more": Ground.ANSWERS,
    "programs": Ground.SOCKETS,
    "unseen": Ground.LOOK,
    "api_settings": Ground.SETTINGS,
    "checklist": Ground.SETTINGS,
    "problems": Ground.CHECKS,
    "set_aside": Ground.CHECKS,
    "waits_for": Ground.CONFIGURATION,
    "wanted": Ground.USER,
    "stopped": Ground.USER,
    "ignored": Ground.USER,
    "undecided": Ground.CHECKS,
    "retry_at": Ground.STATE,
    "outage_ends": Ground.CHECKS,
    "calendar": Ground.CALENDAR,
}
"""By field of `ShownConnection`."""


def grounded(connection: ShownConnection, facts: Facts) -> ShownConnection:
    """The connection with only the values whose fact is known now; the others are as if never told."""
    groundless = {f.name: _nothing(f) for f in fields(connection) if not GROUNDS[f.name].holds(facts)}
    return replace(connection, **groundless) if groundless else connection


def _nothing(field: Any) -> Any:
    return field.default_factory() if field.default is MISSING else field.default
