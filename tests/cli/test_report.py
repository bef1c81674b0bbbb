"""What `status` and `doctor` print for people."""

import time
from typing import Any

import pytest

from agent.cli.report import render

PROBLEM: dict[str, Any] = {
    "code": "api-silent",
    "severity": "error",
    "title": "The API of IB Gateway does not answer",
    "text": "IB Gateway accepts connections on port 4002 and then never answers.",
    "evidence": ["127.0.0.1, port 4002, accepted the connection and did not answer within 5.0 s"],
    "steps": ["Bring the **IB Gateway** window to the front."],
    "since": "2026-11-25T14:03:22Z",
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
    text = printed(overall="paused", paused_until="2026-11-25T15:00:00Z")

    assert text.startswith("Paper: connected, notices paused\n")
    assert text.endswith("Notices are paused until 15:00:00; `gatelight resume` ends that.")
    assert printed(overall="paused", paused_until="resume").endswith(
        "Notices are paused; `gatelight resume` ends that."
    )


def test_a_connection_that_was_let_go_says_who_wanted_it() -> None:
    text = printed(overall="paused", phase="idle")

    assert text.startswith("Paper: disconnected, as you asked\n")
    assert "Notices" not in text


@pytest.mark.parametrize("phase", ["idle", "backing-off", "blocked"])
def test_the_doctor_promises_no_further_attempt(phase: str) -> None:
    due: dict[str, Any] = {"overall": "problem", "phase": phase, "next_attempt": "2026-11-25T14:03:52Z"}

    assert "API session:    none, next attempt at 14:03:52\n" in printed(**due)
    assert "API session:    none\n" in printed(thorough=True, **due)


def test_the_status_tells_since_when_and_what_became_of_the_notice() -> None:
    problem = {**PROBLEM, "snoozed_until": "2026-11-25T15:03:22Z", "undelivered": True}
    text = printed(overall="problem", problems=[problem])

    assert "    Since 14:03:22.\n" in text
    assert "    Snoozed until 15:03:22.\n" in text
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


def test_the_status_says_where_only_the_first_sight_of_a_problem_is_known() -> None:
    assert "    Seen since 14:03:22.\n" in printed(overall="problem", problems=[{**PROBLEM, "first_seen": True}]) + "\n"
