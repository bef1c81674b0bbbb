"""The fact that each thing shown stands on, as the stage knows it: what is shown must be so in the made-up world."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from agent.core.facts import Known
from agent.core.session_facts import Outcome
from tests.journeys.day import App
from tests.truth.stage import Stage

Judge = Callable[[Stage], object]


def _local(stage: Stage) -> bool:
    return stage.configured.host == "127.0.0.1"


def _meets(outcome: Outcome) -> Judge:
    def judge(stage: Stage) -> bool:
        app = stage.serving()
        met = (app.outcome if app is not None else None) if _local(stage) else stage.so.remote
        return met is outcome

    return judge


def _hidden(stage: Stage) -> bool:
    return not _local(stage) or not stage.so.processes_readable


def _closed(stage: Stage) -> list[App]:
    """The applications without an API port, while none serves the configured one."""
    return [a for a in stage.wanted() if a.port is None] if stage.serving() is None else []


def _sent(*codes: int) -> Judge:
    return lambda stage: stage.so.sent & set(codes)


PROBLEMS: dict[str, Judge] = {
    "agent-cannot-see": lambda s: not (s.sockets_readable and s.so.processes_readable),
    "api-disabled": lambda s: (
        s.serving() is None and any(a.port is None and a.link_since is not None for a in s.wanted())
    ),
    "api-port-mismatch": lambda s: s.serving() is None and any(a.port not in (None, 4002) for a in s.wanted()),
    "api-port-taken": lambda s: s.so.others and s.serving() is None,
    "api-silent": _meets(Outcome.SILENT),
    "app-changed": lambda s: len({(a.version, a.account) for a in s.ever}) > 1,
    "app-frozen": lambda s: s.session and (app := s.serving()) is not None and app.answers_after is None,
    "app-not-installed": lambda s: not s.so.installed and not s.apps,
    "app-not-running": lambda s: _local(s) and not s.wanted(),
    "app-outdated": _meets(Outcome.OUTDATED),
    "app-starting": lambda s: _closed(s),
    "client-id-in-use": _meets(Outcome.ID_IN_USE),
    "clock-off": lambda s: s.session and (app := s.serving()) is not None and app.clock_off > 2,
    "competing-session": _sent(10197, 162),
    "config-invalid": lambda s: s.so.rejected,
    "connection-unstable": lambda s: sum(s.now.monotonic - at < 600 for at in s.so.losses) >= 3,
    "data-delayed": _sent(10167),
    "data-farm-broken": lambda s: s.session and s.so.farms_down,
    "data-lines-exhausted": _sent(101),
    "data-lost": _sent(1101),
    "data-not-subscribed": _sent(354),
    "host-unreachable": lambda s: s.so.remote in (None, Outcome.UNREACHABLE, Outcome.REFUSED) and not _local(s),
    "host-unresolvable": _meets(Outcome.UNRESOLVABLE),
    "login-pending": lambda s: any(a.link_since is None for a in _closed(s)),
    "message-rate-exceeded": _sent(100),
    "network-down": lambda s: s.network.value is False and (not s.session or s.so.link_down),  # type: ignore[union-attr]
    "not-tws": _meets(Outcome.NOT_TWS),
    "pacing-violation": _sent(162),
    "peer-not-trusted": _meets(Outcome.CLOSED),
    "program-missing": lambda s: s.so.cut_off,
    "read-only-api": _sent(321),
    "restart-stuck": lambda s: any(a.restarted for a in _closed(s)),
    "server-link-lost": lambda s: s.session and s.so.link_down,
    "session-not-ready": _meets(Outcome.NOT_READY),
    "several-apps": lambda s: len(s.wanted()) > 1,
    "too-many-clients": lambda s: len(s.programs) >= 32,
    "trading-mode-mismatch": lambda s: s.session and s.configured.trading_mode.value == "live",
    "wrong-application": lambda s: s.apps and not s.wanted(),
    "wrong-product": lambda s: s.so.client_portal,
}
"""When each problem is there, in the world and not as the program judges it."""
HAPPENED = {code for code, judge in PROBLEMS.items() if judge.__qualname__.startswith("_sent")}
"""Problems that are told for a while after something happened."""


def is_so(stage: Stage, code: str) -> bool:
    """Whether a problem is there."""
    return bool(PROBLEMS[code](stage))


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def seconds(text: str) -> float:
    """An RFC 3339 time as epoch seconds."""
    return datetime.fromisoformat(text).timestamp()


def _in_the_past(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return stage.state.started.wall - 1e-3 <= seconds(value) <= stage.now.wall + 1e-3


def _of_the_session(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return stage.session is not None


def _of_the_application(attribute: str) -> Callable[[Stage, Any, dict[str, Any]], bool]:
    def check(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
        return value in [getattr(a, attribute) for a in stage.apps]

    return check


def _client(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return int(value) in [wish.client_id for wish in stage.open.values()]


def _latency(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    app = stage.serving()
    far = stage.so.remote is Outcome.READY
    return stage.session is not None and bool(far or (app is not None and app.answers_after == value))


def _link(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    if value == "unknown":
        return True
    shown_by_sockets = any(a.link_since is not None for a in stage.apps) and stage.network == Known(True)
    if stage.session is None:
        return str(value) == "up" and shown_by_sockets
    return (str(value) == "down") == stage.so.link_down


def _farm(stage: Stage, value: Any, farm: dict[str, Any]) -> bool:
    return stage.session is not None and (str(value) == "broken") == (farm["name"] in stage.so.farms_down)


def _overall(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    if value != "connected":
        return True
    app = stage.serving()
    answers = stage.so.remote is Outcome.READY or (app is not None and app.answers_after is not None)
    return stage.session is not None and answers and not stage.so.link_down


def _missed(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    titles = {"tws": "TWS", "gateway": "IB Gateway", "any": "TWS or IB Gateway"}
    return stage.session is None and value == titles[stage.configured.application.value] and not stage.wanted()


def _phase(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return (str(value) == "connected") == (stage.session is not None)


def _mode(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return bool(value == "paper") if stage.session is not None else bool(value == "unknown")


def _since(stage: Stage, value: Any, connection: dict[str, Any]) -> bool:
    if connection["phase"] == "connected" and stage.session is not None:
        return abs(seconds(value) - stage.so.ready[stage.session]) < 1.0
    return _in_the_past(stage, value, connection)


def _known_port(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return bool(value == stage.configured.port)


def _attempt(stage: Stage, value: Any, connection: dict[str, Any]) -> bool:
    return connection["phase"] in ("backing-off", "blocked") and stage.session is None


def _row(stage: Stage, value: Any, row: dict[str, Any]) -> bool:
    if row["state"] in ("unknown", "choice"):
        return True
    match row["label"]:
        case "IB API":
            return (str(value) == "ok") == bool(stage.session or any(a.port for a in stage.wanted()))
        case "Socket port" | "Enable ActiveX and Socket Clients":
            return (str(value) == "ok") == bool(stage.session or stage.serving() is not None)
        case "Trusted IPs":
            return stage.session is not None or str(value) == "differs"
        case "Read-Only API":
            return str(value) == "differs" and 321 in stage.so.sent
    return False


def _source(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return value != "inferred" or 321 in stage.so.sent


def _code(stage: Stage, value: Any, problem: dict[str, Any]) -> bool:
    return not problem["visible"] or is_so(stage, value)


def _station(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return value != "up" or stage.session is not None


def _runs(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return value != "up" or bool(stage.apps) or stage.session is not None


def _said(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return all(number in _numbers(stage) for number in NUMBERED.findall(value))


NUMBERED = re.compile(r"(?:\bpids?|\bports?|\blistens on|\bclient ID) (\d+)")
"""Numbers that name something of the machine."""


def _numbers(stage: Stage) -> set[str]:
    known: set[object] = (
        {a.pid for a in stage.ever} | {p.pid for p in stage.programs} | {o.pid for o in stage.so.others}
    )
    known |= {o.port for o in stage.so.others} | {o.pid for o in stage.so.client_portal} | {5000}
    known |= {a.port for a in stage.ever} | {
        stage.configured.port,
        stage.configured.client_id,
        7496,
        7497,
        4001,
        4002,
        4003,
    }
    return {str(one) for one in known}


def _given(stage: Stage, value: Any, _: dict[str, Any]) -> bool:
    return True


VALUES: dict[str, tuple[str, Callable[[Stage, Any, dict[str, Any]], bool]]] = {
    "schema": ("the shape of the object", _given),
    "agent.*": ("the agent’s own start", _given),
    "overall": ("the worst of the connections", _overall),
    "words": ("the worst of the connections", _said),
    "summary": ("the headlines of the connections", lambda s, v, a: _overall(s, v, a) and _said(s, v, a)),
    "groups.*": ("the names, hosts and states of many connections", lambda *_: False),
    "start.*": ("the command line of the agent, and the list of start-up programs", _given),
    "update.*": ("the latest answer of the web, where the user wished it", lambda *_: False),
    "worst": ("the first problem of the worst connection", _given),
    "paused_until": ("what the user asked for", _given),
    "config_error": ("the latest configuration that was read", lambda s, *_: s.so.rejected),
    "connections.name": ("the configuration", _given),
    "connections.host": ("the configuration", _given),
    "connections.waits_for": ("the configuration, and what runs", _missed),
    "connections.title": ("the process that was found", lambda s, *_: bool(s.apps)),
    "connections.wanted": ("what the user asked for", _given),
    "connections.watched": ("what the user asked for", _given),
    "connections.watched_again": ("what the user asked for", _given),
    "connections.port": ("the configuration", _known_port),
    "connections.overall": ("all that is known of the connection", _overall),
    "connections.words": ("all that is known of the connection", _said),
    "connections.headline": ("the worst problem, else the state", _said),
    "connections.phase": ("the session itself", _phase),
    "connections.since": ("the moment the phase began", _since),
    "connections.client_id": ("the session, or the attempt under way", _client),
    "connections.server_version": ("the hello of the session that stands", _of_the_session),
    "connections.latency_s": ("the latest heartbeat of the session that stands", _latency),
    "connections.rank": ("all that is known of the connection", _given),
    "connections.hour.*": ("what was shown in the last hour", _given),
    "connections.latencies": ("heartbeats of the last hour", _given),
    "connections.trading_mode": ("the accounts of the session that stands", _mode),
    "connections.accounts": ("the accounts of the session that stands", _of_the_session),
    "connections.server_link": ("what the standing session was told of the link, or the sockets", _link),
    "connections.headline_since.words": ("how the beginning is known", _given),
    "connections.headline_since.time": ("the beginning of the headline", _in_the_past),
    "connections.application_unseen": ("the look that could not see it", lambda s, *_: _hidden(s)),
    "connections.next_attempt": ("the attempt that is planned", _attempt),
    "connections.application.pid": ("the process that was found", _of_the_application("pid")),
    "connections.application.started": ("the process that was found", lambda s, *_: bool(s.apps)),
    "connections.application.kind": ("the process that was found", lambda s, v, _: v in [a.kind.value for a in s.apps]),
    "connections.application.version": ("the process that was found", lambda s, v, _: v == "10.45"),
    "connections.application.listening": ("the socket table", _of_the_application("port")),
    "connections.farms.name": ("notices to the standing session", _of_the_session),
    "connections.farms.kind": ("notices to the standing session", _of_the_session),
    "connections.farms.status": ("notices to the standing session", _farm),
    "connections.programs.pid": ("the socket table", lambda s, v, _: v in [p.pid for p in s.programs]),
    "connections.programs.name": ("the socket table", lambda s, v, _: v in [p.name for p in s.programs]),
    "connections.programs.script": ("its command line", lambda s, v, _: v in [p.script for p in s.programs]),
    "connections.programs_ignored": ("what the user asked for", _given),
    "connections.programs.since": ("the look that saw it first", _in_the_past),
    "connections.api_settings.source": (
        "the answer of the application",
        lambda s, v, _: v != "inferred" or 321 in s.so.sent,
    ),
    "connections.api_settings.*": ("the answer of the application, or why there is none", _given),
    "connections.checklist.state": ("what the session or the socket table tells", _row),
    "connections.checklist.*": ("what the session or the socket table tells", _said),
    "connections.problems.code": ("the check of the problem", _code),
    "connections.problems.title": ("the check of the problem", _said),
    "connections.problems.text": ("the check of the problem", _said),
    "connections.problems.evidence": ("what was seen", _said),
    "connections.problems.steps": ("the guide", _said),
    "connections.problems.since": ("the check that found it first", lambda *_: True),
    "connections.problems.*": ("the declaration of the problem, and what the user asked for", _given),
    "connections.undecided.*": ("the check that could not judge", _given),
    "connections.path.programs.*": ("the socket table", _given),
    "connections.path.port.state": ("the session itself", _station),
    "connections.path.servers.state": ("what the standing session was told of the link, or the sockets", _link),
    "connections.path.application.state": ("the process that was found, or its answer", _runs),
    "connections.path.*": ("the same as the station's state", _said),
    "connections.outage.*": ("the calendar", _given),
    "connections.next_outage.*": ("the calendar", _given),
    "connections.login_due": ("the calendar", _given),
    "set_aside.*": ("the problem before", _given),
    "under_way.*": ("the problem before", _given),
    "ended.code": ("the problem that was seen to be over", lambda s, v, _: v in HAPPENED or not is_so(s, v)),
    "ended.*": ("the problem that was seen to be over", _given),
}
"""Each place where something is shown: the fact it stands on, and whether that is so."""


def fact_of(place: str) -> tuple[str, Callable[[Stage, Any, dict[str, Any]], bool]] | None:
    """The fact that a place stands on: the entry of its own, else that of the nearest group."""
    while place:
        if (found := VALUES.get(place) or VALUES.get(f"{place.rpartition('.')[0]}.*")) is not None:
            return found
        place = place.rpartition(".")[0]
    return None


def leaves(shown: Any, place: str = "", around: dict[str, Any] | None = None) -> Any:
    """Each value of a JSON object with its place and the object around it."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            yield from leaves(value, f"{place}.{key}" if place else key, shown)
    elif isinstance(shown, list):
        for value in shown:
            yield from leaves(value, place, around if not isinstance(value, dict) else value)
    else:
        yield place, shown, around or {}
