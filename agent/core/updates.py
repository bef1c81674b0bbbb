"""The check for new versions, decided: whether and when to ask, what an answer says, what is shown of it. Pure.

An answer is the file `latest.json` of a folder on the web: `{"schema": 1, "version": "0.2.0", "page": "https://…"}`.
"""

import re
from dataclasses import dataclass, replace

from agent.core.memory import UpdateNotes
from agent.core.settings import UpdateSettings
from agent.tws.outside import parse_json

_DAY = 86400.0
FIRST = 3600.0
"""Seconds in which the first question comes, at a time by chance: computers that are set up together ask apart."""
WEEK = 7 * _DAY
SPREAD = _DAY
"""Seconds by which, by chance, a question comes earlier or later: half of them to either side."""
AGAIN = _DAY
"""Seconds, and by chance up to twice as many, until a question is asked again that had no answer to use."""
NOT_BEFORE = 120.0
"""Seconds after the start of the agent in which it does not ask: at log-in the network may not be there yet."""
COUNTS = 30 * _DAY
"""Seconds for which an answer counts: after that nothing is known of new versions."""
LONGEST_RELEASE = 16 << 10
"""Bytes; a usual answer has a hundred."""
LONGEST_ADDRESS = 500
"""Characters of an address."""
_SCHEMA = 1

_VERSION = re.compile(r"(?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5})){1,3}", re.ASCII)
_HOST = r"https://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::\d{1,5})?)"
_FOLDER = re.compile(rf"{_HOST}(?:/[\w.~+,=:@%/-]*)?", re.ASCII | re.IGNORECASE)
_PAGE = re.compile(rf"{_HOST}(?:/[\w.~+,=:@%/?&#-]*)?", re.ASCII | re.IGNORECASE)
"""Without quotes and back slashes: the address is handed to other programs, which open it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where this installation came from, as far as new versions go."""

    address: str = ""
    """The folder on the web that was built into the package; empty: none was."""
    manager: str = ""
    """What new versions are up to, in words for people; empty: the user alone."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version that can be had."""

    version: str
    page: str
    """Address of the page that offers it; never opened but by the user."""


class NotARelease(ValueError):
    """An answer that names no release; `str()` says what is wrong with it."""


def is_web_folder(text: str) -> bool:
    """Whether a text is the https address of a folder that can be asked."""
    return len(text) <= LONGEST_ADDRESS and _FOLDER.fullmatch(text) is not None


def address_known(settings: UpdateSettings, origin: Origin) -> str:
    """The folder that would be asked; empty where there is none, or where that is not the user’s affair."""
    address = (settings.address or origin.address).rstrip("/")
    return address if is_web_folder(address) and not origin.manager else ""


def address_to_ask(settings: UpdateSettings, origin: Origin) -> str:
    """The folder that is asked from time to time; empty where it is not."""
    return address_known(settings, origin) if settings.check else ""


def host_asked(address: str) -> str:
    """The host of an address, with its port where it names one; empty for what is no address."""
    found = _PAGE.fullmatch(address)
    return found["host"].lower() if found else ""


def why_not_asked(settings: UpdateSettings, origin: Origin) -> str:
    """Why new versions are not looked for, whatever the user wishes, in one sentence; empty where they can be."""
    if origin.manager:
        return f"New versions are up to {origin.manager}: Gatelight does not look for them itself."
    return "" if address_known(settings, origin) else "This build knows no address to ask for new versions."


# ── when ────────────────────────────────────────────────────────────────────────────────────────


def plan_question(notes: UpdateNotes, address: str, now: float, chance: float) -> UpdateNotes:
    """The notes with a time to ask this address; the same where there is one. `chance`: from 0 to 1."""
    if notes.address != address:
        return UpdateNotes(address, due=now + FIRST * chance)
    # The system clock may have been wrong when the time was chosen.
    return notes if notes.due <= now + WEEK + SPREAD else replace(notes, due=now + FIRST * chance)


def is_due(notes: UpdateNotes, now: float, runs_for: float) -> bool:
    """Whether the question is asked now. `runs_for`: seconds since the start of the agent."""
    return now >= notes.due and runs_for >= NOT_BEFORE


def begun(notes: UpdateNotes, now: float, chance: float) -> UpdateNotes:
    """The notes before a question is asked: without an answer it comes again, and not at each start of the agent."""
    return replace(notes, due=now + AGAIN * (1.0 + chance))


def answered_with(notes: UpdateNotes, release: Release, now: float, chance: float) -> UpdateNotes:
    """The notes once the question was answered."""
    due = now + WEEK + SPREAD * (chance - 0.5)
    return replace(notes, due=due, heard=now, version=release.version, page=release.page)


# ── what it says ────────────────────────────────────────────────────────────────────────────────


def question_at(address: str) -> str:
    """The address of the file that names the latest release."""
    return f"{address}/latest.json"


def read_release(answer: bytes, address: str) -> Release:
    """The release that the answer of a folder on the web names. Raises NotARelease."""
    if len(answer) > LONGEST_RELEASE:
        raise NotARelease("it is too long")
    try:
        told = parse_json(answer)
    except (ValueError, RecursionError):
        raise NotARelease("it is no JSON") from None
    if not isinstance(told, dict) or type(schema := told.get("schema")) is not int or schema != _SCHEMA:
        raise NotARelease("it has another form")
    version, page = told.get("version"), told.get("page")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise NotARelease("it names no version")
    if not isinstance(page, str) or not _is_page_of(page, address):
        raise NotARelease("it names no page of the host that was asked")
    return Release(version, page)


def _is_page_of(page: str, address: str) -> bool:
    return len(page) <= LONGEST_ADDRESS and host_asked(page) == host_asked(address) != ""


def newer(version: str, than: str) -> bool:
    """Whether a version is later than another one; False where one of them is no plain version, like "0.3.0"."""
    if not (_VERSION.fullmatch(version) and _VERSION.fullmatch(than)):
        return False
    one, other = ([int(part) for part in text.split(".")] for text in (version, than))
    length = max(len(one), len(other))
    return one + [0] * (length - len(one)) > other + [0] * (length - len(other))


def offered(notes: UpdateNotes, settings: UpdateSettings, origin: Origin, running: str, now: float) -> Release | None:
    """The release to show beside a running version; None where none is known that is newer.

    Judged anew each time: the program may be newer by now, or the user may not want it any more.
    """
    address = address_to_ask(settings, origin)
    if not notes.version or not address or notes.address != address or not 0 <= now - notes.heard <= COUNTS:
        return None
    if not newer(notes.version, running) or not _is_page_of(notes.page, address):
        return None
    return Release(notes.version, notes.page)
