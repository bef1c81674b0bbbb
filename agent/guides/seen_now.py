"""What a running Gatelight sees at this moment of the trouble that some words tell of.

The words alone leave several causes open. The status that the agent shows decides between them. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from agent.guides.explain import Explanation, ShownNow
from agent.tws.applications import ApplicationKind
from agent.tws.hosts import is_local

_MISMATCH = "api-port-mismatch"
_HOST = r"(?P<host>localhost|(?:\d{1,3}\.){3}\d{1,3}|::1)"
_PORT = r"(?P<port>\d{2,5})(?![\d.:])"
_AT = re.compile(rf"(?<![\w.]){_HOST}[\]'\"]*\s*[:,]\s*(?:port\s*[:=]?\s*)?{_PORT}", re.IGNORECASE)
"""As in `('127.0.0.1', 4001)`, `127.0.0.1:4001` and `localhost, port 4001`."""
_ALONE = re.compile(rf"\bport\s*(?:is|no\.?|number)?\s*[:=#]?\s*{_PORT}", re.IGNORECASE)
_ADDRESS = re.compile(rf"(?<![\w.]){_HOST}(?![\d.])", re.IGNORECASE)


def with_seen_now(found: Explanation, words: str, connections: Iterable[Mapping[str, Any]]) -> Explanation:
    """The explanation with what is seen now; `connections` are those of the JSON of `status`.

    The cause that is seen comes first.
    """
    codes = [cause.code for cause in found.causes]
    connections = _meant(words, [one for one in connections if one.get("watched", True)])
    shown = tuple(
        ShownNow(one["name"], problem["code"], problem["title"])
        for one in connections
        for problem in one["problems"]
        if problem["visible"] and problem["code"] in codes
    )
    lines, fits = _of_port(words, connections) if _MISMATCH in codes else ((), "")
    if not fits and len({one.code for one in shown}) == 1:
        fits = shown[0].code
    causes = tuple(sorted(found.causes, key=lambda cause: cause.code != fits))
    return replace(found, causes=causes, seen_now=lines, shown_now=shown, fits=fits)


def _meant(words: str, connections: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The connections that are set to the port that the words name; all of them where none is."""
    port = _port_in(words)
    return [one for one in connections if port is not None and one.get("port") == port] or connections


def _of_port(words: str, connections: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, ...], str]:
    """Where the applications of this computer listen, beside the port that the words name; and the cause that fits."""
    listening = _listening(connections)
    wanted = _port_in(words)
    if not listening or (wanted is None and _names_another_machine(words)):
        return (), ""
    if wanted is None:
        told = (f"{name} listens on port {port}." for port, (name, _) in listening.items())
        return (*told, "Compare it with the port that is set in your program."), ""
    if wanted in listening:
        name, reached = listening[wanted]
        if reached:
            return (f"{name} listens on port {wanted}, and Gatelight is connected to it.",), ""
        return (f"{name} listens on port {wanted}.",), ""
    *before, (last, (name, _)) = listening.items()
    if not before:
        advice = f"If your program is meant for it, set the port in your program to {last}."
        return (f"{name} listens on port {last}, not on {wanted}.", advice), _MISMATCH
    told = (f"{name} listens on port {port}." for port, (name, _) in listening.items())
    advice = "Set the port in your program to that of the one it is meant for."
    return (*told, f"None of them listens on port {wanted}.", advice), _MISMATCH


def _listening(connections: Iterable[Mapping[str, Any]]) -> dict[int, tuple[str, bool]]:
    """The API ports on this computer: the name of the application there, and whether Gatelight is connected to it."""
    ports: dict[int, tuple[str, bool]] = {}
    for one in connections:
        application = one.get("application") or {}
        for port in application.get("listening", ()):
            reached = one["phase"] == "connected" and one.get("port") == port
            if port not in ports or reached:
                mode = one.get("trading_mode") if reached else None
                title = ApplicationKind(application["kind"]).title
                ports[port] = (f"{title} ({mode})" if mode in ("live", "paper") else title, reached)
    return dict(sorted(ports.items()))


def _port_in(words: str) -> int | None:
    """The port of this computer that the words name; None where they name none, or another machine."""
    at = _AT.search(words)
    if at is not None:
        return int(at["port"]) if is_local(at["host"]) else None
    alone = None if _names_another_machine(words) else _ALONE.search(words)
    return None if alone is None else int(alone["port"])


def _names_another_machine(words: str) -> bool:
    return any(not is_local(found["host"]) for found in _ADDRESS.finditer(words))
