"""What a relay tells others about itself: one JSON file for each, in the data folder, replaced while it runs.

A thread of its own writes, so that a slow disk never holds up the relay.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from agent.core.relay_facts import REPORT_SCHEMA, NearMark
from agent.platforms.files import replace_own_file
from agent.relay.ledger import STEP_SECONDS, HistoryWindows, ProgramUsage, Refusal, history_in_doubt
from agent.tws.limits import (
    API_CLIENTS,
    HISTORICAL_PERIOD,
    HISTORICAL_REQUESTS,
    IDENTICAL_PERIOD,
    SAME_CONTRACT_PERIOD,
    SAME_CONTRACT_REQUESTS,
    messages_per_second,
)

_SECONDS_TO_END = 2.0
"""Seconds that the last writing may take before the relay ends all the same."""
REFUSALS_TOLD = 900.0
"""Seconds for which a refusal is told."""
_MOST_REFUSALS = 30
_MOST_LISTED = 200
"""Open lines of one program that are listed; the number is that of all."""


def program_as_json(usage: ProgramUsage, now: float, limit: int, in_window: int, in_doubt: int) -> dict[str, Any]:
    """One connection; `now` is monotonic, `limit` the messages a second that it may send.

    `in_window`: its historical requests of the last ten minutes; `in_doubt`: how many of these may not count.
    """
    told: dict[str, Any] = {"peer": usage.peer, "connected_s": round(now - usage.since, 1)}
    told |= {k: v for k in ("client_id", "server_version") if (v := getattr(usage, k)) is not None}
    if usage.uncounted:
        return told | {"counted": False, "uncounted_because": usage.uncounted}
    told |= {
        "counted": usage.server_version is not None,
        "messages": usage.messages,
        "messages_per_s": {
            "now": usage.rate.within(now),
            "most": usage.rate.most,
            "of": limit,
            "peaks": usage.rate.peaks(now),
        }
        | near_as_json(usage.rate_near, now),
        "orders": usage.orders,
        "historical_requests": usage.history,
        "historical_requests_in_window": in_window - in_doubt,
        "historical_requests_in_doubt": in_doubt,
        "lines": usage.uses_lines(),
        "lines_in_doubt": usage.may_use_lines(),
        "open": {kind.value: number for kind, number in usage.used().items()},
        "instruments": [
            {"kind": kind.value, "instrument": name} for kind, name in list(usage.lines.values())[:_MOST_LISTED]
        ],
        "refusals": [
            {"ago_s": round(now - one.at, 1), "code": one.code, "limit": one.rule, "request": one.request}
            for one in usage.refusals
        ],
        "answers": {kind: told for kind, times in usage.answers.items() if (told := _answers(times))},
    }
    if usage.unread:
        told["unread_messages"] = usage.unread
    return told


def near_as_json(mark: NearMark, now: float) -> dict[str, Any]:
    """Since when a limit is nearly used up, and the most that was in use since then; empty where it is not."""
    return {} if mark.since is None else {"near": {"since_s": round(now - mark.since, 1), "most": mark.most}}


def _answers(times: Any) -> dict[str, Any]:
    found = times.last_half_most()
    told: dict[str, Any] = {"waiting": times.waiting} if times.waiting else {}
    if found is not None:
        told |= dict(zip(("last_s", "median_s", "most_s"), (round(one, 4) for one in found), strict=True))
    return told


def history_as_json(windows: HistoryWindows, near: NearMark, in_doubt: int, now: float) -> dict[str, Any]:
    """The three windows of the pacing rules; each with the seconds until one more request is safe.

    With the requests themselves, so that those of several relays can be counted together.
    """
    requests, contracts = windows.recent(now)
    busiest, contract_safe = windows.busiest(now)
    identical, identical_safe = windows.identical(now)
    return {
        "ten_minutes": {
            "used": windows.used(now) - in_doubt,
            "in_doubt": in_doubt,
            "of": HISTORICAL_REQUESTS,
            "period_s": HISTORICAL_PERIOD,
            "safe_in_s": round(windows.safe_at(now) - now, 1),
            "curve": windows.curve(now),
            "latest": [[round(now - sent, 2), weight] for sent, weight in windows.latest(now)],
        }
        | near_as_json(near, now),
        "same_contract": {
            "used": busiest,
            "of": SAME_CONTRACT_REQUESTS,
            "period_s": SAME_CONTRACT_PERIOD,
            "safe_in_s": round(contract_safe - now, 1),
            "contracts": {
                _mark(name): [round(now - sent, 2) for sent in times]
                for name, times in list(contracts.items())[-_MOST_LISTED:]
            },
        },
        "identical": {
            "held": identical,
            "period_s": IDENTICAL_PERIOD,
            "safe_in_s": round(identical_safe - now, 1),
            "requests": {_mark(name): round(now - sent, 2) for name, sent in list(requests.items())[-_MOST_LISTED:]},
        },
    }


def _mark(text: str) -> str:
    """Tells a request or a contract from others, in the reports of all relays."""
    return f"{crc32(text.encode()):08x}"


def relay_as_json(
    about: Mapping[str, Any],
    programs: Iterable[ProgramUsage],
    windows: HistoryWindows,
    lines: int,
    near: Mapping[str, NearMark],
    now: float,
) -> dict[str, Any]:
    """A whole relay: `about` names it. `lines` is what the user may use, and `near` has marks for these and history."""
    held, in_window = tuple(programs), windows.used_by(now)
    in_doubt = history_in_doubt(in_window, now)
    left = [who for who in in_window if isinstance(who, ProgramUsage) and who not in held]
    return {
        "schema": REPORT_SCHEMA,
        **about,
        "programs": [
            program_as_json(usage, now, messages_per_second(lines), in_window.get(usage, 0), in_doubt.get(usage, 0))
            for usage in held
        ],
        "left": [
            {
                "peer": who.peer,
                "historical_requests_in_window": in_window[who] - in_doubt.get(who, 0),
                "historical_requests_in_doubt": in_doubt.get(who, 0),
            }
            | ({} if who.client_id is None else {"client_id": who.client_id})
            for who in left[-_MOST_LISTED:]
        ],
        "lines": {
            "used": sum(usage.uses_lines() for usage in held),
            "in_doubt": sum(usage.may_use_lines() for usage in held),
            "of": lines,
        }
        | near_as_json(near["lines"], now),
        "clients": {"used": sum(not usage.over for usage in held), "of": API_CLIENTS},
        "step_s": STEP_SECONDS,
        "history": history_as_json(windows, near["history"], sum(in_doubt.values()), now),
    }


def refusals_as_json(refusals: Iterable[tuple[ProgramUsage, Refusal]], now: float) -> list[dict[str, Any]]:
    """What TWS has refused lately because of a limit, with the program that asked; the latest last."""
    recent = sorted((one for one in refusals if now - one[1].at < REFUSALS_TOLD), key=lambda one: one[1].at)
    return [
        {"ago_s": round(now - one.at, 1), "code": one.code, "limit": one.rule, "request": one.request, "peer": who.peer}
        | ({} if who.client_id is None else {"client_id": who.client_id})
        for who, one in recent[-_MOST_REFUSALS:]
    ]


class ReportWriter:
    """Keeps the file of one relay; `give` is quick, and what was given last is written soon."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._given: dict[str, Any] = {}
        self._over = self._wrote = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def give(self, report: dict[str, Any]) -> None:
        """Write this, unless something newer is given before."""
        with self._news:
            self._given = report
            self._news.notify()

    def close(self, *, keep: bool = False) -> None:
        """Remove the file, since a relay that has ended tells nothing; `keep` it where the next one should read it."""
        with self._news:
            self._over = True
            self._news.notify()
        self._thread.join(_SECONDS_TO_END)
        if self._wrote and not keep:
            with suppress(OSError):
                self._path.unlink()

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._given and not self._over:
                    self._news.wait()
                if self._over:
                    return
                report, self._given = self._given, {}
            self._wrote = True
            # A disk that is full or gone costs the report, and nothing else.
            with suppress(OSError):
                replace_own_file(self._path, json.dumps(report).encode(), lasting=False)
