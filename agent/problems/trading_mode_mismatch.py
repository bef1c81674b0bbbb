"""The session belongs to a live account where paper was declared, or the reverse."""

from agent.core.evidence.notices import NO_SESSION, live
from agent.core.evidence.processes import chosen, port_of
from agent.core.evidence.words import app_name, listed
from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.core.settings import WantedMode
from agent.core.text import shortened
from agent.tws.applications import TradingMode
from agent.tws.privacy import mask_account

_LONGEST_NAME = 40
"""Characters of the connection's name in the text."""


def _check(facts: Facts) -> Verdict:
    wanted, session = facts.connection.trading_mode, facts.session
    if wanted is WantedMode.ANY:
        return Absent()
    if not live(facts):
        return NO_SESSION
    actual = session.trading_mode
    if actual is TradingMode.UNKNOWN:
        return Undecided(
            "the session has both live and paper accounts" if session.accounts else "the session has no accounts yet"
        )
    if actual.value == wanted.value:
        return Absent()
    port = session.port if session.port is not None else port_of(facts)
    accounts = listed((mask_account(a) for a in session.accounts), room=80)
    evidence = [
        f"the session on port {port} belongs to {accounts}: {actual.value} trading",
        f"the connection “{shortened(facts.connection.name, _LONGEST_NAME)}” is configured for {wanted.value} trading",
    ]
    process = chosen(facts)
    if process is not None:
        evidence.append(f"{process.label} listens on port {port}")
    args = {
        "app": app_name(facts),
        "actual": actual.value,
        "wanted": wanted.value,
        "port": str(port),
        "name": shortened(facts.connection.name, _LONGEST_NAME),
    }
    return Present(args, tuple(evidence))


def _as_wanted(facts: Facts, _: str) -> dict[str, str] | None:
    mode = facts.session.trading_mode.value
    return {"mode": mode} if live(facts) and mode == facts.connection.trading_mode.value else None


TRADING_MODE_MISMATCH = Problem(
    code="trading-mode-mismatch",
    title="This is a {actual} account, not {wanted}",
    text=(
        "“{name}” is meant for {wanted} trading, but {app} on port {port} is logged in to a {actual} account. "
        "Orders that a program sends there go to the {actual} account."
    ),
    severity=Severity.ERROR,
    check=_check,
    over=(
        GoodNews("This is a {mode} account, as wanted", "The account was of the other kind for {lasted}.", _as_wanted),
    ),
    fix="use-trading-mode",
    needs_session=True,
    outlasts_answers=True,
    never_silenced=True,
)
