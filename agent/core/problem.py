"""What a problem is: its declaration, and the verdict a check comes to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from agent.core.facts import Facts


class Severity(StrEnum):
    """How bad a problem is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for info to 2 for error."""
        return ("info", "warning", "error").index(self.value)


@dataclass(frozen=True, slots=True)
class Present:
    """The problem is there."""

    args: Mapping[str, str] = field(default_factory=dict)
    """Fills the placeholders of title, text and steps."""
    evidence: tuple[str, ...] = ()
    """What was seen, one plain statement each, concrete: names, pids, ports, times. Nothing private."""
    case: str = ""
    """Which case of the problem it is, where that is known: its guide has steps for that one."""
    instance: str = ""
    """Tells several of the same code apart (one per farm kind, say)."""
    severity: Severity | None = None
    """Where it differs from the declared one."""
    programs: tuple[str, ...] = ()
    """The user's programs that it is about, which the user may want no longer watched."""
    since: float | None = None
    """Monotonic time at which it began, where the check knows; None: when it was first found."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The problem is not there."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """It could not be found out, and why, in words for people."""

    reason: str


Verdict: TypeAlias = Present | tuple[Present, ...] | Absent | Undecided


@dataclass(frozen=True, slots=True)
class GoodNews:
    """What may be said at the end of a problem: what is true then, instead of what was."""

    title: str
    """At most 63 characters when filled in, no full stop, like "{app} is connected to IB again"."""
    text: str
    """How long the problem was there, like "The link was gone for {lasted}."; with its full stop."""
    known: Callable[[Facts, str], Mapping[str, str] | None]
    """What fills the placeholders, if the title is true by these facts, for this instance of the problem; else None."""


def at_once(_: Facts) -> float:
    """No grace: the problem is shown as soon as it is there."""
    return 0.0


@dataclass(frozen=True, slots=True)
class Problem:
    """The declaration of one problem: what it is called, when it is there, what it hides behind."""

    code: str
    """Stable, lower-kebab, names the condition."""
    title: str
    """At most 63 characters when filled in, no full stop (Windows notices hold no more)."""
    text: str
    """At most 255 characters when filled in: what is the case, then what it means."""
    severity: Severity
    check: Callable[[Facts], Verdict]
    hidden_by: tuple["Problem", ...] = ()
    """While one of these is present, this one is not shown: root cause first."""
    visible_after: Callable[[Facts], float] = at_once
    """Seconds it must have lasted before anyone hears of it."""
    over: tuple[GoodNews, ...] = ()
    """What is said once it is over: the first one that is known to be true then."""
    fix: str | None = None
    """ID of the fix that can be offered for it."""
    doctor_only: bool = False
    """Only `doctor` and the set-up show it."""
    never_silenced: bool = False
    """Neither snooze, pause nor quiet hours keep it quiet."""
    needs_session: bool = False
    """Only an API session tells: without one that answers, the problem neither begins nor ends."""
    outlasts_answers: bool = False
    """True although the session it comes from is not answered any more: who is logged in, and the silence itself."""
    fades: bool = False
    """Known only from notices: it counts as over when none has come for a while, without proof."""
    by_history: bool = False
    """Judged from what happened over time, as one that fades is: an agent that has just begun cannot know it is over.
    """
    told_by_settings: bool = False
    """The API settings tell it: while a user follows its steps, the settings are asked for again soon."""
    of_program: bool = False
    """It is about Gatelight itself and no connection: judged once, told once, and no connection's headline."""
    ahead: bool = False
    """It tells of something that is still to come: never a headline."""
    until_seen: bool = False
    """It stands until the user says that it was seen."""
    expected: bool = False
    """It describes something planned: it shows as maintenance, not as a fault."""
