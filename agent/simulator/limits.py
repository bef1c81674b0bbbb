"""The limits of the TWS API as IBKR documents them, enforced while the fault `limits` is in force.

The count is the simulator's own, over all that was ever sent, so that the relay's can be compared with it. A request
that is refused counts like any other.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.simulator.notices import PACING, simulated_text
from agent.simulator.session import ClientSession
from agent.simulator.state import Situation
from agent.tws import limits
from agent.tws.requests import ClientRequest

MARKET_DATA, DEPTH, HISTORY, BARS, TICKS = 1, 10, 20, 50, 97
_CANCELS = {11: DEPTH, 51: BARS, 98: TICKS}
_SMALL_BAR = 30
"""Seconds of a bar up to which the pacing rules apply (IBKR's historical limitations)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A historical request that the pacing rules concern."""

    at: float
    whole: tuple[object, ...]
    """Everything it asks for."""
    contract: tuple[object, ...]
    """Contract, exchange and kind of tick."""
    weight: int


class EnforcedLimits:
    """Refuses what goes beyond the limits. Subscriptions that the simulator has no data for are taken, and quiet."""

    def __init__(self, situation: Situation, sessions: Callable[[], Iterable[ClientSession]]) -> None:
        """`sessions` gives the open ones."""
        self._situation = situation
        self._sessions = sessions
        self.asked: list[Asked] = []
        """Every historical request for small bars, and for real-time bars, since the limits came into force."""

    def answers(self, session: ClientSession, request: ClientRequest) -> bool:
        """Deal with a request that the limits concern; False: answer it as without them."""
        if not self._situation.has("limits"):
            return False
        number, request_id = request.number, request.request_id
        if number in _CANCELS:
            return session.quiet.pop(request_id, 0) == _CANCELS[number]
        refusal = self._refusal(request)
        if refusal is not None:
            session.notice(*refusal, request_id)
        elif number in (DEPTH, BARS, TICKS):
            session.quiet[request_id] = number
        else:
            return False
        return True

    def lines(self) -> int:
        """Market data lines in use."""
        return sum(len(one.market_data) for one in self._sessions()) + self._quiet(BARS)

    def history(self, now: float) -> int:
        """Historical requests of the last ten minutes."""
        return sum(one.weight for one in self.asked if now - one.at < limits.HISTORICAL_PERIOD)

    def _quiet(self, number: int) -> int:
        return sum(list(one.quiet.values()).count(number) for one in self._sessions())

    def _refusal(self, request: ClientRequest) -> tuple[int, str] | None:
        number, allowed = request.number, int(float(self._situation.value("limits")))
        if number in (BARS, HISTORY) and self._too_fast(request):
            return (420, simulated_text(420)) if number == BARS else (162, PACING)
        if number in (MARKET_DATA, BARS) and self.lines() >= allowed:
            return 101, simulated_text(101)
        deep = limits.LEAST_DEPTHS + max(0, allowed - limits.LEAST_DATA_LINES) // limits.LEAST_DATA_LINES
        if number in (DEPTH, TICKS) and self._quiet(number) >= deep:
            return (309, simulated_text(309, deep)) if number == DEPTH else (10190, simulated_text(10190))
        return None

    def _too_fast(self, request: ClientRequest) -> bool:
        """Note a historical request, and tell whether it breaks one of the three rules."""
        if request.number == HISTORY and _seconds(request.text_of("bar_size")) > _SMALL_BAR:
            return False
        now, what = self._situation.clock(), request.text_of("what").upper()
        contract = tuple(sorted((name, str(value)) for name, value in request.part_of("contract").items()))
        rest = tuple(
            str(value) for name, value in sorted(request.values.items()) if name not in ("request_id", "contract")
        )
        made = Asked(now, (request.number, contract, rest), (contract, what), 2 if what == "BID_ASK" else 1)
        same = sum(one.contract == made.contract and now - one.at < limits.SAME_CONTRACT_PERIOD for one in self.asked)
        again = any(one.whole == made.whole and now - one.at < limits.IDENTICAL_PERIOD for one in self.asked)
        self.asked.append(made)
        return again or same >= limits.SAME_CONTRACT_REQUESTS or self.history(now) > limits.HISTORICAL_REQUESTS


def _seconds(bar_size: str) -> int:
    """Seconds of a bar size such as `5 secs`; a large number for any size that is not in seconds."""
    number, _, unit = bar_size.strip().lower().partition(" ")
    return int(number) if number.isdigit() and unit.startswith("sec") else 1 << 20
