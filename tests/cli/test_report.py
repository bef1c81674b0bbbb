"""What `status` and `doctor` print for people."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.cli import overview
from agent.cli.report import MOST_IN_FULL, render

TODAY = f"{datetime.now(UTC):%Y-%m-%d}"
PROBLEM: dict[str, Any] = {
    "code": "api-silent",
    "severity": "error",
    "title": "The API of IB Gateway does not answer",
    "text": "IB Gateway accepts connections on port 4002 and then never answers.",
    "evidence": ["127.0.0.1, port 4002, accepted the connection and did not answer within 5.0 s"],
    "steps": ["Bring the **IB Gateway** window to the front."],
    "since": f"{TODAY}T14:03:22Z",
    "visible": True,
    "snoozed_until": None,
    "fixes": [],
}
CONNECTION: dict[str, Any] = {
    "name": "Paper",
    "host": "127.0.0.1",
    "port": 4002,
    "overall": "connected",
    "phase": "connected",
    "client_id": 7001,
    "server_version": 178,
    "latency_s": 0.002,
    "trading_mode": "paper",
    "accounts": ["DU•••567"],
    "server_link": "up",
    "farms": [],
    "problems": [],
}


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def printed(*, thorough: bool = False, paused_until: str | None = None, **changes: Any) -> str:
    status: dict[str, Any] = {"connections": [{**CONNECTION, **changes}]}
    if paused_until is not None:
        status["paused_until"] = paused_until
    return render(status, thorough=thorough)


def test_a_pause_is_not_taken_for_a_broken_connection() -> None:
    text = printed(overall="paused", paused_until=f"{TODAY}T15:00:00Z")

    assert text.startswith("Paper: connected, notices paused\n")
    assert text.endswith("Notices are paused until 15:00; `gatelight resume` ends that.")
    assert printed(overall="paused", paused_until="resume").endswith(
        "Notices are paused; `gatelight resume` ends that."
    )


def test_a_connection_that_was_let_go_says_who_wanted_it() -> None:
    text = printed(overall="paused", phase="idle")

    assert text.startswith("Paper: not watched, as you asked\n")
    assert "Notices" not in text


@pytest.mark.parametrize("phase", ["idle", "backing-off", "blocked"])
def test_the_doctor_promises_no_further_attempt(phase: str) -> None:
    due: dict[str, Any] = {"overall": "problem", "phase": phase, "next_attempt": f"{TODAY}T14:03:52Z"}

    assert "API session:    none, next attempt at 14:03\n" in printed(**due)
    assert "API session:    none\n" in printed(thorough=True, **due)


def test_the_status_tells_since_when_and_what_became_of_the_notice() -> None:
    problem = {**PROBLEM, "snoozed_until": "2020-11-25T15:03:22Z", "undelivered": True}
    text = printed(overall="problem", problems=[problem])

    assert "    Since 14:03.\n" in text
    assert "    Snoozed until 25 November 15:03.\n" in text
    assert "    The desktop did not take a notice about this; it is in the log." in text


def test_the_doctor_who_has_only_just_looked_does_not_say_since_when() -> None:
    assert "Since" not in printed(thorough=True, overall="problem", problems=[PROBLEM])


def test_an_ipv6_address_is_told_apart_from_its_port() -> None:
    assert "API port:       [2001:db8::7]:4002\n" in printed(host="2001:db8::7")


def test_steps_are_numbered_and_without_marks() -> None:
    text = printed(overall="problem", problems=[PROBLEM])

    assert "✗ The API of IB Gateway does not answer  [api-silent]" in text
    assert "    What was seen:\n      - 127.0.0.1, port 4002" in text
    assert "      1. Bring the “IB Gateway” window to the front." in text


def test_an_application_that_is_not_seen_is_told_by_where_it_may_be() -> None:
    gone: dict[str, Any] = {"overall": "waiting", "phase": "idle"}

    assert "application:    answers on the port; its process is not seen on this machine\n" in printed()
    assert "application:    not seen running on this machine\n" in printed(**gone)
    assert "application:    not seen: permission denied\n" in printed(**gone, application_unseen="permission denied")
    gone["problems"] = other = [{**PROBLEM, "code": "wrong-application"}]
    assert "application:    the one that is meant does not run; another one does\n" in printed(**gone)
    assert "another one does, and answers on the port\n" in printed(problems=other)


def test_the_status_says_where_only_the_first_sight_of_a_problem_is_known() -> None:
    assert "    Seen since 14:03.\n" in printed(overall="problem", problems=[{**PROBLEM, "first_seen": True}]) + "\n"


# ── several connections, and the doctor's first line ────────────────────────────────────────────


def several(*connections: dict[str, Any], thorough: bool = False, found: int = 0) -> str:
    return render({"connections": list(connections)}, thorough=thorough, found=found)


def connection(name: str, **changes: Any) -> dict[str, Any]:
    return {**CONNECTION, "name": name, "since": f"{TODAY}T09:30:00Z", "programs": [], **changes}


def test_since_when_stands_beside_the_headline_it_is_known_of_and_beside_no_other() -> None:
    first_seen = {"overall": "problem", "problems": [{**PROBLEM, "first_seen": True}]}
    lines = several(connection("A"), connection("B", **first_seen), connection("C", overall="waiting")).splitlines()
    b, c, a = lines[3:6]

    assert "seen 14:03" in b
    assert ":" not in c
    assert "09:30" in a


STARTS: dict[str, Any] = {**PROBLEM, "severity": "info", "title": "It starts"}
ILL: dict[str, Any] = {"overall": "problem", "problems": [PROBLEM]}


def test_several_connections_are_a_table_with_the_worst_first_and_only_the_ill_in_full() -> None:
    lines = several(connection("Home"), connection("VPS", **ILL), connection("Lab", trading_mode="live")).splitlines()

    assert lines[0] == "1 of 3 has a problem: VPS"
    assert [line.split()[:2] for line in lines[3:6]] == [["✗", "VPS"], ["✓", "Home"], ["✓", "Lab"]]
    assert "PAPER" in lines[4]
    assert "LIVE" in lines[5]
    assert "14:03" in lines[3]
    assert "09:30" in lines[4]
    assert "VPS: PROBLEM" in lines
    assert not [line for line in lines if line.startswith(("Home:", "Lab:"))]


def test_of_a_hundred_connections_those_that_are_well_are_a_line_and_few_ill_ones_are_told_in_full() -> None:
    hundred = [connection(f"gw-{n:03}", **(ILL if n % 10 == 0 else {})) for n in range(100)]
    text = several(*hundred)
    lines = text.splitlines()

    assert lines[0] == "10 of 100 have a problem: gw-000, gw-010, gw-020, gw-030, gw-040 and 5 more"
    assert [line.split()[1] for line in lines[3:13]] == [f"gw-{n:03}" for n in range(0, 100, 10)]
    assert lines[13] == "✓  90 are connected (the others); `gatelight status -v` lists them."
    assert sum(line.endswith(": PROBLEM") for line in lines) == MOST_IN_FULL
    assert "5 more are not told in full: `gatelight status NAME` tells one of them, -v all." in lines
    everything = render({"connections": hundred}, every=True)
    assert sum(line.endswith(": PROBLEM") for line in everything.splitlines()) == 10
    assert "gw-099" in everything


def places(*ill: str) -> list[dict[str, Any]]:
    names = [f"{place}-{n:02}" for place in ("lon", "nyc", "ams") for n in range(1, 21)]
    return [connection(name, **(ILL if name in ill else {})) for name in names]


def test_many_connections_are_groups_and_few_ill_ones_have_rows() -> None:
    lines = several(*places("nyc-07", "lon-03")).splitlines()

    assert lines[0] == "2 of 60 have a problem: lon-03, nyc-07"
    assert [line.split()[1] for line in lines[3:5]] == ["lon-03", "nyc-07"]
    assert lines[5:11] == [
        "",
        "✗  lon: 1 with a problem, 19 connected",
        "✗  nyc: 1 with a problem, 19 connected",
        "✓  ams: all 20 connected",
        "",
        "`gatelight status -v` lists all of them.",
    ]
    everything = render({"connections": places("nyc-07")}, every=True)
    assert "ams-20" in everything
    assert "ams: all" not in everything


def test_a_group_that_is_ill_as_a_whole_is_a_line_that_says_what_most_have() -> None:
    text = several(*places(*(f"nyc-{n:02}" for n in range(1, 21))))
    title = ILL["problems"][0]["title"]
    table = text.split("\n\n")[1].splitlines()

    assert f"✗  nyc: all 20 with a problem; {title} (20)" in table
    assert not any("nyc-" in line for line in table)


def test_a_hundred_that_are_well_are_two_lines() -> None:
    lines = several(*(connection(f"gw-{n:03}") for n in range(100))).splitlines()

    assert lines == [
        "All is well: 100 connections",
        "",
        "✓  100 are connected (all); `gatelight status -v` lists them.",
    ]
    chosen = render({"connections": [connection(f"gw-{n:03}") for n in range(50)]}, named="gw-0*")
    assert chosen.endswith("`gatelight status 'gw-0*' -v` lists them.")


def test_a_warning_is_not_counted_as_a_problem() -> None:
    warned = {"overall": "warning", "problems": [{**PROBLEM, "severity": "warning"}]}

    assert several(connection("Home", **warned), connection("Lab")).startswith("1 of 2 has a warning: Home")
    both = several(connection("Home", **warned), connection("Lab", **ILL))
    assert both.startswith("2 of 2 have a problem or a warning: Lab, Home")


def test_several_healthy_connections_are_a_table_and_nothing_else() -> None:
    lines = several(connection("Home"), connection("Lab")).splitlines()

    assert lines[0] == "All is well: 2 connections"
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("connections", "found", "first"),
    [
        ([connection("Home")], 0, "All is well"),
        ([connection("Home", **ILL)], 1, "1 problem: The API of IB Gateway does not answer"),
        (
            [connection("Home", **ILL), connection("VPS", **ILL)],
            1,
            "2 problems: The API of IB Gateway does not answer (Home); The API of IB Gateway does not answer (VPS)",
        ),
        ([connection("Home", overall="unknown")], 4, "Could not find out how things stand"),
        (
            [
                connection(
                    "Home", overall="connecting", problems=[{**PROBLEM, "severity": "info", "title": "It starts"}]
                )
            ],
            1,
            "Not well yet: It starts",
        ),
    ],
)
def test_the_first_line_of_the_doctor_is_what_it_found(
    connections: list[dict[str, Any]], found: int, first: str
) -> None:
    assert several(*connections, thorough=True, found=found).splitlines()[0] == first


def row(label: str, state: str, wanted: str, found: str, how: str = "seen") -> dict[str, Any]:
    return {"label": label, "place": "API > Settings", "state": state, "wanted": wanted, "found": found, "how": how}


ROWS = [
    row("Read-Only API", "ok", "off", "off"),
    row("Socket port", "differs", "1", "2"),
    row("Auto restart", "unknown", "on", "?", "no API"),
]


def test_what_is_not_known_is_one_line_unless_it_is_listed() -> None:
    ill = connection("Home", checklist=ROWS, undecided=[{"code": "app-frozen", "reason": "no session"}])
    short = several(ill, thorough=True)
    whole = render({"connections": [ill]}, thorough=True, settings=True)

    assert "The settings your programs need: 1 right, 1 to change" in short
    assert "✗ Socket port: 2 (seen); wanted: 1" in short
    assert "Read-Only API" not in short
    assert "? Not known: 1 setting and 1 possible problem (no API); `gatelight doctor --settings` lists them." in short
    assert "✓ Read-Only API: off (seen)" in whole
    assert "? Auto restart: ? (no API); wanted: on" in whole
    assert "      ? The application does not answer any more: not known (no session)" in whole


def test_a_script_is_named_before_what_runs_it() -> None:
    programs = [{"name": "python3", "pid": 992, "script": "bot.py"}, {"name": "quantower", "pid": 991}]

    assert "other programs: bot.py (python3, 992), quantower (991)" in printed(programs=programs)


def test_farms_are_counted_until_one_is_not_well() -> None:
    farms = [{"name": n, "kind": "market-data", "status": "ok"} for n in ("usfarm", "eufarm")]

    assert "data farms:     2, all well" in printed(farms=farms)
    assert "data farms:     2, all well" in printed(farms=[farms[0], {**farms[1], "status": "inactive"}])
    assert "usfarm broken, eufarm ok" in printed(farms=[{**farms[0], "status": "broken"}, farms[1]])


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_loses_no_letter_and_fits(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "columns", lambda _: width)
    name = "The home server in the cellar with a long name"
    lines = several(connection(name), connection("VPS", **ILL)).split("\n\n")[1].splitlines()

    assert max(map(len, lines)) <= width
    assert set(name.split()) <= set(" ".join(lines).split())
    assert set(PROBLEM["title"].split()) <= set(" ".join(lines).split())


def test_where_all_wait_the_status_says_how_to_begin() -> None:
    begins = "Nothing is connected yet: `gatelight setup` begins."
    two = {"connections": [{**CONNECTION, "overall": "waiting"}, {**CONNECTION, "since": f"{TODAY}T14:03:22Z"}]}

    # Called after what it waits for, it does not wait for itself.
    nameless = printed(name="TWS or IB Gateway", overall="waiting", waits_for="TWS or IB Gateway")
    assert nameless.startswith(f"{begins}\n\nWaiting for TWS or IB Gateway\n")
    # One that was set up may have been connected a moment ago.
    assert printed(overall="waiting", waits_for="TWS").startswith("Paper: waiting for TWS\n")
    # An older agent does not tell what is waited for.
    assert printed(overall="waiting").startswith("Paper: waiting\n")
    assert render({"connections": []}) == begins
    assert begins not in render(two)
    assert begins not in printed(thorough=True, overall="waiting")
