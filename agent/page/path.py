"""The way an order takes, in three stations and two links: programs, the application, IB's servers. Pure.

A link that is not known to be up is never shown as good.
"""

from typing import Any

from agent.core.problem import Severity
from agent.core.shown.status import ShownConnection
from agent.tws.applications import ApplicationKind

FROZEN = "app-frozen"
"""Problem code of a session that gets no answers: its link is not up, whatever the socket says."""


def path_of(connection: ShownConnection) -> dict[str, Any]:
    """State and words of each station and link, by name."""
    return {
        "programs": _programs(connection),
        "port": _port(connection),
        "application": _application(connection),
        "servers": _servers(connection),
    }


def _programs(connection: ShownConnection) -> dict[str, str]:
    programs = connection.programs
    if programs is None:
        return {"state": "unknown", "words": "which ones could not be seen"}
    besides = " besides Gatelight" if connection.phase == "connected" else ""
    if not programs:
        return {"state": "none", "words": f"none connected{besides}"}
    return {"state": "up", "words": f"{len(programs)} connected{besides}"}


def _application(connection: ShownConnection) -> dict[str, str]:
    application = connection.application
    if application is not None:
        version = f" {application.version}" if application.version else ""
        title = ApplicationKind(application.kind).title + version
        return {"state": "up", "title": title, "words": "runs"}
    state, words = _unseen(connection)
    return {"state": state, "title": "TWS or IB Gateway", "words": words}


def _unseen(connection: ShownConnection) -> tuple[str, str]:
    """An application without a process here: on another machine, or behind a container, a tunnel or a relay."""
    where = "" if connection.local else f" on {connection.host}"
    if connection.phase == "connected":
        if _frozen(connection):
            return "unknown", f"does not answer{where}"
        return "up", f"answers{where or ' on the port'}"
    if not connection.local:
        return "unknown", f"on {connection.host}, not seen from here"
    return ("unknown", "could not be seen") if connection.unseen else ("down", "not seen running")


def _frozen(connection: ShownConnection) -> bool:
    return any(p.code == FROZEN for p in connection.problems)


def _port(connection: ShownConnection) -> dict[str, str]:
    named = f"API port {connection.port}" if connection.port is not None else "API port"
    state, words = _session(connection)
    return {"state": state, "title": named, "words": words}


def _session(connection: ShownConnection) -> tuple[str, str]:
    match connection.phase:
        case "connected" if _frozen(connection):
            return "down", "connected, but nothing is answered"
        case "connected":
            return "up", "connected"
        case "connecting":
            return "wait", "connecting"
        case "backing-off" | "blocked":
            return "down", "no connection"
        case _ if not connection.wanted:
            return "none", "not watched"
        case _ if connection.worst is not None and connection.worst.severity == Severity.ERROR:
            return "down", "no connection"
        case _:
            return ("wait", "not connected yet") if connection.application is not None else ("none", "not connected")


def _servers(connection: ShownConnection) -> dict[str, str]:
    return {"state": connection.server_link, "words": connection.link_words}
