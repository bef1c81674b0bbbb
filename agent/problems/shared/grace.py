"""How long a problem must last before it is shown; `doctor` shows it at once."""

from collections.abc import Callable
from typing import TypeAlias

from agent.core.evidence.processes import awaited, relay_gone
from agent.core.facts import Facts, Purpose

Grace: TypeAlias = Callable[[Facts], float]
"""Seconds to wait, given what is known."""


def absence(facts: Facts) -> float:
    """For an application that is not there: a restart by hand takes a few seconds, a log-in to the desktop more.

    A relay that served the latest session is missed sooner: no one waits for a log-in there.
    """
    if facts.purpose is Purpose.DOCTOR:
        return 0.0
    if relay_gone(facts) is not None:
        return facts.timing.link_grace
    return facts.timing.exit_grace if facts.sight.ever else facts.timing.first_sight_grace


def login(facts: Facts) -> float:
    """For a log-in screen."""
    return 0.0 if facts.purpose is Purpose.DOCTOR else facts.timing.login_grace


def handshake(facts: Facts) -> float:
    """For a handshake that fails: a restart passes through every failure."""
    return 0.0 if facts.purpose is Purpose.DOCTOR else facts.timing.silence_grace


def client_id(facts: Facts) -> float:
    """For a client ID that is refused: it may be that of our own session, which TWS has not freed yet."""
    return 0.0 if facts.purpose is Purpose.DOCTOR else facts.timing.silence_grace + facts.timing.id_release_late


def api_port(facts: Facts) -> float:
    """For an application that is logged in and has no API port: it opens that some time after the log-in."""
    process = awaited(facts)
    if facts.purpose is Purpose.DOCTOR or process is None or process.upstream_since is None:
        return handshake(facts)
    left = process.upstream_since + facts.timing.api_opening - facts.now.monotonic
    return max(left, facts.timing.silence_grace)


def network(facts: Facts) -> float:
    """For the network of this machine: it flaps for a few seconds."""
    return 0.0 if facts.purpose is Purpose.DOCTOR else facts.timing.link_grace


def sight(facts: Facts) -> float:
    """For a look that is refused: a single one may only have been late."""
    return 0.0 if facts.purpose is Purpose.DOCTOR else facts.timing.exit_grace
