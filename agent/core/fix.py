"""A fix: what Gatelight can do on a click, after it has said what that changes and the user has said yes.

The yes belongs to the text: it carries the digest of the offer that was read, and an offer that has changed since, or
is gone, is not carried out. What cannot be done now is never offered.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Protocol, TypeAlias

from agent.core.facts import Facts
from agent.core.problem import Problem
from agent.tws.api_settings import Configuration, UpdateWarning
from agent.tws.outside import FromOutside, OutsideName, OutsideText, Raw, masked
from agent.tws.privacy import NOTHING_MORE, Private


class Asker(StrEnum):
    """Where the user said yes; for the log."""

    MENU = "menu"
    NOTICE = "notice"
    COMMAND_LINE = "command line"
    PAGE = "page"


# ── what will be done ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class StartProgram:
    """Start a program that outlives Gatelight."""

    command: tuple[str, ...]
    """The program and its arguments."""


@dataclass(frozen=True, slots=True)
class BringToFront:
    """Bring the window of a process to the front."""

    pid: int


@dataclass(frozen=True, slots=True)
class ChangeConfig:
    """Change Gatelight's own configuration file."""

    edits: tuple[tuple[str, str], ...]
    """(key, value) as `gatelight config set` takes them."""


@dataclass(frozen=True, slots=True)
class SendCommand:
    """Send a command to the command server of IBC, on this machine."""

    port: int
    command: str


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """Change settings of TWS or IB Gateway through its API (updateConfig)."""

    host: str
    port: int
    listener_key: str
    """Which process it is meant for, as `core.state_machine.connection.Target.listener_key` names it."""
    changes: Configuration
    accepted: tuple[UpdateWarning, ...] = ()
    """Warnings of the application that the question has quoted."""


_Plan: TypeAlias = StartProgram | BringToFront | ChangeConfig | SendCommand | ChangeSettings


# ── what is asked ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Question(FromOutside):
    """What the user reads before saying yes."""

    title: OutsideText
    """The question itself, like "Use API port 4002 for “Paper Gateway”?"."""
    changes: tuple[OutsideText, ...]
    """Exactly what will change, one statement each."""
    given_up: tuple[OutsideText, ...] = ()
    """What is given up by it, one plain sentence each; for safety prompts."""
    remark: OutsideText = ""
    """What else is worth knowing, like how to undo it."""

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it, a statement a line, the title first."""
        given_up = (f"Given up: {line}" for line in self.given_up)
        return (self.title, *self.changes, *given_up, *((self.remark,) if self.remark else ()))


@dataclass(frozen=True, slots=True)
class Offer(FromOutside):
    """A fix that can be done now for one connection."""

    fix: str
    connection: str
    label: OutsideName
    """Words of the button, like "Use port 4002"; at most 40 characters."""
    question: Question
    plan: Annotated[_Plan, Raw()]
    """What is done, to the letter; only the texts are shown."""
    by_hand: OutsideText = ""
    """How to do it by hand, one sentence; shown when the fix failed."""

    @property
    def digest(self) -> str:
        """Names this very offer: texts, plan and connection."""
        # Imported late: it comes with all of OpenSSL.
        from hashlib import sha256

        return sha256(repr(self).encode()).hexdigest()[:16]


# ── what comes of it ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Done(FromOutside):
    """It was done."""

    text: OutsideText
    """What was done, one sentence."""


@dataclass(frozen=True, slots=True)
class NeedsConsent:
    """Nothing has been done: the application wants further warnings to be accepted first."""

    offer: Offer
    """The same fix with the warnings in its question; its plan accepts them."""


@dataclass(frozen=True, slots=True)
class Failed(FromOutside):
    """It was not done, or it is not known whether it was."""

    text: OutsideText
    """What went wrong, one sentence."""
    by_hand: OutsideText
    """How to do it by hand instead, one sentence."""


FixOutcome: TypeAlias = Done | NeedsConsent | Failed


class Tools(Protocol):
    """What fixes touch the world with. Whatever goes wrong comes back as a value, except for programming errors."""

    async def start_program(self, command: tuple[str, ...]) -> str | None:
        """Start a program on its own; answers what went wrong, or None."""

    async def bring_to_front(self, pid: int) -> str | None:
        """Bring a window to the front; answers what went wrong, or None."""

    async def change_config(self, edits: tuple[tuple[str, str], ...]) -> str | None:
        """Change the configuration file, all edits or none; answers what went wrong, or None."""

    async def send_command(self, port: int, command: str) -> "CommandAnswer":
        """Send one command to IBC's command server on this machine."""

    async def change_settings(self, plan: ChangeSettings) -> "SettingsOutcome":
        """Change settings through the API."""


@dataclass(frozen=True, slots=True)
class CommandAnswer(FromOutside):
    """What IBC's command server said."""

    accepted: bool
    """It answered OK."""
    text: OutsideText
    """Its answer, or why there is none."""


class SettingsResult(StrEnum):
    """What came of a request to change settings."""

    CHANGED = "changed"
    WARNINGS = "warnings"
    """Nothing has been changed: warnings have to be accepted first."""
    REFUSED = "refused"
    READ_ONLY = "read-only"
    """Refused because Read-Only API is on."""
    NOT_ASKED = "not-asked"
    UNKNOWN = "unknown"
    """Sent, and not answered in a way that can be read."""


@dataclass(frozen=True, slots=True)
class SettingsOutcome(FromOutside):
    """What came of a request to change settings, in words."""

    result: SettingsResult
    text: OutsideText = ""
    warnings: tuple[UpdateWarning, ...] = ()


# ── the declaration ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Fix:
    """The declaration of one fix."""

    id: str
    offer: Callable[[Facts], Offer | None]
    """What can be offered now; pure. None: it cannot be done here."""
    do: Callable[[Offer, Tools], Awaitable[FixOutcome]]
    """Does what the offer says and nothing else."""


def offers_for(
    problems: Iterable[Problem], fixes: Mapping[str, Fix], facts: Facts, private: Private = NOTHING_MORE
) -> tuple[dict[str, tuple[Offer, ...]], tuple[tuple[str, Exception], ...]]:
    """What can be offered for some problems, by code; and the fixes whose offer raised: those are not offered."""
    offers: dict[str, tuple[Offer, ...]] = {}
    failures: list[tuple[str, Exception]] = []
    for problem in problems:
        fix = fixes.get(problem.fix) if problem.fix is not None else None
        if fix is None:
            continue
        try:
            offer = fix.offer(facts)
        except Exception as fault:
            failures.append((fix.id, fault))
        else:
            if offer is not None:
                offers[problem.code] = (masked(offer, private),)
    return offers, tuple(failures)
