"""Notices of TWS and IB Gateway: what a number means, which farm it names, what its text adds.

The number decides. Texts change between builds and are translated, so a text only tells apart the meanings of the few
numbers that have several (162, 321, 322, 420, 10187, 10189), the new port (1300) and the names of farms.
"""

import re
from dataclasses import replace

from agent.tws.catalogue import CATALOGUE
from agent.tws.catalogue.kinds import IbCode, NoticeClass, NoticeKind
from agent.tws.farms import Farm, FarmKind, FarmStatus
from agent.tws.read_only import says_read_only

__all__ = ["CATALOGUE", "IbCode", "NoticeClass", "NoticeKind"]
"""What other rooms take from the catalogue by way of this file."""


def lookup(code: int) -> IbCode | None:
    """What a number means without its text; None for an unknown number."""
    return CATALOGUE.get(code)


# ── numbers with several meanings ───────────────────────────────────────────────────────────────────

_PACING = re.compile(r"pacing", re.IGNORECASE)
_OTHER_SESSION = re.compile(r"different\s+ip|competing\s+(?:live\s+)?session", re.IGNORECASE)
_CANCELLED = re.compile(r"query\s+cancell?ed", re.IGNORECASE)
_PERMISSIONS = re.compile(r"permission|not\s+subscribed|requires?\s+(?:additional\s+)?subscription", re.IGNORECASE)
_NO_DATA = re.compile(r"no\s+data|no\s+historical\s+(?:market\s+)?data|no\s+market\s+data\s+for", re.IGNORECASE)
_INVALID = re.compile(r"invalid\s+step|was\s+not\s+found|invalid\s+time|duration\s+format", re.IGNORECASE)
_ACCOUNT = re.compile(r"account\s+code|specify\s+an\s+account", re.IGNORECASE)
_TICK_LIMIT = re.compile(r"max\w*\s+number\s+of\s+tick-by-tick", re.IGNORECASE)

_DATA_TEXTS = (
    (_OTHER_SESSION, NoticeKind.COMPETING_SESSION),
    (_PACING, NoticeKind.PACING),
    (_CANCELLED, NoticeKind.CANCELLED),
    (_PERMISSIONS, NoticeKind.NOT_SUBSCRIBED),
    (_NO_DATA, NoticeKind.NO_DATA),
    (_INVALID, NoticeKind.REQUEST_INVALID),
)

_REFINED: dict[NoticeKind, tuple[str, str, NoticeClass, str | None]] = {
    NoticeKind.COMPETING_SESSION: (
        "The data was refused because the same user is logged in from another address",
        "Log out of the other TWS, Client Portal or the mobile app.",
        NoticeClass.USER,
        "competing-session",
    ),
    NoticeKind.PACING: (
        "Too many requests for data in a short time: a pacing violation",
        "Let the program send fewer requests: at most 60 in ten minutes, the same one not within 15 seconds.",
        NoticeClass.CLIENT,
        "pacing-violation",
    ),
    NoticeKind.CANCELLED: ("A request for data was cancelled", "Nothing to do.", NoticeClass.INFORMATION, None),
    NoticeKind.NOT_SUBSCRIBED: (
        "The user has no permission for this data",
        "Subscribe to the data in Client Portal for this user.",
        NoticeClass.USER,
        "data-not-subscribed",
    ),
    NoticeKind.NO_DATA: (
        "There is no data for what was asked",
        "Ask for another time, exchange or kind of data.",
        NoticeClass.INFORMATION,
        None,
    ),
    NoticeKind.REQUEST_INVALID: (
        "The request was not valid",
        "Correct the request in the program that sent it.",
        NoticeClass.CLIENT,
        None,
    ),
    NoticeKind.READ_ONLY: (
        "The API is in read-only mode, and the request needs more",
        "Untick “Read-Only API” in the API settings, if programs are meant to trade.",
        NoticeClass.USER,
        "read-only-api",
    ),
    NoticeKind.ACCOUNT_REQUIRED: (
        "The request must name an account",
        "Name one account in the request: the log-in has several.",
        NoticeClass.CLIENT,
        None,
    ),
    NoticeKind.LINES_EXHAUSTED: (
        "All tick-by-tick subscriptions are in use",
        "Cancel data that is not needed.",
        NoticeClass.USER,
        "data-lines-exhausted",
    ),
}  # fmt: skip


def kind_of(code: int, text: str = "") -> NoticeKind | None:
    """What a notice is about, by its number and, where that has several meanings, its text; None: unknown number."""
    known = lookup(code)
    if known is None:
        return None
    match code:
        case 162 | 420 | 10187 | 10189:
            return next((kind for pattern, kind in _DATA_TEXTS if pattern.search(text)), known.kind)
        case 321 if says_read_only(text):
            return NoticeKind.READ_ONLY
        case 321 if _ACCOUNT.search(text):
            return NoticeKind.ACCOUNT_REQUIRED
        case 322 if _TICK_LIMIT.search(text):
            return NoticeKind.LINES_EXHAUSTED
        case _:
            return known.kind


def read_notice(code: int, text: str = "") -> IbCode | None:
    """What one notice means, by its number and text; None for an unknown number."""
    known = lookup(code)
    kind = kind_of(code, text)
    if known is None or kind is None or kind is known.kind:
        return known
    meaning, what_to_do, klass, problem = _REFINED[kind]
    return replace(known, kind=kind, meaning=meaning, what_to_do=what_to_do, klass=klass, problem=problem, others=())


def problem_of(code: int, text: str = "") -> str | None:
    """Code of the problem that explains a notice; None when no problem does."""
    notice = read_notice(code, text)
    return notice.problem if notice else None


def is_noise_while_link_down(code: int) -> bool:
    """Whether a notice means nothing while TWS has no connection to IB's servers: TWS then sends this one wrongly."""
    return code in (200, 162, 354)


# ── farms ───────────────────────────────────────────────────────────────────────────────────────

_FARM_NOTICES = {
    2103: (FarmKind.MARKET_DATA, FarmStatus.BROKEN),
    2104: (FarmKind.MARKET_DATA, FarmStatus.OK),
    2108: (FarmKind.MARKET_DATA, FarmStatus.INACTIVE),
    2119: (FarmKind.MARKET_DATA, FarmStatus.CONNECTING),
    2105: (FarmKind.HISTORICAL, FarmStatus.BROKEN),
    2106: (FarmKind.HISTORICAL, FarmStatus.OK),
    2107: (FarmKind.HISTORICAL, FarmStatus.INACTIVE),
    2157: (FarmKind.SECURITY_DEFINITION, FarmStatus.BROKEN),
    2158: (FarmKind.SECURITY_DEFINITION, FarmStatus.OK),
}

FARM_OK_CODES = frozenset(code for code, (_, status) in _FARM_NOTICES.items() if status is FarmStatus.OK)
"""The notices that say a farm is connected; that takes an authenticated link to IB's servers."""

UNNAMED = "unnamed"
"""The name of a farm whose notice names none."""

_LAST_TOKEN = re.compile(r"[A-Za-z0-9_.\-]+$")
_SHORT_SUFFIX = 2
"""Letters of the data centre at the end of some farm names: usfarm.nj, usopt.us."""


def farm_of(code: int, text: str) -> Farm | None:
    """The farm that a notice is about, with its state; None when the notice is not about a farm.

    The name is the last word of the text, in every language. Most texts have a colon before it. 2107 and 2108 have a
    full stop without a space, so the word before the full stop is cut off.
    """
    if code not in _FARM_NOTICES:
        return None
    kind, status = _FARM_NOTICES[code]
    found = _LAST_TOKEN.search(text.strip().rstrip(" .,;>\"')]}。"))
    name = found[0] if found else ""
    if status is FarmStatus.INACTIVE and "." in name and not text[: text.rfind(name)].endswith((":", "：")):
        _, _, rest = name.partition(".")
        name = rest if len(rest) > _SHORT_SUFFIX else name
    return Farm(name.strip(".-") or UNNAMED, kind, status)


def kind_of_farm(name: str) -> FarmKind:
    """What a farm serves, by its name alone. IB publishes no list of farms; the abbreviations tell."""
    lowered = name.lower()
    if lowered.startswith("secdef"):
        return FarmKind.SECURITY_DEFINITION
    return FarmKind.HISTORICAL if "hmds" in lowered or lowered == "fundfarm" else FarmKind.MARKET_DATA


_NAME = r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*"
_FARM_LIST = re.compile(rf"[:：]\s*({_NAME}(?:\s*[;；]\s*{_NAME})*)\s*[;；]?\s*(?=[.。]|$)")
_NOT_CONNECTED = re.compile(r"not\s+connected[^:：]*$", re.IGNORECASE)


def farms_of_restored(text: str) -> tuple[Farm, ...]:
    """The farms that notice 1102 lists; empty when it lists none.

    It has up to two lists: first the farms that are connected, then those that are not. In English the words before a
    list tell which one it is, in another language the order does.
    """
    lists = list(_FARM_LIST.finditer(text))[:2]
    farms = []
    for place, found in enumerate(lists):
        broken = place == 1 or bool(_NOT_CONNECTED.search(text[: found.start()]))
        status = FarmStatus.BROKEN if broken else FarmStatus.OK
        farms += [Farm(name, kind_of_farm(name), status) for name in re.findall(_NAME, found[1])]
    return tuple(farms)


_DIGITS = re.compile(r"(?<![\d.,])\d{1,5}(?![\d,])")


def new_port(text: str) -> int | None:
    """The API port that notice 1300 announces: the last number in its text that can be a port."""
    ports = [int(digits) for digits in _DIGITS.findall(text) if 0 < int(digits) < 65536]
    return ports[-1] if ports else None
