"""The end of IB Gateway's launcher.log → how far its log-in has come.

IB Gateway writes this plain text from its start until a log-in succeeds, then goes on in an encrypted log. The format
is IBKR's and not documented; the lines are those that public reports quote. What is not recognised tells nothing.
Nothing of a line is handed on but a stage and times: the file holds addresses, session IDs and parts of tokens.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum


class LoginStage(StrEnum):
    """How far a log-in has come, by the latest line that tells."""

    UNTRIED = "untried"
    """The process has begun, and no log-in has."""
    UNDER_WAY = "under-way"
    """A log-in has begun, and nothing came of it yet."""
    RESTORING = "restoring"
    """The saved session of an automatic restart is being restored."""
    AWAITED = "awaited"
    """IB has asked for the second factor, and waits."""
    UNANSWERED = "unanswered"
    """The second factor did not come in time: IB ended the log-in."""
    PASSWORD_REFUSED = "password-refused"
    """User name or password was refused."""
    EXPIRED = "expired"
    """The saved session is not accepted any more: a full log-in is due."""
    LOCKED = "locked"
    """Log-ins are locked for a while after too many failed ones."""
    NO_WAY = "no-way"
    """IB's servers are not reached; it tries again by itself."""
    NO_ANSWER = "no-answer"
    """IB does not answer in time; it tries again by itself."""
    REFUSED = "refused"
    """IB refused or ended the log-in, for a reason not known here."""
    ACCEPTED = "accepted"
    """IB accepted the log-in."""


AWAITS_USER = frozenset(
    {
        LoginStage.AWAITED,
        LoginStage.UNANSWERED,
        LoginStage.PASSWORD_REFUSED,
        LoginStage.EXPIRED,
        LoginStage.LOCKED,
        LoginStage.REFUSED,
    }
)
"""Stages that do not pass without the user."""
RETRIES = frozenset({LoginStage.NO_WAY, LoginStage.NO_ANSWER})
"""Stages in which IB Gateway tries again by itself."""

_SILENCE = 7 * 60.0
"""Seconds of silence before a log-in after which the last line says nothing about now: a line comes every three to five
minutes, whatever goes on."""
_SILENCE_AWAITED = 90.0
"""The same while the second factor is awaited: a line comes every 20 s."""


@dataclass(frozen=True, slots=True)
class LoginTold:
    """What launcher.log tells of the log-in of one process. Times are epoch seconds."""

    stage: LoginStage
    since: float
    """When the line came that says so; of several alike in a row, the first."""
    heard: float
    """When the latest line was written, whatever it says."""
    until: float | None = None
    """When a lock ends."""
    push: bool = True
    """The second factor is a confirmation on the phone (IB Key), not a code to enter."""
    asked: float | None = None
    """When the second factor was asked for that was not given."""

    def stands(self, now: float) -> bool:
        """Whether it still tells about now; after a log-in silence is normal, before it none lasts long."""
        if self.stage is LoginStage.ACCEPTED:
            return True
        return now - self.heard <= (_SILENCE_AWAITED if self.stage is LoginStage.AWAITED else _SILENCE)


BEFORE_START, AFTER_START = 5.0, 180.0
"""Seconds around the start of a process within which the line that a new process begins is its own."""

_LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) (?:\[?[A-Z]{2}\]? )?[A-Z]+\s+\[[^\]]*\] - (?P<message>.*)"
)
_LONGEST = 1_000
"""Characters of a line that are looked at; what is looked for stands at its beginning."""
_BEGINS = re.compile(r"-{5,} ?IB GATEWAY RESTART ?-{5,}|IB GATEWAY RESTART")

_UTC_TEXT = re.compile(r"(?:Started on |Sent NS_HEART_BEAT:.*;)(\d{4})(\d\d)(\d\d)-(\d\d):(\d\d):(\d\d);?")
_EPOCH = re.compile(r"\b(?:startTime|socketOpenStart|socketOpenEnd|loginMessageReq|lastReadTimestamp)=(\d{13})\b")
_QUARTER = 900.0
"""Seconds to which the offset of a time zone is rounded."""
_FARTHEST = 14 * 3600.0
"""The largest offset of a time zone, seconds."""
_ROUNDING = 120.0
"""Seconds by which the time of writing may differ from the latest line, and still tell the time zone."""

_ATTEMPT = re.compile(r"LauncherLoginThread\.runLoginWithUI\(\)\[.*\bloginAttempt=(?P<number>\d+)")
_ROUND = re.compile(r"NS_AUTH_START\b(?P<rest>.*)")
_SAVED_TOKEN = re.compile(r"\binitialTokenType=(?:SOFT|TST)\b")
_PASSWORD_TOKEN = re.compile(r"\binitialTokenType=PWD\b")
_LOCK = re.compile(
    r"Too many failed login attempts\. Please wait (?:(?P<hours>\d{1,4}) hours? & )?"
    r"(?:(?P<minutes>\d{1,4}) minutes? ?&? ?)?(?:(?P<seconds>\d{1,4}) seconds? )?before"
)
_COMPLETED = re.compile(r"### onAuthenticationCompleted\b.*\bauthenticated=(?P<yes>true|false)\b")
_EXPIRED = re.compile(r"soft token ?= ?0\b|security tokens?\b.*\bexpired", re.IGNORECASE)

_PLAIN: tuple[tuple[LoginStage, re.Pattern[str]], ...] = (
    (LoginStage.EXPIRED, re.compile(rf"(?:Login|Authorization) failed\b.*(?:{_EXPIRED.pattern})", re.IGNORECASE)),
    (
        LoginStage.PASSWORD_REFUSED,
        re.compile(
            r"AUTH_RESULT indicates wrong password"
            r"|Authorization failed: (?:Invalid|Unrecognized) user ?name or password",
            re.IGNORECASE,
        ),
    ),
    (LoginStage.NO_WAY, re.compile(r"SPLASH Attempt \d+: (?:network|server) error")),
    (LoginStage.NO_ANSWER, re.compile(r"Authentication time(?:out|d out)\b|AuthTimeoutMonitor-CCP: Timeout")),
    (LoginStage.ACCEPTED, re.compile(r"Switching to a new encrypted log")),
)
"""Messages that tell a stage by themselves."""
_SUPPRESSED = re.compile(r"Authorization failed: SUPPRESS_MESSAGE_BOX")
_OTHER_REFUSAL = re.compile(r"(?:Authorization|Login) failed\b")
_WARM = re.compile(r"Running in auto-restart mode\b")
_CHALLENGE = re.compile(r"Received CHALLENGE$")


@dataclass(frozen=True, slots=True)
class _Line:
    local: datetime
    message: str


@dataclass(frozen=True, slots=True)
class _Fold:
    """What the lines so far amount to. Times are epoch seconds."""

    stage: LoginStage | None = None
    since: float = 0.0
    until: float | None = None
    push: bool = True
    asked: float | None = None
    warm: bool = False
    """The process is an automatic restart that brought a saved session."""


def read_launcher_log(text: str, *, started: float, written: float) -> LoginTold | None:
    """What the end of a launcher.log tells of the process that started at `started`; None: nothing.

    `written` is the time of the file's latest change; both are epoch seconds. Lines of an earlier process do not count,
    nor any at all where a later process has begun in the same file.
    """
    lines = list(_lines(text))
    if not lines:
        return None
    begins = next((n for n in range(len(lines) - 1, -1, -1) if _BEGINS.fullmatch(lines[n].message)), None)
    own = lines if begins is None else lines[begins:]
    epochs = _epochs(own, written)
    if epochs is None:
        return None
    if begins is not None and not started - BEFORE_START <= epochs[0] <= started + AFTER_START:
        return None
    fold = _Fold()
    for line, at in zip(own, epochs, strict=True):
        if at >= started - BEFORE_START:
            fold = _after(fold, line.message, at)
    if fold.stage is None or epochs[-1] < started - BEFORE_START:
        return None
    return LoginTold(fold.stage, fold.since, epochs[-1], fold.until, fold.push, fold.asked)


def _lines(text: str) -> Iterator[_Line]:
    """The lines that begin with a time; one without continues the one before, and tells nothing."""
    for raw in text.splitlines():
        found = _LINE.fullmatch(raw[:_LONGEST])
        if found is None:
            continue
        try:
            local = datetime.fromisoformat(found["at"]).replace(tzinfo=UTC)
        except ValueError:
            continue
        yield _Line(local, found["message"].strip())


# ── whose time it is ────────────────────────────────────────────────────────────────────────────


def _epochs(lines: list[_Line], written: float) -> list[float] | None:
    """Each line's time as epoch seconds; None where nothing tells in which time zone they are written.

    Lines with a second time, in UTC, tell the zone for what follows them, and the first of them for what precedes.
    """
    offsets = [_offset_of(line) for line in lines]
    current = next((o for o in offsets if o is not None), None)
    if current is None:
        current = _rounded(lines[-1].local.timestamp() - written)
        if current is None or abs(lines[-1].local.timestamp() - current - written) > _ROUNDING:
            return None
    epochs = []
    for line, offset in zip(lines, offsets, strict=True):
        current = current if offset is None else offset
        epochs.append(line.local.timestamp() - current)
    return epochs


def _offset_of(line: _Line) -> float | None:
    """Local time minus UTC, in seconds, where a line has both."""
    if found := _UTC_TEXT.match(line.message):
        try:
            year, month, day, hour, minute, second = map(int, found.groups())
            there = datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
        except ValueError:
            return None
    elif found := _EPOCH.search(line.message):
        there = int(found[1]) / 1000.0
    else:
        return None
    return _rounded(line.local.timestamp() - there)


def _rounded(difference: float) -> float | None:
    offset = round(difference / _QUARTER) * _QUARTER
    return offset if abs(offset) <= _FARTHEST else None


# ── what a line changes ─────────────────────────────────────────────────────────────────────────


def _after(fold: _Fold, message: str, at: float) -> _Fold:
    """The log-in after one more line."""
    for pattern, then in _STEPS:
        if found := pattern.match(message):
            return then(fold, found, at)
    stage = next((stage for stage, pattern in _PLAIN if pattern.match(message)), None)
    if stage is not None:
        return _to(fold, stage, at)
    if _OTHER_REFUSAL.match(message) and fold.stage not in AWAITS_USER - {LoginStage.AWAITED}:
        # What was refused is known more exactly where a line before has said it.
        return _to(fold, LoginStage.REFUSED, at)
    return fold


def _to(fold: _Fold, stage: LoginStage, at: float) -> _Fold:
    """The log-in in a stage: since then, or since before, where it was in it already."""
    return fold if fold.stage is stage else replace(fold, stage=stage, since=at, until=None)


def _begun(fold: _Fold, _: re.Match[str], at: float) -> _Fold:
    return _Fold(LoginStage.UNTRIED, at)


def _warmed(fold: _Fold, _: re.Match[str], at: float) -> _Fold:
    return replace(_to(fold, LoginStage.RESTORING, at), warm=True)


def _attempted(fold: _Fold, found: re.Match[str], at: float) -> _Fold:
    if fold.stage in RETRIES and int(found["number"]) > 1:
        # The next try of the same log-in: until it gets farther, what kept the one before from it stands.
        return fold
    if fold.warm and fold.stage is LoginStage.RESTORING:
        return fold
    return replace(_to(fold, LoginStage.UNDER_WAY, at), asked=None)


def _round_begun(fold: _Fold, found: re.Match[str], at: float) -> _Fold:
    push = "[IB Key]" in found["rest"]
    fold = replace(fold, push=push)
    if _SAVED_TOKEN.search(found["rest"]):
        return _to(fold, LoginStage.RESTORING, at)
    if fold.warm and fold.stage is LoginStage.RESTORING and _PASSWORD_TOKEN.search(found["rest"]):
        # IB asks for the password although the restart brought its session.
        return _to(fold, LoginStage.EXPIRED, at)
    return fold if fold.stage is LoginStage.EXPIRED else _to(fold, LoginStage.UNDER_WAY, at)


def _asked(fold: _Fold, _: re.Match[str], at: float) -> _Fold:
    return replace(fold, stage=LoginStage.AWAITED, since=at, until=None, asked=at)


def _suppressed(fold: _Fold, _: re.Match[str], at: float) -> _Fold:
    if fold.stage is LoginStage.AWAITED:
        return _to(fold, LoginStage.UNANSWERED, at)
    return fold if fold.stage in AWAITS_USER else _to(fold, LoginStage.REFUSED, at)


def _locked(fold: _Fold, found: re.Match[str], at: float) -> _Fold:
    hours, minutes, seconds = (int(found[name] or 0) for name in ("hours", "minutes", "seconds"))
    ends = at + hours * 3600 + minutes * 60 + seconds
    return replace(_to(fold, LoginStage.LOCKED, at), until=ends)


def _completed(fold: _Fold, found: re.Match[str], at: float) -> _Fold:
    if found["yes"] == "true":
        return _to(fold, LoginStage.ACCEPTED, at)
    return fold if fold.stage in AWAITS_USER - {LoginStage.AWAITED} else _to(fold, LoginStage.REFUSED, at)


_STEPS: Iterable[tuple[re.Pattern[str], Callable[[_Fold, re.Match[str], float], _Fold]]] = (
    (_BEGINS, _begun),
    (_WARM, _warmed),
    (_ATTEMPT, _attempted),
    (_ROUND, _round_begun),
    (_CHALLENGE, _asked),
    (_SUPPRESSED, _suppressed),
    (_LOCK, _locked),
    (_COMPLETED, _completed),
)
"""Messages whose meaning hangs on those before them."""
