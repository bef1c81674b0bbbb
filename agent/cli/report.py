"""A status in words for the terminal, from its JSON object: what `status` and `doctor` print. Imports nothing heavy.

A line is as long as it is; `agent.cli.terminal` makes it fit.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from agent.core.clock import day_and_time, took
from agent.core.shown.display import IconState

OVERALL_WORDS = {
    "problem": "PROBLEM",
    "warning": "WARNING",
    "unknown": "COULD NOT FIND OUT",
    "connecting": "connecting",
    "waiting": "waiting",
    "maintenance": "expected outage",
    "paused": "paused",
    "connected": "connected",
}
_MARKS = {"error": "✗", "warning": "!", "info": "·"}
_GOOD = frozenset({"connected", "maintenance", "paused"})
MOST_IN_FULL = 5
"""Connections that are told in full below a table, the worst first."""
_HEALTHY, _COULD_NOT_FIND_OUT = 0, 4
"""Exit statuses of the doctor."""


def render(
    status: dict[str, Any],
    *,
    thorough: bool = False,
    settings: bool = False,
    found: int = _HEALTHY,
    every: bool = False,
    named: str = "",
) -> str:
    """The whole status. `thorough`: as `doctor` prints it, with what could not be decided and what it `found`.

    `found` is the doctor's exit status. `settings`: with every setting that was looked at. `every`: of many
    connections, all are told; else those that are well are counted, and a few of the ill ones are told in full.
    `named`: what the user gave to choose these of the connections.
    """
    left = 0
    connections = status["connections"]
    lines = list(_headline(connections, found)) if thorough else []
    if not thorough and len(connections) > 1:
        lines = [*_overview(connections, every, named)]
        connections = [c for c in connections if c["overall"] not in _GOOD or any(p["visible"] for p in c["problems"])]
        if len(connections) > MOST_IN_FULL + 1 and not every:
            connections = sorted(connections, key=lambda c: IconState(c["overall"]).rank)
            left = len(connections) - MOST_IN_FULL
            connections = connections[:MOST_IN_FULL]
    for connection in connections:
        if lines:
            lines.append("")
        lines += _connection(connection, thorough, settings)
    if left:
        lines += ["", f"{left} more are not told in full: `gatelight status NAME` tells one of them, -v all."]
    if not thorough and all(_is_unnamed(c) and c["overall"] == "waiting" for c in status["connections"]):
        lines = ["Nothing is connected yet: `gatelight setup` begins.", *(["", *lines] if lines else [])]
    paused = status.get("paused_until")
    if paused is not None:
        until = "" if paused == "resume" else f" until {local_time(paused)}"
        lines += ["", f"Notices are paused{until}; `gatelight resume` ends that."]
    return "\n".join(lines)


def so_far(status: dict[str, Any]) -> str:
    """What a look that is not complete has found out by now."""
    lines: list[str] = []
    for connection in status["connections"]:
        lines += [f"{connection['name']}: looking …", *(f"  {line}" for line in _checklist(connection, True))]
    return "\n".join(lines)


def _headline(connections: list[dict[str, Any]], found: int) -> Iterator[str]:
    """What the doctor found, in a line."""
    shown = [(c["name"], p) for c in connections for p in c["problems"] if p["visible"]]
    bad = [(name, p) for name, p in shown if p["severity"] != "info" and p["code"] != "agent-cannot-see"]
    if bad:
        titles = "; ".join(f"{p['title']} ({name})" if len(connections) > 1 else p["title"] for name, p in bad)
        yield f"{len(bad)} problem{'s' * (len(bad) > 1)}: {titles}"
    elif found == _HEALTHY:
        yield "All is well"
    elif found == _COULD_NOT_FIND_OUT:
        why = next((p["title"] for _, p in shown), None)
        yield "Could not find out how things stand" + (f": {why}" if why else "")
    else:
        yield "Not well yet: " + "; ".join(p["title"] for _, p in shown)


def _overview(connections: list[dict[str, Any]], every: bool, named: str) -> Iterator[str]:
    """Several connections in a table, worst first."""
    from agent.cli.overview import overview

    yield from overview(connections, every=every, named=named)


def _connection(connection: dict[str, Any], thorough: bool, settings: bool = False) -> Iterator[str]:
    overall = _overall(connection)
    told = f"{connection['name']}: {overall}"
    yield overall[0].upper() + overall[1:] if _is_unnamed(connection) else told
    shown = [p for p in connection["problems"] if p["visible"]]
    waiting = [p for p in connection["problems"] if not p["visible"]]
    for problem in shown:
        yield from _problem(problem)
        if not thorough:
            yield from _so_far(problem)
        yield ""
    for problem in waiting:
        yield f"  (not worth a word yet: {problem['title']})"
    yield from (f"  {line}" for line in _checklist(connection, thorough))
    if thorough:
        yield from _settings(connection.get("checklist", []), connection.get("undecided", []), listed=settings)


_ROW_MARKS = {"ok": "✓", "differs": "✗", "choice": "·", "unknown": "?"}


def _settings(rows: list[dict[str, str]], undecided: list[dict[str, str]], *, listed: bool) -> Iterator[str]:
    """The settings that programs need: those that differ, how many are right, and in a line what is not known.

    `listed`: every one of them, with what is wanted, what was found, and how it was found out.
    """
    unknown = [row for row in rows if row["state"] == "unknown"]
    differ = [row for row in rows if row["state"] == "differs"]
    told = rows if listed else differ
    counts = ((sum(row["state"] == "ok" for row in rows), "right"), (len(differ), "to change"))
    counted = ", ".join(f"{count} {what}" for count, what in counts if count)
    if told or counted:
        yield ""
        yield "  The settings your programs need" + (f": {counted}" if counted else ":")
    place = ""
    for row in told:
        if row["place"] != place:
            place = row["place"]
            yield f"    {place}"
        aim = "" if row["state"] == "ok" else f"; wanted: {row['wanted']}"
        yield f"      {_ROW_MARKS[row['state']]} {row['label']}: {row['found']} ({row['how']}){aim}"
    if listed:
        yield from _not_judged(undecided)
    elif unknown or undecided:
        kinds = ((len(unknown), "setting"), (len(undecided), "possible problem"))
        parts = [f"{count} {what}{'s' * (count > 1)}" for count, what in kinds if count]
        hows = {row["how"] for row in unknown}
        why = f" ({next(iter(hows))})" if len(hows) == 1 else ""
        yield ""
        yield f"  ? Not known: {' and '.join(parts)}{why}; `gatelight doctor --settings` lists them."


def _not_judged(undecided: list[dict[str, str]]) -> Iterator[str]:
    from agent.guides import in_general, load_guides

    if undecided:
        guides = load_guides()
        yield "    Possible problems"
    for one in undecided:
        yield f"      ? {in_general(guides[one['code']]).title}: not known ({one['reason']})"


def _is_unnamed(connection: dict[str, Any]) -> bool:
    """Whether nothing was set up: a connection without a name of its own is called after what it waits for."""
    return bool(connection["name"] == connection.get("waits_for"))


def _overall(connection: dict[str, Any]) -> str:
    if "waits_for" in connection:
        return f"waiting for {connection['waits_for']}"
    if connection["overall"] != "paused":
        return OVERALL_WORDS.get(connection["overall"], OVERALL_WORDS["unknown"])
    return "connected, notices paused" if connection["phase"] == "connected" else "not watched, as you asked"


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
        answers = f", answers in {took(latency)}" if latency is not None else ""
        client, version = connection["client_id"], connection["server_version"]
        yield f"API session:    connected as client {client}, server version {version}{answers}"
        accounts = _and_more(connection["accounts"], connection.get("accounts_more", 0))
        yield f"trading mode:   {connection['trading_mode']} ({accounts})"
    else:
        # A single look makes no further attempt.
        due = connection.get("next_attempt") if not thorough else None
        again = f", next attempt at {local_time(due)}" if due is not None else ""
        yield f"API session:    {'being opened' if connection['phase'] == 'connecting' else 'none'}{again}"
    yield f"link to IB:     {_LINKS[connection['server_link']]}"
    if connection["farms"]:
        yield "data farms:     " + _farms(connection)
    if connection.get("shortened"):
        yield "left out:       part of this is left out, since there is more of it than can be shown"
    programs = connection.get("programs")
    if programs:
        yield "other programs: " + ", ".join(map(_called, programs))
    if connection.get("programs_ignored"):
        yield f"not watched:    {', '.join(connection['programs_ignored'])} (`gatelight ignore --undo` watches again)"


def _called(program: dict[str, Any]) -> str:
    name, pid = program.get("name", "unknown"), program.get("pid", "?")
    return f"{program['script']} ({name}, {pid})" if "script" in program else f"{name} ({pid})"


_LINKS = {"up": "up", "down": "down", "unknown": "not known"}


_WELL = ("ok", "inactive")
"""Of a data farm: an inactive one is there when it is asked for something (notice 2107)."""


def _farms(connection: dict[str, Any]) -> str:
    """Data farms in a few words until one of them is not well."""
    farms, more = connection["farms"], connection.get("farms_more", 0)
    if not more and all(farm["status"] in _WELL for farm in farms):
        return f"{len(farms)}, all well" if len(farms) > 1 else f"{farms[0]['name']}, well"
    return _and_more([f"{f['name']} {f['status']}" for f in farms], more)


def _and_more(listed: list[str], more: int) -> str:
    return ", ".join(listed) + (f" and {more} more" if more else "")


def _unseen(connection: dict[str, Any]) -> str:
    if "application_unseen" in connection:
        return f"not seen: {connection['application_unseen']}"
    if any(problem["code"] == "wrong-application" for problem in connection["problems"]):
        answers = ", and answers on the port" if connection["phase"] == "connected" else ""
        return f"the one that is meant does not run; another one does{answers}"
    if connection["phase"] == "connected":
        return "answers on the port; its process is not seen on this machine"
    return "not seen running on this machine"


def _problem(problem: dict[str, Any]) -> Iterator[str]:
    yield f"  {_MARKS.get(problem['severity'], '·')} {problem['title']}  [{problem['code']}]"
    yield f"    {problem['text']}"
    if problem["evidence"]:
        yield "    What was seen:"
        for line in problem["evidence"]:
            yield f"      - {line}"
    if problem["steps"]:
        from agent.core.told_steps import text_lines

        yield "    What to do:"
        yield from (f"      {line}" for line in text_lines(problem["steps"]))
    for fix in problem["fixes"]:
        yield f"    One click: `gatelight fix {fix['id']}` ({fix['label']})"


def _so_far(problem: dict[str, Any]) -> Iterator[str]:
    """What only a running agent knows of a problem."""
    yield f"    {'Seen since' if problem.get('first_seen') else 'Since'} {local_time(problem['since'])}."
    if problem["snoozed_until"] is not None:
        yield f"    Snoozed until {local_time(problem['snoozed_until'])}."
    if problem.get("undelivered"):
        yield "    The desktop did not take a notice about this; it is in the log."


def local_time(rfc3339: str) -> str:
    """An RFC 3339 time as the user's clock shows it, with its day where that is not today."""
    return day_and_time(datetime.fromisoformat(rfc3339).astimezone(), datetime.now().astimezone())
