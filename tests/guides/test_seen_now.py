"""What a running Gatelight sees decides between the causes that words leave open."""

from typing import Any

import pytest

from agent.guides import load_guides
from agent.guides.explain import Explanation, explain, render_explained
from agent.guides.seen_now import with_seen_now

REFUSED = "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', {})"


def one(name: str = "Paper Gateway", port: int = 4002, **more: Any) -> dict[str, Any]:
    """A connection as `status --json` tells it."""
    application = {"kind": "gateway", "version": "10.45", "pid": port, "listening": [port]}
    mode = {"phase": "connected", "trading_mode": "paper", "port": port}
    return {"name": name, "host": "127.0.0.1", "application": application, "problems": [], **mode, **more}


def problem(code: str, title: str, visible: bool = True) -> dict[str, Any]:
    return {"code": code, "title": title, "visible": visible}


def seen(words: str, *connections: dict[str, Any]) -> Explanation:
    found = explain(words, load_guides())
    assert found is not None
    return with_seen_now(found, words, connections)


@pytest.mark.parametrize(
    "words",
    [
        REFUSED.format(4001),
        "502 Couldn't connect to TWS at 127.0.0.1:4001",
        "502: Couldn’t connect to TWS. localhost, port 4001",
        "connect ECONNREFUSED ::1:4001",
        "Connection refused: localhost/127.0.0.1:4001",
        "Couldn't connect to TWS on port 4001",
    ],
)
def test_the_application_on_another_port_is_named_and_its_cause_comes_first(words: str) -> None:
    found = seen(words, one())

    assert found.seen_now == (
        "IB Gateway (paper) listens on port 4002, not on 4001.",
        "If your program is meant for it, set the port in your program to 4002.",
    )
    assert found.fits == found.causes[0].code == "api-port-mismatch"
    assert len(found.causes) > 1, "no cause is lost"


def test_of_several_applications_each_is_told() -> None:
    live = one("Live", 7496, trading_mode="live", application={"kind": "tws", "pid": 9, "listening": [7496]})
    found = seen(REFUSED.format(4001), live, one(), one("The same again", 4002, phase="idle"))

    assert found.seen_now == (
        "IB Gateway (paper) listens on port 4002.",
        "TWS (live) listens on port 7496.",
        "None of them listens on port 4001.",
        "Set the port in your program to that of the one it is meant for.",
    )


def test_a_port_that_is_open_now_is_told_as_that() -> None:
    reached, other = seen(REFUSED.format(4002), one()), seen(REFUSED.format(4002), one(phase="backing-off"))

    assert reached.seen_now == ("IB Gateway (paper) listens on port 4002, and Gatelight is connected to it.",)
    assert other.seen_now == ("IB Gateway listens on port 4002.",), "a mode is told by a session only"
    assert reached.fits == other.fits == ""


def test_without_a_port_in_the_words_the_ports_are_told() -> None:
    found = seen("Error 502: Couldn't connect to TWS", one())

    assert found.seen_now == (
        "IB Gateway (paper) listens on port 4002.",
        "Compare it with the port that is set in your program.",
    )


@pytest.mark.parametrize(
    ("words", "connection"),
    [
        ("ConnectionRefusedError: Connect call failed ('192.168.1.20', 4001)", one()),
        ("Connection refused: 192.168.1.20, port 4001", one()),
        (REFUSED.format(4001), one(application=None, phase="backing-off")),
        (REFUSED.format(4001), one(watched=False)),
        ("Error 10197: No market data during competing live session", one()),
    ],
)
def test_where_nothing_is_seen_of_it_nothing_is_told(words: str, connection: dict[str, Any]) -> None:
    found = seen(words, connection)

    assert (found.seen_now, found.shown_now, found.fits) == ((), (), "")
    assert found == explain(words, load_guides())


def test_a_problem_that_is_shown_and_can_be_behind_the_words_is_named() -> None:
    shown = [problem("app-not-running", "IB Gateway is not running"), problem("clock-off", "The clock is off")]
    early = [problem("login-pending", "IB Gateway waits for a log-in", visible=False)]
    away: dict[str, Any] = {"application": None, "phase": "backing-off"}
    found = seen(REFUSED.format(4002), one(problems=shown, **away), one("B", problems=early, **away))

    assert [(s.connection, s.code) for s in found.shown_now] == [("Paper Gateway", "app-not-running")]
    assert found.fits == "app-not-running"
    assert "\n  Paper Gateway: IB Gateway is not running. “gatelight status” has its steps." in render_explained(found)


def test_of_the_connection_that_is_set_to_the_port_the_others_say_nothing() -> None:
    ended = problem("app-not-running", "IB Gateway is not running")
    away = one(application=None, phase="backing-off", problems=[ended])
    waits = one("B", 7497, application=None, problems=[problem("login-pending", "TWS waits for a log-in")])
    found = seen(REFUSED.format(4002), away, one("Live", 4001, trading_mode="live"), waits)

    assert found.seen_now == (), "no other application is the one that was asked for"
    assert [(s.connection, s.code) for s in found.shown_now] == [("Paper Gateway", "app-not-running")]
    assert found.fits == "app-not-running"


def test_a_terminal_reads_what_is_seen_before_the_causes() -> None:
    text = render_explained(seen(REFUSED.format(4001), one()))

    assert "What Gatelight sees now:\n  IB Gateway (paper) listens on port 4002, not on 4001.\n" in text
    assert text.index("What Gatelight sees now:") < text.index("  1. The application listens on another API port")
    assert "doctor" not in text, "it is found out"
