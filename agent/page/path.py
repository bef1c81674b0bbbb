"""The way an order takes, in three stations and two links: programs, the application, IB's servers. Pure.

A link that is not known to be up is never shown as good.
"""

from typing import Any

from agent.core.problem import Severity
from agent.core.shown.status import ShownConnection
from agent.tws.applications import ApplicationKind
from agent.tws.ports import is_local

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
    if not programs:
        return {"state": "none", "words": "none connected besides Gatelight"}
    return {"state": "up", "words": f"{len(programs)} connected besides Gatelight"}


def _application(connection: ShownConnection) -> dict[str, str]:
    application = connection.application
    if application is not None:
        version = f" {application.version}" if application.version else ""
        title = ApplicationKind(application.kind).title + version
        return {"state": "up", "title": title, "words": "runs"}
    if not is_local(connection.host):
        state = "up" if connection.phase == "connected" else "unknown"
        return {"state": state, "title": "TWS or IB Gateway", "words": f"on {connection.host}"}
    if connection.phase == "connected":
        # In a container, or behind a tunnel or a relay: the process is not seen, and yet it answers.
        return {"state": "up", "title": "TWS or IB Gateway", "words": "answers on the port"}
    return {"state": "down", "title": "TWS or IB Gateway", "words": "not seen running"}


def _port(connection: ShownConnection) -> dict[str, str]:
    named = f"API port {connection.port}" if connection.port is not None else "API port"
    state, words = _session(connection)
    return {"state": state, "title": named, "words": words}


def _session(connection: ShownConnection) -> tuple[str, str]:
    match connection.phase:
        case "connected" if any(p.code == FROZEN for p in connection.problems):
            return "down", "connected, but nothing is answered"
        case "connected":
            return "up", "connected"
        case "connecting":
            return "wait", "connecting"
        case "backing-off" | "blocked":
            return "down", "no connection"
        case _ if not connection.wanted:
            return "none", "disconnected, as you asked"
        case _ if connection.worst is not None and connection.worst.severity == Severity.ERROR:
            return "down", "no connection"
        case _:
            return ("wait", "not connected yet") if connection.application is not None else ("none", "not connected")


def _servers(connection: ShownConnection) -> dict[str, str]:
    words = {"up": "connected", "down": "connection lost"}.get(connection.server_link, "not known")
    return {"state": connection.server_link, "words": words}
