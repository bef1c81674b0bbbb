"""A status in words for the terminal, from its JSON object: what `status` and `doctor` print. Imports nothing heavy."""

import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import Any

_WIDTH = 96
OVERALL_WORDS = {
    "problem": "PROBLEM",
    "warning": "WARNING",
    "unknown": "COULD NOT FIND OUT",
    "connecting": "connecting",
    "waiting": "waiting for TWS or IB Gateway",
    "maintenance": "expected outage",
    "paused": "paused",
    "connected": "connected",
}
_MARKS = {"error": "✗", "warning": "!", "info": "·"}


def render(status: dict[str, Any], *, thorough: bool = False) -> str:
    """The whole status. `thorough`: as `doctor` prints it, with what could not be decided."""
    lines: list[str] = []
    for connection in status["connections"]:
        if lines:
            lines.append("")
        lines += _connection(connection, thorough)
    if not lines:
        lines = ["Nothing is watched yet."]
    paused = status.get("paused_until")
    if paused is not None:
        until = "" if paused == "resume" else f" until {local_time(paused)}"
        lines += ["", f"Notices are paused{until}; `gatelight resume` ends that."]
    return "\n".join(lines)


def _connection(connection: dict[str, Any], thorough: bool) -> Iterator[str]:
    yield f"{connection['name']}: {_overall(connection)}"
    yield from (f"  {line}" for line in _checklist(connection, thorough))
    shown = [p for p in connection["problems"] if p["visible"]]
    waiting = [p for p in connection["problems"] if not p["visible"]]
    for problem in shown:
        yield ""
        yield from _problem(problem)
        if not thorough:
            yield from _so_far(problem)
    for problem in waiting:
        yield f"  (not worth a word yet: {problem['title']})"
    if connection.get("checklist"):
        yield ""
        yield from _settings(connection["checklist"])
    undecided = connection.get("undecided", []) if thorough else []
    for reason in sorted({u["reason"] for u in undecided}):
        codes = ", ".join(u["code"] for u in undecided if u["reason"] == reason)
        yield from _wrapped(f"Not judged: {codes} ({reason})", "  ? ", "    ")


_ROW_MARKS = {"ok": "✓", "differs": "✗", "choice": "·", "unknown": "?"}


def _settings(rows: list[dict[str, str]]) -> Iterator[str]:
    """The guide as a checklist: what is wanted, what was found, how it was found out."""
    yield "  The settings your programs need:"
    place, unknown = "", [row for row in rows if row["state"] == "unknown"]
    # Where nothing could be found out, one line says why, instead of the same line for each step.
    together = len(unknown) > 1 and len({row["how"] for row in unknown}) == 1
    for row in rows:
        if together and row["state"] == "unknown":
            continue
        if row["place"] != place:
            place = row["place"]
            yield f"    {place}"
        found = f"{row['label']}: {row['found']} ({row['how']})"
        aim = "" if row["state"] == "ok" else f"; wanted: {row['wanted']}"
        yield from _wrapped(f"{found}{aim}", f"      {_ROW_MARKS[row['state']]} ", "        ")
    if together:
        labels = "; ".join(row["label"] for row in unknown)
        yield from _wrapped(f"Not known, because {unknown[0]['how']}: {labels}", "    ? ", "      ")


def _overall(connection: dict[str, Any]) -> str:
    if connection["overall"] != "paused":
        return OVERALL_WORDS[connection["overall"]]
    return "connected, notices paused" if connection["phase"] == "connected" else "disconnected, as you asked"


def _checklist(connection: dict[str, Any], thorough: bool) -> Iterator[str]:
    application = connection.get("application")
    if application is None:
        yield f"application:    {_unseen(connection)}"
    else:
        name = {"tws": "TWS", "gateway": "IB Gateway"}.get(application["kind"], "TWS or IB Gateway")
        version = f" {application['version']}" if "version" in application else ""
        ports = ", ".join(str(p) for p in application.get("listening", ())) or "nothing"
        listens = f"listens on {ports}" if "listening" in application else "its ports are not shown to this user"
        yield f"application:    {name}{version}, pid {application['pid']}, {listens}"
    port = connection.get("port")
    host = f"[{connection['host']}]" if ":" in connection["host"] else connection["host"]
    yield f"API port:       {host}:{port if port is not None else 'not known'}"
    if connection["phase"] == "connected":
        latency = connection.get("latency_s")
        took = f", answers in {latency * 1000:.1f} ms" if latency is not None else ""
        client, version = connection["client_id"], connection["server_version"]
        yield f"API session:    connected as client {client}, server version {version}{took}"
        accounts = _and_more(connection["accounts"], connection.get("accounts_more", 0))
        yield f"trading mode:   {connection['trading_mode']} ({accounts})"
    else:
        # A single look makes no further attempt.
        due = connection.get("next_attempt") if not thorough else None
        again = f", next attempt at {local_time(due)}" if due is not None else ""
        yield f"API session:    {'being opened' if connection['phase'] == 'connecting' else 'none'}{again}"
    yield f"link to IB:     {connection['server_link']}"
    if connection["farms"]:
        yield "data farms:     " + _and_more(
            [f"{f['name']} {f['status']}" for f in connection["farms"]], connection.get("farms_more", 0)
        )
    if connection.get("shortened"):
        yield "left out:       part of this is left out, since there is more of it than can be shown"
    programs = connection.get("programs")
    if programs:
        yield "other programs: " + ", ".join(f"{p.get('name', 'unknown')} ({p.get('pid', '?')})" for p in programs)


def _and_more(listed: list[str], more: int) -> str:
    return ", ".join(listed) + (f" and {more} more" if more else "")


def _unseen(connection: dict[str, Any]) -> str:
    if "application_unseen" in connection:
        return f"not seen: {connection['application_unseen']}"
    if connection["phase"] == "connected":
        return "answers on the port; its process is not seen on this machine"
    return "not seen running on this machine"


def _problem(problem: dict[str, Any]) -> Iterator[str]:
    yield f"  {_MARKS[problem['severity']]} {problem['title']}  [{problem['code']}]"
    yield from _wrapped(problem["text"], "    ", "    ")
    if problem["evidence"]:
        yield "    What was seen:"
        for line in problem["evidence"]:
            yield from _wrapped(line, "      - ", "        ")
    if problem["steps"]:
        from agent.core.guide import plain

        yield "    What to do:"
        for number, step in enumerate(problem["steps"], 1):
            yield from _wrapped(plain(step), f"      {number}. ", "         ")
    for fix in problem["fixes"]:
        yield f"    One click: gatelight fix {fix['id']} ({fix['label']})"


def _so_far(problem: dict[str, Any]) -> Iterator[str]:
    """What only a running agent knows of a problem."""
    yield f"    {'Seen since' if problem.get('first_seen') else 'Since'} {local_time(problem['since'])}."
    if problem["snoozed_until"] is not None:
        yield f"    Snoozed until {local_time(problem['snoozed_until'])}."
    if problem.get("undelivered"):
        yield "    The desktop did not take a notice about this; it is in the log."


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False) or [first]


def local_time(rfc3339: str) -> str:
    """An RFC 3339 time as local time of day."""
    return datetime.fromisoformat(rfc3339).astimezone().strftime("%H:%M:%S")
