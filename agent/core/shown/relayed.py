"""What the relays count, as the view Limits shows it: pictures of the limits, whose use each is, and what to do.

Made from the report of a relay (`relay.report`), of which this view shows more than is judged.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.core.as_json import IfAny, Time, as_json
from agent.core.clock import took
from agent.tws.limits import NEAR, SAME_CONTRACT_REQUESTS
from agent.tws.outside import FromOutside, OutsideName, OutsideText

_MOST_INSTRUMENTS = 100
"""Instruments of one program that are told by name."""
_PLURAL = {"stream": "streams", "snapshot": "snapshots"}
_SLOW = 2.0
"""Seconds of a usual answer from which on TWS is called slow (a judgement): a healthy one needs some hundredths."""


@dataclass(frozen=True, slots=True)
class ProgramUse(FromOutside):
    """What one program uses."""

    name: OutsideName
    relay: IfAny[OutsideName]
    """Through which relay, where there are several."""
    lines: int
    """Market data lines."""
    lines_in_doubt: IfAny[int]
    """Further ones, which TWS may have refused to open or to cancel."""
    kinds: tuple[OutsideName, ...]
    """What it has open, like "3 streams"."""
    instruments: tuple[OutsideName, ...]
    left_out: IfAny[int]
    """Instruments that are not told by name."""
    history: int
    """Historical requests of the last ten minutes."""
    orders: int
    rate: int
    """Messages in the latest second."""
    rate_allowed: int
    peaks: tuple[int, ...]
    """The busiest second of each step of the last ten minutes, oldest first."""
    uncounted: IfAny[OutsideText]
    """Why it is not counted, as a phrase."""

    @property
    def most(self) -> int:
        """Its busiest second in the last ten minutes."""
        return max(self.peaks, default=0)


@dataclass(frozen=True, slots=True)
class RefusedRequest(FromOutside):
    """TWS has refused a request because of a limit."""

    at: Time
    code: int
    limit: OutsideName
    request: IfAny[OutsideText]
    program: OutsideName


@dataclass(frozen=True, slots=True)
class AnswerUse(FromOutside):
    """How long TWS takes to answer one kind of request of one program."""

    kind: OutsideName
    program: OutsideName
    usual: float | None
    """Seconds, as all durations here; None: no answer yet."""
    longest: float | None
    waiting: int


@dataclass(frozen=True, slots=True)
class LineUse:
    """Market data lines."""

    used: int
    in_doubt: IfAny[int]
    """How many more may be in use."""
    of: int
    to_do: str


@dataclass(frozen=True, slots=True)
class HistoryUse:
    """Historical requests."""

    used: int
    in_doubt: IfAny[int]
    """How many more may count."""
    of: int
    safe_at: Time
    """From when one more request is safe by the rule of ten minutes."""
    contract: int
    """The most requests for one contract within two seconds."""
    contract_of: int
    contract_safe_at: Time
    identical: int
    """Requests that must not be sent again yet."""
    identical_safe_at: Time
    curve: tuple[int, ...]
    """As they were counted since ten minutes ago, and as they will run out, by steps."""
    left: int
    """Those of programs that have left."""
    to_do: str


@dataclass(frozen=True, slots=True)
class RelayPort(FromOutside):
    """One relay, and where it listens."""

    name: OutsideName
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class RelayUse(FromOutside):
    """What goes through all relays to one application, whose limits they share."""

    relays: tuple[RelayPort, ...]
    to: OutsideName
    as_of: Time
    step: float
    """Seconds of a step."""
    clients: int
    clients_allowed: int
    lines: LineUse
    history: HistoryUse
    programs: tuple[ProgramUse, ...]
    """Those that use most lines first."""
    rate_to_do: str
    refusals: tuple[RefusedRequest, ...]
    """Latest first."""
    refusals_to_do: IfAny[str]
    answers: tuple[AnswerUse, ...]
    """The slowest first."""
    answers_to_do: IfAny[str]
    beside: IfAny[OutsideText]
    """A sentence about further relays to it, whose counts are not known: how much they use is in no number."""
    past: tuple[OutsideName, ...] | None
    """Programs that use the application without a relay, and are not counted; None: they cannot be seen."""
    looked: Time | None
    """When these were seen."""


def relay_use(told: Mapping[str, Any]) -> RelayUse | str:
    """Relays to one application as their report tells it, with the `label` of each program, the names of relays to it
    that are `uncounted`, and `past` and `looked` where those are known that go past it; or why it is not known, as a
    phrase."""
    if "unknown" in told:
        return str(told["unknown"])
    try:
        return _use(told)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return "it was started by another version of Gatelight"


def _use(told: Mapping[str, Any]) -> RelayUse:
    written = float(told["written"])
    programs = sorted((_program(one) for one in told["programs"]), key=lambda one: (-one.lines, -one.history, one.name))
    refusals = tuple(_refusal(one, written) for one in reversed(told["refusals"]))
    answers = sorted((a for one in told["programs"] for a in _answers(one)), key=lambda one: -(one.usual or 0.0))
    lines, clients = told["lines"], told["clients"]
    return RelayUse(
        relays=tuple(RelayPort(one["name"], int(one["port"]), int(one["pid"])) for one in told["relays"]),
        to=told["to"],
        as_of=written,
        step=float(told["step_s"]),
        clients=int(clients["used"]),
        clients_allowed=int(clients["of"]),
        lines=LineUse(
            int(lines["used"]),
            int(lines["in_doubt"]),
            int(lines["of"]),
            _lines_to_do(int(lines["used"]), int(lines["in_doubt"]), int(lines["of"]), programs),
        ),
        history=_history(told, written, programs),
        programs=tuple(programs),
        rate_to_do=_rate_to_do(programs),
        refusals=refusals,
        refusals_to_do=_refusals_to_do(refusals),
        answers=tuple(answers),
        answers_to_do=_answers_to_do(answers),
        beside=_beside([str(name) for name in told.get("uncounted", ())]),
        past=None if told.get("past") is None else tuple(map(str, told["past"])),
        looked=told.get("looked"),
    )


def _beside(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    if not quoted:
        return ""
    if len(quoted) == 1:
        return f"Relay {quoted[0]} does not tell what goes through it, and is not counted."
    listed = f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    return f"Relays {listed} do not tell what goes through them, and are not counted."


def relay_use_to_json(told: Mapping[str, Any]) -> dict[str, Any]:
    """The same as a JSON object; of a relay whose counts are not known, its name and why."""
    use = relay_use(told)
    if isinstance(use, str):
        return {"name": _names(told), "unknown": use}
    programs = [{**as_json(one), "most": one.most} for one in use.programs]
    return {**as_json(use), "programs": programs}


def _names(told: Mapping[str, Any]) -> str:
    """The relays of a report that cannot be read."""
    return str(told["name"]) if "name" in told else "”, “".join(str(one["name"]) for one in told.get("relays", ()))


def _program(told: Mapping[str, Any]) -> ProgramUse:
    rate = told.get("messages_per_s", {"now": 0, "of": 0, "peaks": ()})
    opened = told.get("open", {})
    instruments = tuple(dict.fromkeys(str(one["instrument"]) for one in told.get("instruments", ())))
    return ProgramUse(
        name=told["label"],
        relay=str(told.get("relay", "")),
        lines=int(told.get("lines", 0)),
        lines_in_doubt=int(told.get("lines_in_doubt", 0)),
        kinds=tuple(f"{number} {_PLURAL.get(kind, kind) if number > 1 else kind}" for kind, number in opened.items()),
        instruments=instruments[:_MOST_INSTRUMENTS],
        left_out=max(0, len(instruments) - _MOST_INSTRUMENTS),
        history=int(told.get("historical_requests_in_window", 0)),
        orders=int(told.get("orders", 0)),
        rate=int(rate["now"]),
        rate_allowed=int(rate["of"]),
        peaks=tuple(map(int, rate["peaks"])),
        uncounted=str(told.get("uncounted_because", "")),
    )


def _refusal(told: Mapping[str, Any], written: float) -> RefusedRequest:
    return RefusedRequest(
        at=written - float(told["ago_s"]),
        code=int(told["code"]),
        limit=told["limit"],
        request=told["request"],
        program=told["label"],
    )


def _answers(told: Mapping[str, Any]) -> Iterable[AnswerUse]:
    for kind, times in told.get("answers", {}).items():
        usual, longest = times.get("median_s"), times.get("most_s")
        yield AnswerUse(
            kind=kind,
            program=told["label"],
            usual=None if usual is None else float(usual),
            longest=None if longest is None else float(longest),
            waiting=int(times.get("waiting", 0)),
        )


def _history(told: Mapping[str, Any], written: float, programs: Sequence[ProgramUse]) -> HistoryUse:
    ten, contract, same = (told["history"][name] for name in ("ten_minutes", "same_contract", "identical"))
    return HistoryUse(
        used=int(ten["used"]),
        in_doubt=int(ten["in_doubt"]),
        of=int(ten["of"]),
        safe_at=written + max(0.0, float(ten["safe_in_s"])),
        contract=int(contract["used"]),
        contract_of=SAME_CONTRACT_REQUESTS,
        contract_safe_at=written + max(0.0, float(contract["safe_in_s"])),
        identical=int(same["held"]),
        identical_safe_at=written + max(0.0, float(same["safe_in_s"])),
        curve=tuple(map(int, ten["curve"])),
        left=sum(int(one["historical_requests_in_window"]) for one in told["left"]),
        to_do=_history_to_do(int(ten["used"]), int(ten["in_doubt"]), int(ten["of"]), programs),
    )


# ── what to do ──────────────────────────────────────────────────────────────────────────────────


def _most(programs: Sequence[ProgramUse], of: Callable[[ProgramUse], int]) -> ProgramUse | None:
    found = max(programs, key=of, default=None)
    return found if found is not None and of(found) else None


def _fit(used: int, in_doubt: int, of: int) -> str:
    """How many more there is room for, and why that is not known for certain."""
    if not in_doubt:
        return f"{_more(of - used)}."
    left = max(0, of - used - in_doubt)
    return f"{_more(left)} for certain, {of - used} at most: {_DOUBT}"


def _more(number: int) -> str:
    return f"{number} more {'fits' if number == 1 else 'fit'}"


_DOUBT = "TWS refused messages without saying which (notice 100)."


def _lines_to_do(used: int, in_doubt: int, of: int, programs: Sequence[ProgramUse]) -> str:
    most = _most(programs, lambda one: one.lines)
    if most is None:
        return f"Up to {in_doubt} may be in use: {_DOUBT}" if in_doubt else "No program has market data open."
    if used < of * NEAR:
        return f"{_fit(used, in_doubt, of)} {most.name} holds most, {most.lines}."
    over = "Nearly used up" if used < of else "Used up: TWS refuses the next"
    return f"{over}. {most.name} holds most, {most.lines}: let it cancel the data that it does not need."


def _history_to_do(used: int, in_doubt: int, of: int, programs: Sequence[ProgramUse]) -> str:
    most = _most(programs, lambda one: one.history)
    if not used + in_doubt:
        return "None that counts was sent in the last ten minutes: those for bars above 30 seconds do not."
    if used < of * NEAR:
        return _fit(used, in_doubt, of) + (f" {most.name} has sent most, {most.history}." if most else "")
    who = f"{most.name} has sent most, {most.history}: let it pause" if most else "Their programs have left: wait"
    return f"{'Nearly used up' if used < of else 'Used up: TWS refuses the next'}. {who}."


def _rate_to_do(programs: Sequence[ProgramUse]) -> str:
    busiest = _most(programs, lambda one: one.most)
    if busiest is None:
        return "No program that is connected has sent any in the last ten minutes."
    told = f"{busiest.name} has sent most, {busiest.most} in one second; {busiest.rate_allowed} are allowed to each"
    if busiest.most < busiest.rate_allowed * NEAR:
        return f"{told}."
    return f"{told}: let it ask for less at a time, or set its library to pace itself."


_REFUSED_TO_DO = {
    "market data lines": "Cancel data that is not needed, or order a Quote Booster in the web portal.",
    "historical requests": "Wait until the next request is safe, and let the program pause between its requests.",
    "messages a second": "Let the program send less at a time: TWS may end its session after the third time.",
}


def _refusals_to_do(refusals: Sequence[RefusedRequest]) -> str:
    return " ".join(text for limit, text in _REFUSED_TO_DO.items() if any(one.limit == limit for one in refusals))


def _answers_to_do(answers: Sequence[AnswerUse]) -> str:
    slowest = next((one for one in answers if one.usual is not None), None)
    if slowest is None or slowest.usual is None or slowest.usual < _SLOW:
        return ""
    return (
        f"Half of the answers about {slowest.kind} take {took(slowest.usual)} or longer: TWS, its computer or IB is "
        "slow. Close charts and windows in TWS that are not needed, and see whether it has memory left."
    )
