"""One run of the market data self-test: whether it may be made now, what it is to do, and how it is told."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from agent.core.as_json import present, rfc3339
from agent.core.client_ids import spare_ids
from agent.core.data_test.history import HistoryVerdict
from agent.core.data_test.remedy import Remedy
from agent.core.data_test.seen import DataTest
from agent.core.data_test.verdict import DataVerdict, judge
from agent.core.evidence.processes import chosen, client_count
from agent.core.evidence.words import app_name, minute_after
from agent.core.facts import Facts
from agent.core.guide import Guide
from agent.core.session_facts import Outcome, Phase
from agent.tws.applications import ApplicationKind
from agent.tws.limits import API_CLIENTS, safe_again
from agent.tws.symbol import FORMS, Instrument, NotASymbol, read_symbol

MOST_SYMBOLS = 5
"""Symbols of one run: each takes one of the user's market data lines for a moment."""
_SHORTEST_GAP = 60.0
"""Seconds between the starts of two runs: far above what IB calls pacing (an identical request within 15 s)."""
PLACES_LEFT_FREE = 1
"""Client places that a run does not take: the user's own programs come first."""


@dataclass(frozen=True, slots=True)
class TestLimits:
    """How long each part may take, in seconds."""

    hello: float = 5.0
    ready: float = 10.0
    definition: float = 6.0
    quote: float = 8.0
    """Longer than a farm that sleeps takes to wake up."""
    history: float = 12.0
    whole: float = 40.0
    """Whatever is still open by then is given up."""


@dataclass(frozen=True, slots=True)
class DataTestPlan:
    """What one run is to do."""

    connection: str
    host: str
    port: int
    client_ids: tuple[int, ...]
    """The one to use, and the one to use instead; never 0."""
    instruments: tuple[Instrument, ...]
    limits: TestLimits = TestLimits()


def read_symbols(texts: Sequence[object]) -> tuple[Instrument, ...]:
    """The contracts that texts mean, each once; NotASymbol, in one sentence, when they cannot be tested."""
    found: dict[str, Instrument] = {}
    for text in texts:
        if not isinstance(text, str):
            raise NotASymbol(f"A symbol is a text: write {FORMS}.")
        instrument = read_symbol(text)
        found[instrument.text] = instrument
    if not found:
        raise NotASymbol(f"No symbol was given: write {FORMS}.")
    if len(found) > MOST_SYMBOLS:
        raise NotASymbol(f"{len(found)} symbols are too many for one test: give {MOST_SYMBOLS} at most.")
    return tuple(found.values())


def reason_against(facts: Facts, *, running: bool, last_started: float | None) -> str | None:
    """Why no run may be made now, in one sentence with the remedy; None when one may.

    `last_started`: monotonic time at which the latest run began.
    """
    name, session, now = facts.connection.name, facts.session, facts.now.monotonic
    if running:
        return "A test is under way: wait until it is done."
    if last_started is not None and now < last_started + _SHORTEST_GAP:
        again = minute_after(facts, last_started + _SHORTEST_GAP)
        return f"The last test began less than a minute ago, and IB counts requests for data: test again at {again}."
    if session.phase is not Phase.CONNECTED or session.port is None:
        return f"There is no API session to {name}, so there is nothing to test: connect first."
    if session.frozen:
        return f"{app_name(facts)} does not answer now, so a test would tell nothing: wait until it answers again."
    count = client_count(facts)
    if count is not None and count > API_CLIENTS - 1 - PLACES_LEFT_FREE:
        return (
            f"{count} of {API_CLIENTS} client places are taken, and the last one is left to your programs: "
            "close a program that is not needed."
        )
    waits = [safe_again(n.code, n.text, n.at, n.count) for n in session.notices]
    safe = max((at for at in waits if at is not None), default=now)
    if safe > now:
        return f"IB has just refused requests that came too fast: test again at {minute_after(facts, safe)}."
    return None


def plan_of(facts: Facts, instruments: tuple[Instrument, ...], number: int, avoid: Set[int]) -> DataTestPlan:
    """The plan of run `number`; only when there is no `reason_against` it. `avoid`: client IDs in use."""
    connection, port = facts.connection, facts.session.port
    if port is None:
        raise ValueError("without a session there is no port to test")
    host = connection.dialled
    return DataTestPlan(connection.name, host, port, spare_ids(avoid, number), instruments)


# ── telling ─────────────────────────────────────────────────────────────────────────────────────

_NO_SESSION = {
    Outcome.REFUSED: "Nothing listens on the API port any more.",
    Outcome.UNREACHABLE: "The API port does not answer.",
    Outcome.UNRESOLVABLE: "The host name is unknown.",
    Outcome.SILENT: "The application accepted the test’s own session and never answered it.",
    Outcome.CLOSED: "The application closed the test’s own session at once; the client places may all be taken.",
    Outcome.NOT_TWS: "The port does not speak the TWS API.",
    Outcome.OUTDATED: "The application is too old for the API client.",
    Outcome.NOT_READY: "The application answered, but the test’s own session never became usable.",
    Outcome.ID_IN_USE: "Both client IDs that the test tried are in use: test again.",
}


def verdicts(test: DataTest, facts: Facts) -> tuple[DataVerdict, ...]:
    """What each symbol came to."""
    return tuple(judge(seen, app_name(facts)) for seen in test.seen)


def failure_of(test: DataTest) -> str | None:
    """Why a run brought nothing, in one sentence; None when it did, or is still under way."""
    if test.running or test.seen:
        return None
    if test.outcome is Outcome.READY:
        return f"The application did not answer the test: {test.detail}." if test.detail else "Nothing came."
    return _NO_SESSION[test.outcome] if test.outcome is not None else "The test was broken off."


def data_test_to_json(test: DataTest, facts: Facts, guides: Mapping[str, Guide]) -> dict[str, Any]:
    """A run as a JSON object; steps are those of the application at hand."""
    process = chosen(facts)
    kind = ApplicationKind.UNKNOWN if process is None else process.kind
    told: dict[str, Any] = {
        "connection": test.connection,
        "started": rfc3339(test.started),
        "running": test.running,
        "symbols": list(test.symbols),
        "results": [_result(verdict, kind, guides) for verdict in verdicts(test, facts)],
        "messages": test.messages,
        "finished": None if test.finished is None else rfc3339(test.finished),
        "client_id": test.client_id,
        "failure": failure_of(test),
        "detail": test.detail or None,
    }
    return present(told)


def _result(verdict: DataVerdict, kind: ApplicationKind, guides: Mapping[str, Guide]) -> dict[str, Any]:
    return {
        "symbol": verdict.symbol,
        "state": verdict.state.value,
        "has_prices": verdict.state.has_prices,
        "title": verdict.title,
        "text": verdict.text,
        "evidence": list(verdict.evidence),
        **_told(verdict.remedy, kind, guides),
        "history": _history(verdict.history, kind, guides),
    }


def _history(history: HistoryVerdict, kind: ApplicationKind, guides: Mapping[str, Guide]) -> dict[str, Any]:
    seconds = {} if history.seconds is None else {"seconds": round(history.seconds, 6)}
    return {
        "state": history.state.value,
        "text": history.text,
        "evidence": list(history.evidence),
        **seconds,
        **_told(history.remedy, kind, guides),
    }


def _told(remedy: Remedy, kind: ApplicationKind, guides: Mapping[str, Guide]) -> dict[str, Any]:
    problem = {} if remedy.problem is None else {"problem": remedy.problem}
    return {**problem, "steps": list(remedy.steps_for(kind, guides))}
